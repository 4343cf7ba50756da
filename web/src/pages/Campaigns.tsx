import { Badge, Box, Button, Card, Group, Loader, Select, Skeleton, Stack, Switch, Table, Tabs, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconHeadset, IconMessageChatbot, IconPlus, IconRobot, IconSearch, IconSearchOff, type TablerIcon } from '@tabler/icons-react'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import type { Campaign, Kind, Status } from '../api/client'
import { useCampaigns, useSwitch } from '../api/queries'
import { day, number, percent } from '../format'
import { useTitle, useWords } from '../i18n'
import { BucketBar } from '../parts/BucketBar'
import { FirstSteps } from '../parts/FirstSteps'
import { useTell } from '../parts/problem'
import { Empty, Failure } from '../parts/States'
import { StatusBadge } from '../parts/StatusBadge'

type Tab = 'operator' | 'autoinformer' | 'dialog'

const TABS: Record<Tab, { icon: TablerIcon; kinds: readonly Kind[] }> = {
  operator: { icon: IconHeadset, kinds: ['operator'] },
  autoinformer: { icon: IconRobot, kinds: ['notification', 'survey', 'offer'] },
  dialog: { icon: IconMessageChatbot, kinds: ['dialog'] },
}
const STEP = 50

export function Campaigns() {
  const { t } = useWords()
  const [address, setAddress] = useSearchParams()
  const tab = asTab(address.get('tab'))
  const status = (address.get('status') ?? undefined) as Status | undefined
  const [text, setText] = useState(address.get('text') ?? '')
  const [asked] = useDebouncedValue(text.trim(), 250)
  const campaigns = useCampaigns({ status, text: asked })
  useTitle(t.campaigns.title)

  function put(name: string, value: string | null) {
    setAddress((now) => {
      const next = new URLSearchParams(now)
      if (value) next.set(name, value)
      else next.delete(name)
      return next
    }, { replace: true })
  }

  const counts = (one: Tab) => campaigns.data?.filter((row) => TABS[one].kinds.includes(row.kind)).length
  const rows = campaigns.data?.filter((row) => TABS[tab].kinds.includes(row.kind))
  const filtered = Boolean(asked || status)
  const shown = (Object.keys(TABS) as Tab[]).filter((one) => one === 'autoinformer' || one === tab || counts(one))
  if (campaigns.data?.length === 0 && !filtered && !text) return <Start />
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1}>{t.campaigns.title}</Title>
        <Button component={Link} href="/campaigns/new" leftSection={<IconPlus size={18} />}>{t.campaigns.create}</Button>
      </Group>
      <Tabs value={tab} onChange={(value) => put('tab', value)}>
        <Tabs.List className="tabs">
          {shown.map((one) => {
            const Icon = TABS[one].icon
            return (
              <Tabs.Tab
                key={one} value={one} leftSection={<Icon size={18} stroke={1.6} />}
                rightSection={counts(one) ? <Badge size="sm" variant="light" color="gray" className="numbers">{counts(one)}</Badge> : null}
              >
                {t.tabs[one]}
              </Tabs.Tab>
            )
          })}
        </Tabs.List>
      </Tabs>
      <Group gap="sm">
        <TextInput
          flex={1} miw={180} maw={420} value={text} placeholder={t.campaigns.search} aria-label={t.campaigns.search}
          leftSection={<IconSearch size={16} />} rightSection={campaigns.isPlaceholderData ? <Loader size={14} /> : null}
          onChange={(event) => {
            setText(event.currentTarget.value)
            put('text', event.currentTarget.value)
          }}
        />
        <Select
          w={180} value={status ?? ''} aria-label={t.campaigns.status} allowDeselect={false}
          data={[{ value: '', label: t.campaigns.anyStatus }, ...Object.entries(t.statuses).map(([value, label]) => ({ value, label }))]}
          onChange={(value) => put('status', value)}
        />
      </Group>
      {campaigns.isError && !rows ? (
        <Failure error={campaigns.error} retry={() => void campaigns.refetch()} />
      ) : !rows ? (
        <Waiting />
      ) : rows.length > 0 ? (
        <List key={`${tab} ${asked} ${status}`} rows={rows} />
      ) : (
        <div className="panel">
          {filtered ? (
            <Empty icon={IconSearchOff} title={t.campaigns.nothingFound} note={t.campaigns.nothingFoundNote} />
          ) : (
            <Empty icon={TABS[tab].icon} title={t.campaigns.empty[tab]} note={t.campaigns.emptyNote[tab]} />
          )}
        </div>
      )}
    </Stack>
  )
}

/** The page while there is no campaign at all. */
function Start() {
  const { t } = useWords()
  return <Stack gap="md"><Title order={1}>{t.campaigns.title}</Title><FirstSteps /></Stack>
}

function asTab(value: string | null): Tab {
  return value === 'operator' || value === 'dialog' ? value : 'autoinformer'
}

function List({ rows }: { rows: Campaign[] }) {
  const { t } = useWords()
  const [shown, setShown] = useState(STEP)
  const visible = rows.slice(0, shown)
  return (
    <>
      <Box className="panel" visibleFrom="md">
        <div className="scroll-x">
          <Table verticalSpacing="sm" horizontalSpacing="md" miw={900} layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={72}>{t.campaigns.on}</Table.Th>
                <Table.Th>{t.campaigns.name}</Table.Th>
                <Table.Th w={172}>{t.campaigns.status}</Table.Th>
                <Table.Th w={170}>{t.campaigns.dates}</Table.Th>
                <Table.Th w={100} ta="right">{t.campaigns.contacts}</Table.Th>
                <Table.Th w={90} ta="right">{t.campaigns.reached}</Table.Th>
                <Table.Th w={210}>{t.campaigns.progress}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>{visible.map((row) => <Line key={row.id} row={row} />)}</Table.Tbody>
          </Table>
        </div>
      </Box>
      <Stack gap="sm" hiddenFrom="md">{visible.map((row) => <Tile key={row.id} row={row} />)}</Stack>
      {rows.length > shown && (
        <Button variant="default" mx="auto" onClick={() => setShown(shown + STEP)}>{t.common.more}</Button>
      )}
    </>
  )
}

function Line({ row }: { row: Campaign }) {
  const { t, language } = useWords()
  return (
    <Table.Tr>
      <Table.Td><OnOff row={row} /></Table.Td>
      <Table.Td>
        <Link href={`/campaigns/${row.id}`} className="row-link">{row.name}</Link>
        <Text size="xs" c="dimmed">{t.kinds[row.kind]}</Text>
      </Table.Td>
      <Table.Td><StatusBadge status={row.status} /></Table.Td>
      <Table.Td>
        <Text size="sm">{row.starts_on ? day(language, row.starts_on) : day(language, row.created_at)}</Text>
        <Text size="xs" c="dimmed">{row.ends_on ? day(language, row.ends_on) : t.campaigns.noEnd}</Text>
      </Table.Td>
      <Table.Td ta="right">{number(language, row.leads)}</Table.Td>
      <Table.Td ta="right" fw={600}>{row.leads ? percent(language, row.buckets.reached, row.leads) : ''}</Table.Td>
      <Table.Td>
        <BucketBar buckets={row.buckets} leads={row.leads} />
        {row.live_calls > 0 && <Text size="xs" c="dimmed" mt={4}>{t.campaigns.live(row.live_calls)}</Text>}
      </Table.Td>
    </Table.Tr>
  )
}

function Tile({ row }: { row: Campaign }) {
  const { t, language } = useWords()
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Box miw={0}>
          <Link href={`/campaigns/${row.id}`} className="row-link">{row.name}</Link>
          <Text size="xs" c="dimmed">{t.kinds[row.kind]}</Text>
        </Box>
        <OnOff row={row} />
      </Group>
      <Group justify="space-between" mt="sm" mb={6}>
        <StatusBadge status={row.status} />
        <Text size="sm" className="numbers">
          {number(language, row.leads)} {t.common.contacts(row.leads)}{row.leads > 0 && <>, <b>{percent(language, row.buckets.reached, row.leads)}</b></>}
        </Text>
      </Group>
      <BucketBar buckets={row.buckets} leads={row.leads} />
      <Group justify="space-between" mt={6}>
        <Text size="xs" c="dimmed">
          {day(language, row.starts_on ?? row.created_at)}{row.ends_on && ` – ${day(language, row.ends_on)}`}
        </Text>
        <Text size="xs" c="dimmed">{row.live_calls > 0 && t.campaigns.live(row.live_calls)}</Text>
      </Group>
    </Card>
  )
}

function OnOff({ row }: { row: Campaign }) {
  const { t } = useWords()
  const change = useSwitch()
  const tell = useTell()
  const on = change.isPending ? change.variables.on : row.switched_on
  return (
    <Switch
      checked={on && row.status !== 'finished'} disabled={row.status === 'finished'}
      aria-label={on ? t.campaigns.switchOff(row.name) : t.campaigns.switchOn(row.name)}
      onChange={(event) => change.mutate({ id: row.id, on: event.currentTarget.checked }, { onError: tell })}
    />
  )
}

function Waiting() {
  return (
    <Stack className="panel" gap="lg" p="md" aria-busy>
      {[1, 2, 3, 4].map((one) => <Skeleton key={one} height={36} />)}
    </Stack>
  )
}
