import { Button, Group, Input, Menu, SegmentedControl, Stack, Text, Textarea, UnstyledButton } from '@mantine/core'
import { IconBraces } from '@tabler/icons-react'
import { useId, useRef } from 'react'
import { useWords } from '../i18n'
import type { Language } from '../i18n/plural'
import { MOST_TEXT, type Prompt, spokenLength, type Voice } from './draft'
import { useProblem } from './problems'

interface Given {
  field: string
  label: string
  placeholder: string
  value: Prompt
  language: Language
  change: (value: Prompt) => void
  required?: boolean
  compact?: boolean
}

/** A text that the robot says: its voice, its length, and the contact's data to insert where the cursor stands. */
export function PromptField({ field, label, placeholder, value, language, change, required = false, compact = false }: Given) {
  const { t } = useWords()
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const problem = useProblem(`${field}.text`, field)
  const length = spokenLength(value.text)

  function insert(name: string) {
    const from = area.current?.selectionStart ?? value.text.length
    const to = area.current?.selectionEnd ?? from
    const variable = name === 'first_name' ? `{first_name|${t.create.defaults[language]}}` : `{${name}}`
    change({ ...value, text: value.text.slice(0, from) + variable + value.text.slice(to) })
    requestAnimationFrame(() => {
      area.current?.focus()
      area.current?.setSelectionRange(from + variable.length, from + variable.length)
    })
  }

  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs" align="flex-end">
        <Input.Label htmlFor={id} required={required}>{label} {!required && <Text span size="xs" c="dimmed">{t.create.optional}</Text>}</Input.Label>
        <SegmentedControl
          size="xs" value={value.voice} aria-label={`${label}: ${t.create.voice}`}
          data={[{ value: 'female', label: t.create.voices.female }, { value: 'male', label: t.create.voices.male }]}
          onChange={(voice) => change({ ...value, voice: voice as Voice })}
        />
      </Group>
      <Textarea
        ref={area} id={id} required={required} autosize minRows={compact ? 1 : 2} maxRows={10} data-field={`${field}.text`}
        placeholder={placeholder} value={value.text} error={problem}
        onChange={(event) => change({ ...value, text: event.currentTarget.value })}
      />
      <Group gap="xs" justify="space-between" align="flex-start" wrap="nowrap">
        {compact ? <VariableMenu insert={insert} /> : <VariableChips insert={insert} />}
        <Text size="xs" className="numbers nowrap" pt={3} c={length > MOST_TEXT ? 'var(--mantine-color-error)' : 'dimmed'}>{t.create.count(length, MOST_TEXT)}</Text>
      </Group>
    </Stack>
  )
}

function VariableChips({ insert }: { insert: (name: string) => void }) {
  const { t } = useWords()
  return (
    <Group gap={4} role="group" aria-label={t.create.insert}>
      {Object.entries(t.create.variables).map(([name, label]) => (
        <UnstyledButton key={name} type="button" className="variable" onClick={() => insert(name)}>+ {label}</UnstyledButton>
      ))}
    </Group>
  )
}

function VariableMenu({ insert }: { insert: (name: string) => void }) {
  const { t } = useWords()
  return (
    <Menu position="bottom-start" returnFocus={false}>
      <Menu.Target>
        <Button size="compact-xs" variant="subtle" leftSection={<IconBraces size={14} />}>{t.create.insert}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(t.create.variables).map(([name, label]) => <Menu.Item key={name} onClick={() => insert(name)}>{label}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}
