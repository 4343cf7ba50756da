// What a page shows when there is nothing to show: an error, or emptiness.
import { Alert, Button, Group, Stack, Text, ThemeIcon } from '@mantine/core'
import { IconAlertTriangle, type TablerIcon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useWords } from '../i18n'
import { sentence } from './problem'

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useWords()
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle />} title={t.error.title} role="alert">
      <Group justify="space-between" gap="sm">
        <Text size="sm">{sentence(t, error)}</Text>
        {retry && <Button size="xs" variant="light" color="red" onClick={retry}>{t.common.retry}</Button>}
      </Group>
    </Alert>
  )
}

export function Empty({ icon: Icon, title, note, children }: { icon: TablerIcon; title: string; note?: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py={48} px="md">
      <ThemeIcon size={56} radius="xl" variant="light" color="gray"><Icon size={28} stroke={1.5} /></ThemeIcon>
      <Text fw={600} mt="xs" ta="center">{title}</Text>
      {note && <Text size="sm" c="dimmed" ta="center" maw={460}>{note}</Text>}
      {children}
    </Stack>
  )
}
