import { Badge, Box, Chip, Group, Skeleton, Stack, Table, Text } from '@mantine/core'
import { IconUsers } from '@tabler/icons-react'
import type { Bucket, Schemas } from '../api/client'
import { useLeads } from '../api/queries'
import { instant, phone } from '../format'
import { useWords } from '../i18n'
import { BUCKET_COLORS, BUCKETS } from './buckets'
import { Pager, usePages } from './Pager'
import { Empty, Failure } from './States'

/** The contacts of a campaign, all or those of one bucket, page by page. */
export function Leads({ campaign, bucket, choose }: { campaign: number; bucket: Bucket | undefined; choose: (one?: Bucket) => void }) {
  const { t } = useWords()
  const pages = usePages(bucket)
  const leads = useLeads(campaign, bucket, { after: pages.after, limit: 50 })
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Chip size="xs" checked={!bucket} onChange={() => choose()}>{t.campaign.allBuckets}</Chip>
        {BUCKETS.map((one) => <Chip key={one} size="xs" checked={bucket === one} onChange={() => choose(one)}>{t.buckets[one]}</Chip>)}
      </Group>
      {leads.isError && !leads.data ? (
        <Failure error={leads.error} retry={() => void leads.refetch()} />
      ) : !leads.data ? (
        <Skeleton height={260} />
      ) : leads.data.items.length === 0 ? (
        <div className="panel">
          <Empty icon={IconUsers} title={t.campaign.noLeads} note={bucket ? undefined : t.campaign.noLeadsNote} />
        </div>
      ) : (
        <div className="panel">
          <Box visibleFrom="sm"><Lines rows={leads.data.items} /></Box>
          <Stack gap={0} hiddenFrom="sm">{leads.data.items.map((row) => <Tile key={row.lead} row={row} />)}</Stack>
          <Pager pages={pages} next={leads.data.next} />
        </div>
      )}
    </Stack>
  )
}

function Lines({ rows }: { rows: Schemas['LeadView'][] }) {
  const { t } = useWords()
  return (
    <Table verticalSpacing={8} horizontalSpacing="md" layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.campaign.contact}</Table.Th>
          <Table.Th w={180}>{t.campaign.phone}</Table.Th>
          <Table.Th w={170}>{t.campaign.bucket}</Table.Th>
          <Table.Th w={90} ta="right">{t.campaign.tries}</Table.Th>
          <Table.Th w={200}>{t.campaign.lastResult}</Table.Th>
          <Table.Th w={160}>{t.campaign.nextCall}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.lead}>
            <Table.Td fw={550}>{row.name || <Text span size="sm" c="dimmed">{t.campaign.nameless}</Text>}</Table.Td>
            <Table.Td><Phones row={row} /></Table.Td>
            <Table.Td><BucketBadge bucket={row.bucket} /></Table.Td>
            <Table.Td ta="right">{row.attempts}</Table.Td>
            <Table.Td>{row.last_result && t.results[row.last_result]}</Table.Td>
            <Table.Td><Next row={row} /></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Tile({ row }: { row: Schemas['LeadView'] }) {
  const { t } = useWords()
  return (
    <Box className="tile">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600} truncate>{row.name || t.campaign.nameless}</Text>
        <BucketBadge bucket={row.bucket} />
      </Group>
      <Group justify="space-between" mt={2}>
        <Text size="xs" c="dimmed" className="numbers"><Phones row={row} /></Text>
        <Text size="xs" c="dimmed">{row.last_result && t.results[row.last_result]}</Text>
      </Group>
    </Box>
  )
}

function Phones({ row }: { row: Schemas['LeadView'] }) {
  const [first, ...more] = row.phones
  return (
    <span title={row.phones.map(phone).join('\n')}>
      {first && phone(first)}
      {more.length > 0 && <Text span size="xs" c="dimmed"> +{more.length}</Text>}
    </span>
  )
}

function Next({ row }: { row: Schemas['LeadView'] }) {
  const { t, language } = useWords()
  if (!row.next_call_at) return null
  return Date.parse(row.next_call_at) <= Date.now() ? t.campaign.asap : instant(language, row.next_call_at)
}

function BucketBadge({ bucket }: { bucket: Bucket }) {
  const { t } = useWords()
  return <Badge className="status" variant="dot" color={BUCKET_COLORS[bucket]}>{t.buckets[bucket]}</Badge>
}
