import { ActionIcon, Box, Button, Group, Input, Pill, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { day as dayText } from '../format'
import { useWords } from '../i18n'
import { weekdayName } from '../parts/CampaignSettings'
import type { Draft } from './draft'
import { HourGrid } from './HourGrid'
import { ProblemText, useProblem } from './problems'
import type { Edit } from './store'
import { spansOf } from './week'

const ZONES = [...new Set(['Europe/Moscow', 'UTC', ...Intl.supportedValuesOf('timeZone')])]
const PRESETS = {
  work: [...Array<string>(5).fill('09:00-18:00'), '', ''],
  daily: Array<string>(7).fill('10:00-20:00'),
  always: Array<string>(7).fill('00:00-24:00'),
  never: Array<string>(7).fill(''),
}

/** When calls may be placed: the week, its zone, the first and the last day, days off. */
export function When({ when, edit }: { when: Draft['when']; edit: Edit }) {
  const { t, language } = useWords()
  const change = (part: Partial<Draft['when']>) => edit((now) => ({ ...now, when: { ...now.when, ...part } }))
  const week = (recipe: (week: string[]) => string[]) => edit((now) => ({ ...now, when: { ...now.when, week: recipe(now.when.week) } }))
  const hours = when.week.reduce((sum, text) => sum + (spansOf(text) ?? []).reduce((all, span) => all + span.to - span.from, 0), 0) / 60
  const zoneProblem = useProblem('schedule.zone')
  const startsProblem = useProblem('starts_on')
  const endsProblem = useProblem('ends_on')
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <Group justify="space-between">
          <Input.Label labelElement="div">
            {t.create.hours} <Text span size="xs" c="dimmed" className="numbers">{t.create.total(new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(hours))}</Text>
          </Input.Label>
          <SegmentedControl
            size="xs" value={when.asText ? 'text' : 'grid'} aria-label={t.create.hours} onChange={(value) => change({ asText: value === 'text' })}
            data={[{ value: 'grid', label: t.create.asGrid }, { value: 'text', label: t.create.asText }]}
          />
        </Group>
        <Group gap={6}>
          {(Object.keys(PRESETS) as (keyof typeof PRESETS)[]).map((one) => (
            <Button key={one} size="compact-xs" variant="default" onClick={() => change({ week: [...PRESETS[one]] })}>{t.create.presets[one]}</Button>
          ))}
        </Group>
        {when.asText ? <WeekText week={when.week} change={week} /> : <HourGrid week={when.week} change={week} />}
        <Text size="xs" c="dimmed">{when.asText ? t.create.textNote : t.create.gridNote}</Text>
        <ProblemText field="schedule.week" />
        {!when.asText && when.week.map((_, day) => <ProblemText key={day} field={`schedule.week.${day}`} />)}
      </Stack>
      <Group align="flex-start" gap="md">
        <Select
          w={260} label={t.create.zone} data={ZONES} searchable allowDeselect={false} nothingFoundMessage={t.create.zoneNone} limit={100}
          value={when.zone} error={zoneProblem} data-field="schedule.zone" onChange={(zone) => zone && change({ zone })}
        />
        <TextInput
          type="date" w={190} label={t.create.starts} description={t.create.startsNote} inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={when.starts} error={startsProblem} data-field="starts_on" onChange={(event) => change({ starts: event.currentTarget.value })}
        />
        <TextInput
          type="date" w={190} label={t.create.ends} description={t.create.endsNote} inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={when.ends} error={endsProblem} data-field="ends_on" onChange={(event) => change({ ends: event.currentTarget.value })}
        />
      </Group>
      <Holidays days={when.holidays} change={(holidays) => change({ holidays })} text={(one) => dayText(language, one)} />
    </Stack>
  )
}

function WeekText({ week, change }: { week: string[]; change: (recipe: (week: string[]) => string[]) => void }) {
  return <Stack gap={6}>{week.map((text, day) => <DayText key={day} text={text} day={day} change={change} />)}</Stack>
}

function DayText({ text, day, change }: { text: string; day: number; change: (recipe: (week: string[]) => string[]) => void }) {
  const { t, language } = useWords()
  const problem = useProblem(`schedule.week.${day}`) ?? (spansOf(text) === null ? t.create.wrong.period : undefined)
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <Text size="sm" w={32} pt={7}>{weekdayName(language, day)}</Text>
      <TextInput
        flex={1} maw={420} aria-label={weekdayName(language, day, 'long')} placeholder={t.create.textPlaceholder} value={text} error={problem}
        onChange={(event) => {
          const value = event.currentTarget.value
          change((now) => now.map((one, place) => (place === day ? value : one)))
        }}
      />
    </Group>
  )
}

function Holidays({ days, change, text }: { days: string[]; change: (days: string[]) => void; text: (day: string) => string }) {
  const { t } = useWords()
  const [next, setNext] = useState('')
  function add() {
    if (next) change([...new Set([...days, next])].sort())
    setNext('')
  }
  return (
    <Box>
      <Group align="flex-end" gap="xs">
        <TextInput
          type="date" w={190} label={t.create.holidays} description={t.create.holidaysNote} value={next} onChange={(event) => setNext(event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); add() } }}
        />
        <ActionIcon variant="default" size={36} aria-label={t.create.addHoliday} disabled={!next} onClick={add}><IconPlus size={16} /></ActionIcon>
      </Group>
      <ProblemText field="schedule.holidays" />
      <Group gap={6} mt="xs">
        {days.map((one) => (
          <Pill key={one} withRemoveButton removeButtonProps={{ 'aria-label': t.create.removeHoliday(text(one)), 'aria-hidden': false, tabIndex: 0 }} onRemove={() => change(days.filter((other) => other !== one))}>
            {text(one)}
          </Pill>
        ))}
      </Group>
    </Box>
  )
}
