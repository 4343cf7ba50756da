import { Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useWords } from '../i18n'
import { type Draft, KEYS } from './draft'
import { useProblem } from './problems'
import { PromptField } from './PromptField'
import type { Edit } from './store'

/** A notification: one message, a key to hear it again, a key to confirm it. */
export function Notification({ draft, edit }: { draft: Draft; edit: Edit }) {
  const { t } = useWords()
  const given = draft.notification
  const change = (part: Partial<Draft['notification']>) => edit((now) => ({ ...now, notification: { ...now.notification, ...part } }))
  const repeatProblem = useProblem('script.repeat_key')
  const keyProblem = useProblem('script.confirm.key', 'script.confirm')
  const labelProblem = useProblem('script.confirm.label')
  return (
    <Stack>
      <PromptField
        required field="script.message" label={t.create.message} placeholder={t.create.messagePlaceholder} language={draft.language}
        value={given.message} change={(message) => change({ message })}
      />
      <Group align="flex-start">
        <Checkbox mt={8} label={t.create.repeats} checked={given.repeats} onChange={(event) => change({ repeats: event.currentTarget.checked })} />
        {given.repeats && (
          <NativeSelect
            w={90} aria-label={`${t.create.repeats}: ${t.create.key}`} value={given.repeatKey} data={[...KEYS]} error={repeatProblem}
            onChange={(event) => change({ repeatKey: event.currentTarget.value })}
          />
        )}
      </Group>
      <Group align="flex-start">
        <Checkbox mt={8} label={t.create.confirms} checked={given.confirms} onChange={(event) => change({ confirms: event.currentTarget.checked })} />
        {given.confirms && (
          <>
            <NativeSelect
              w={90} aria-label={`${t.create.confirms}: ${t.create.key}`} value={given.confirmKey} data={[...KEYS]} error={keyProblem}
              onChange={(event) => change({ confirmKey: event.currentTarget.value })}
            />
            <TextInput
              flex={1} miw={180} maw={320} aria-label={t.create.confirmLabel} placeholder={`${t.create.confirmLabel}: ${t.create.confirmPlaceholder}`}
              value={given.confirmLabel} maxLength={200} error={labelProblem} data-field="script.confirm.label"
              onChange={(event) => change({ confirmLabel: event.currentTarget.value })}
            />
          </>
        )}
      </Group>
    </Stack>
  )
}
