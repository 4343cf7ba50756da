import { Group, NumberInput, Stack, Table, Text } from '@mantine/core'
import { use, useEffect, useRef } from 'react'
import type { CallResult } from '../api/client'
import { useWords } from '../i18n'
import { type How, RETRIED, type RobotKind } from './draft'
import { FoundProblems, useProblem } from './problems'

const NEVER_BY_ROBOTS: readonly CallResult[] = ['lost', 'rejected_by_operator']
const BY_OFFERS: readonly CallResult[] = ['transfer_failed', 'callback_requested']

/** By result: how often in a row and after what wait a number is called again; and how often in all. */
export function RetryTable({ how, kind, change }: { how: How; kind: RobotKind; change: (part: Partial<How>) => void }) {
  const { t } = useWords()
  const shown = RETRIED.filter((result) => !NEVER_BY_ROBOTS.includes(result) && (kind === 'offer' || !BY_OFFERS.includes(result)))
  const wrong = Object.keys(use(FoundProblems)).some((field) => field.startsWith('retry.'))
  const fold = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    if (wrong && fold.current) fold.current.open = true
  }, [wrong])
  const maxProblem = useProblem('retry.max_calls')
  const gapProblem = useProblem('retry.phone_gap_s')
  return (
    <details ref={fold} className="fold">
      <summary><Text span fw={600}>{t.create.retry}</Text> <Text span size="xs" c="dimmed">{t.create.retrySum(how.maxCalls || 0)}</Text></summary>
      <Stack gap="xs" mt="xs">
        <Text size="xs" c="dimmed" maw={680}>{t.create.retryNote}</Text>
        <Table verticalSpacing={4} horizontalSpacing={6} maw={560} withRowBorders={false} className="retry">
          <Table.Thead>
            <Table.Tr><Table.Th>{t.campaign.result}</Table.Th><Table.Th w={112}>{t.create.limit}</Table.Th><Table.Th w={112}>{t.create.wait}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((result) => (
              <Table.Tr key={result}>
                <Table.Td>{t.results[result]}</Table.Td>
                <Table.Td>
                  <Cell
                    field={`retry.limits.${result}`} label={t.create.limitFor(t.results[result])} most={10} value={how.limits[result] ?? ''}
                    change={(limit) => change({ limits: { ...how.limits, [result]: limit } })}
                  />
                </Table.Td>
                <Table.Td>
                  <Cell
                    field={`retry.waits_s.${result}`} label={t.create.waitFor(t.results[result])} most={43_200} value={how.waits[result] ?? ''}
                    change={(wait) => change({ waits: { ...how.waits, [result]: wait } })} step={5}
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group align="flex-start" gap="md">
          <NumberInput
            w={260} label={t.create.maxCalls} min={1} max={100} value={how.maxCalls} error={maxProblem} allowDecimal={false}
            onChange={(value) => change({ maxCalls: value === '' ? '' : Number(value) })}
          />
          <NumberInput
            w={310} label={t.create.gap} min={0} max={86_400} value={how.gap} error={gapProblem} allowDecimal={false}
            onChange={(value) => change({ gap: value === '' ? '' : Number(value) })}
          />
        </Group>
      </Stack>
    </details>
  )
}

interface CellGiven {
  field: string
  label: string
  most: number
  step?: number
  value: number | ''
  change: (value: number | '') => void
}

function Cell({ field, label, most, step = 1, value, change }: CellGiven) {
  const problem = useProblem(field)
  return (
    <NumberInput
      size="xs" aria-label={label} min={0} max={most} step={step} value={value} error={problem} allowDecimal={most > 10}
      onChange={(next) => change(next === '' ? '' : Number(next))}
    />
  )
}
