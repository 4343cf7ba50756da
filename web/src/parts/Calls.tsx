import { Box, Group, Skeleton, Stack, Table, Text, UnstyledButton } from '@mantine/core'
import { IconPhoneOff } from '@tabler/icons-react'
import type { Schemas } from '../api/client'
import { useCalls } from '../api/queries'
import { between, duration, instant, phone } from '../format'
import { useWords } from '../i18n'
import { Pager, usePages } from './Pager'
import { Empty, Failure } from './States'
import { ResultBadge } from './StatusBadge'

/** The calls of a campaign, the latest first; a click opens the card of one. */
export function Calls({ campaign, open, limit }: { campaign: number; open: (attempt: number) => void; limit: number }) {
  const { t } = useWords()
  const pages = usePages(campaign)
  const calls = useCalls(campaign, { after: pages.after, limit })
  if (calls.isError && !calls.data) return <Failure error={calls.error} retry={() => void calls.refetch()} />
  if (!calls.data) return <Skeleton height={200} />
  if (calls.data.items.length === 0) return <div className="panel"><Empty icon={IconPhoneOff} title={t.campaign.noResults} /></div>
  return (
    <div className="panel">
      <Box visibleFrom="sm"><Lines rows={calls.data.items} open={open} /></Box>
      <Stack gap={0} hiddenFrom="sm">{calls.data.items.map((row) => <Tile key={row.attempt} row={row} open={open} />)}</Stack>
      {limit > 10 && <Pager pages={pages} next={calls.data.next} />}
    </div>
  )
}

interface Rows {
  rows: Schemas['CallView'][]
  open: (attempt: number) => void
}

function Lines({ rows, open }: Rows) {
  const { t, language } = useWords()
  return (
    <Table highlightOnHover verticalSpacing={8} horizontalSpacing="md" layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={150}>{t.campaign.when}</Table.Th>
          <Table.Th>{t.campaign.contact}</Table.Th>
          <Table.Th w={170}>{t.campaign.phone}</Table.Th>
          <Table.Th w={220}>{t.campaign.result}</Table.Th>
          <Table.Th w={90} ta="right">{t.campaign.duration}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.attempt} data-clickable onClick={() => open(row.attempt)}>
            <Table.Td>{instant(language, row.started_at, true)}</Table.Td>
            <Table.Td>
              <UnstyledButton className="row-link" fz="sm">{row.name || t.campaign.nameless}</UnstyledButton>
            </Table.Td>
            <Table.Td>{phone(row.phone)}</Table.Td>
            <Table.Td><ResultBadge result={row.result} /></Table.Td>
            <Table.Td ta="right">{talk(row)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Tile({ row, open }: { row: Schemas['CallView']; open: (attempt: number) => void }) {
  const { t, language } = useWords()
  return (
    <UnstyledButton className="tile" onClick={() => open(row.attempt)}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600} truncate>{row.name || t.campaign.nameless}</Text>
        <ResultBadge result={row.result} />
      </Group>
      <Group justify="space-between" mt={2}>
        <Text size="xs" c="dimmed" className="numbers">{instant(language, row.started_at, true)}, {phone(row.phone)}</Text>
        <Text size="xs" className="numbers">{talk(row)}</Text>
      </Group>
    </UnstyledButton>
  )
}

function talk(row: Schemas['CallView']): string {
  const seconds = between(row.answered_at, row.ended_at)
  return seconds === null ? '' : duration(seconds)
}
