import { Checkbox, Group, Input, NativeSelect, NumberInput, SegmentedControl, Stack, TextInput } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import type { Schemas } from '../api/client'
import { useTrunks } from '../api/queries'
import { useWords } from '../i18n'
import { type How as Settings, RINGS, type RobotKind } from './draft'
import { useProblem } from './problems'
import { RetryTable } from './RetryTable'
import type { Edit } from './store'

/** How calls are placed: the trunk, how many at once, how long they ring, when a number is called again. */
export function How({ how, kind, edit }: { how: Settings; kind: RobotKind; edit: Edit }) {
  const { t } = useWords()
  const change = (part: Partial<Settings>) => edit((now) => ({ ...now, how: { ...now.how, ...part } }))
  const trunks = useTrunks()
  const names = useMemo(() => trunks.data?.map((trunk) => trunk.name) ?? [], [trunks.data])
  const [first] = names

  // A trunk that the server does not have (any more) cannot be chosen.
  useEffect(() => {
    if (first !== undefined && !names.includes(how.trunk)) edit((now) => ({ ...now, how: { ...now.how, trunk: first } }))
  }, [first, names, how.trunk, edit])

  const trunkProblem = useProblem('trunk')
  const callerProblem = useProblem('caller_number')
  const linesProblem = useProblem('lines')
  return (
    <Stack gap="lg">
      <Group align="flex-start" gap="md">
        <NativeSelect
          w={260} label={t.create.trunk} value={how.trunk} data={names} data-field="trunk" error={names.length === 0 && trunks.data ? t.create.noTrunks : trunkProblem}
          description={t.create.trunkNote} inputWrapperOrder={['label', 'input', 'description', 'error']}
          onChange={(event) => change({ trunk: event.currentTarget.value })}
        />
        <TextInput
          w={260} type="tel" label={t.create.caller} placeholder={t.create.callerPlaceholder} value={how.caller} error={callerProblem} maxLength={40} data-field="caller_number"
          onChange={(event) => change({ caller: event.currentTarget.value })}
        />
        <NumberInput
          w={260} label={t.create.lines} min={1} value={how.lines} error={linesProblem} allowDecimal={false} data-field="lines"
          onChange={(lines) => change({ lines: lines === '' ? '' : Number(lines) })}
        />
      </Group>
      <Group align="flex-start" gap="md">
        <Ring value={how.ring} change={(ring) => change({ ring })} />
        <NativeSelect
          w={260} label={t.campaign.order} value={how.order} onChange={(event) => change({ order: event.currentTarget.value as Schemas['Order'] })}
          data={(Object.keys(t.orders) as Schemas['Order'][]).map((value) => ({ value, label: t.orders[value] }))}
        />
      </Group>
      <Checkbox label={t.create.machines} checked={how.machines} onChange={(event) => change({ machines: event.currentTarget.checked })} />
      <RetryTable how={how} kind={kind} change={change} />
    </Stack>
  )
}

function Ring({ value, change }: { value: number | ''; change: (value: number | '') => void }) {
  const { t } = useWords()
  const problem = useProblem('ring_timeout_s')
  const [other, setOther] = useState(!RINGS.some((one) => one === value))
  return (
    <Stack gap={4} role="group" aria-label={t.create.ring}>
      <Input.Label labelElement="div">{t.create.ring}</Input.Label>
      <Group gap="xs" align="flex-start">
        <SegmentedControl
          value={other ? 'other' : String(value)} data={[...RINGS.map(String), { value: 'other', label: t.create.ringOther }]} aria-label={t.create.ring}
          onChange={(chosen) => {
            setOther(chosen === 'other')
            if (chosen !== 'other') change(Number(chosen))
          }}
        />
        {other && (
          <NumberInput
            w={100} min={5} max={600} aria-label={t.create.ring} value={value} error={problem} allowDecimal={false} data-field="ring_timeout_s"
            onChange={(seconds) => change(seconds === '' ? '' : Number(seconds))}
          />
        )}
      </Group>
    </Stack>
  )
}
