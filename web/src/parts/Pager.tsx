import { Button, Group } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { useWords } from '../i18n'

/** The place in a list that is paged by the key of its last item; `trail` leads back. */
export function usePages(key: unknown) {
  const [state, set] = useState<{ key: unknown; trail: (number | undefined)[] }>({ key, trail: [undefined] })
  const trail = state.key === key ? state.trail : [undefined]
  return {
    after: trail.at(-1),
    first: trail.length === 1,
    forward: (next: number) => set({ key, trail: [...trail, next] }),
    back: () => set({ key, trail: trail.slice(0, -1) }),
  }
}

export function Pager({ pages, next }: { pages: ReturnType<typeof usePages>; next: number | null | undefined }) {
  const { t } = useWords()
  if (pages.first && next == null) return null
  return (
    <Group justify="flex-end" gap="xs" p="sm">
      <Button size="xs" variant="default" leftSection={<IconChevronLeft size={16} />} disabled={pages.first} onClick={pages.back}>
        {t.common.previous}
      </Button>
      <Button
        size="xs" variant="default" rightSection={<IconChevronRight size={16} />}
        disabled={next == null} onClick={() => next != null && pages.forward(next)}
      >
        {t.common.following}
      </Button>
    </Group>
  )
}
