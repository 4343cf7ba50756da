import { Anchor, Box, Grid, Group, SimpleGrid, Skeleton, Stack, Tabs, Text, Title, UnstyledButton } from '@mantine/core'
import { IconAddressBook, IconArrowLeft } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import type { Bucket, CampaignDetails } from '../api/client'
import { useCampaign, useReport } from '../api/queries'
import { duration, number, percent } from '../format'
import { useTitle, useWords } from '../i18n'
import { CampaignActions } from '../parts/CampaignActions'
import { BucketBar } from '../parts/BucketBar'
import { BUCKET_COLORS, BUCKETS } from '../parts/buckets'
import { Calls } from '../parts/Calls'
import { CampaignSettings } from '../parts/CampaignSettings'
import { Leads } from '../parts/Leads'
import { LoadButton } from '../parts/LoadButton'
import { Answers, Results } from '../parts/Results'
import { Empty, Failure } from '../parts/States'
import { StatusBadge } from '../parts/StatusBadge'

const CallDrawer = lazy(() => import('../parts/CallDrawer'))
const LoadContacts = lazy(() => import('../parts/LoadContacts'))

const VIEWS = ['overview', 'leads', 'calls', 'settings'] as const
type View = (typeof VIEWS)[number]

export default function CampaignPage({ id }: { id: number }) {
  const { t } = useWords()
  const campaign = useCampaign(id)
  useTitle(campaign.data?.name)
  const [address, setAddress] = useSearchParams()
  const [call, setCall] = useState<number | null>(null)
  const [loading, setLoading] = useState(false)
  const load = () => setLoading(true)
  const view = VIEWS.find((one) => one === address.get('view')) ?? 'overview'
  const bucket = BUCKETS.find((one) => one === address.get('bucket'))

  function go(to: View, chosen?: Bucket) {
    const next = new URLSearchParams()
    if (to !== 'overview') next.set('view', to)
    if (chosen) next.set('bucket', chosen)
    setAddress(next)
  }

  return (
    <Stack gap="md">
      <Anchor component={Link} href="/campaigns" size="sm" c="dimmed" w="fit-content">
        <Group gap={6}><IconArrowLeft size={16} />{t.campaigns.title}</Group>
      </Anchor>
      {campaign.isError ? (
        <Failure error={campaign.error} retry={() => void campaign.refetch()} />
      ) : !campaign.data ? (
        <Waiting />
      ) : (
        <>
          <Heading campaign={campaign.data} load={load} />
          <Buckets campaign={campaign.data} chosen={view === 'leads' ? bucket : undefined} choose={(one) => go('leads', one)} />
          <Tabs value={view} onChange={(to) => go(VIEWS.find((one) => one === to) ?? 'overview')} keepMounted={false}>
            <Tabs.List className="tabs">
              <Tabs.Tab value="overview">{t.campaign.overview}</Tabs.Tab>
              <Tabs.Tab value="leads">{t.campaign.leads}</Tabs.Tab>
              <Tabs.Tab value="calls">{t.campaign.calls}</Tabs.Tab>
              <Tabs.Tab value="settings">{t.campaign.settings}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="overview" pt="md"><Overview campaign={campaign.data} open={setCall} load={load} /></Tabs.Panel>
            <Tabs.Panel value="leads" pt="md"><Leads campaign={id} bucket={bucket} choose={(one) => go('leads', one)} /></Tabs.Panel>
            <Tabs.Panel value="calls" pt="md"><Calls campaign={id} open={setCall} limit={50} /></Tabs.Panel>
            <Tabs.Panel value="settings" pt="md"><CampaignSettings campaign={campaign.data} /></Tabs.Panel>
          </Tabs>
        </>
      )}
      {loading && <Suspense><LoadContacts campaign={id} close={() => setLoading(false)} /></Suspense>}
      {call !== null && <Suspense><CallDrawer campaign={id} attempt={call} close={() => setCall(null)} /></Suspense>}
    </Stack>
  )
}

function Heading({ campaign, load }: { campaign: CampaignDetails; load: () => void }) {
  const { t } = useWords()
  return (
    <Group justify="space-between" align="flex-start">
      <Box miw={0}>
        <Title order={1} style={{ overflowWrap: 'anywhere' }}>{campaign.name}</Title>
        <Group gap="sm" mt={6}>
          <StatusBadge status={campaign.status} size="lg" />
          <Text size="sm" c="dimmed">{t.kinds[campaign.kind]}</Text>
        </Group>
        {campaign.error && <Text size="sm" c="red" mt={4}>{campaign.error}</Text>}
      </Box>
      <CampaignActions campaign={campaign} load={load} />
    </Group>
  )
}

function Buckets({ campaign, chosen, choose }: { campaign: CampaignDetails; chosen: Bucket | undefined; choose: (one: Bucket) => void }) {
  const { t, language } = useWords()
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        {BUCKETS.map((one) => (
          <UnstyledButton
            key={one} className="bucket" data-bucket={one} __vars={{ '--bucket': BUCKET_COLORS[one] }}
            aria-pressed={chosen === one} onClick={() => choose(one)}
          >
            <Text size="sm" fw={550}>{t.buckets[one]}</Text>
            <Group gap={8} align="baseline" mt={2}>
              <Text className="numbers count" fz={26} fw={700} lh={1.2}>{number(language, campaign.buckets[one])}</Text>
              <Text className="numbers" size="sm" c="dimmed">{campaign.leads > 0 && percent(language, campaign.buckets[one], campaign.leads)}</Text>
            </Group>
            <Text size="xs" c="dimmed" visibleFrom="sm">{t.bucketNotes[one]}</Text>
          </UnstyledButton>
        ))}
      </SimpleGrid>
      <BucketBar buckets={campaign.buckets} leads={campaign.leads} height={10} />
    </Stack>
  )
}

function Overview({ campaign, open, load }: { campaign: CampaignDetails; open: (attempt: number) => void; load: () => void }) {
  const { t, language } = useWords()
  const report = useReport(campaign.id)
  if (campaign.leads === 0 && report.data?.attempts === 0) return <NoContacts campaign={campaign} load={load} />
  if (report.isError) return <Failure error={report.error} retry={() => void report.refetch()} />
  if (!report.data) return <Skeleton height={260} />
  const sums = [
    [t.campaign.total, number(language, campaign.leads)],
    [t.campaign.attempts, number(language, report.data.attempts)],
    [t.campaign.liveNow, number(language, campaign.live_calls)],
    [t.campaign.talk, duration(report.data.talk_seconds)],
  ]
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        {sums.map(([label, value]) => (
          <Box key={label} className="panel" px="md" py="sm">
            <Text size="xs" c="dimmed">{label}</Text>
            <Text className="numbers" fw={650} size="lg">{value}</Text>
          </Box>
        ))}
      </SimpleGrid>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: report.data.kind === 'notification' ? 12 : 6 }}><Results results={report.data.results} /></Grid.Col>
        {report.data.kind !== 'notification' && (
          <Grid.Col span={{ base: 12, md: 6 }}><Answers questions={report.data.questions} /></Grid.Col>
        )}
      </Grid>
      <Title order={2} mt="xs">{t.campaign.lastCalls}</Title>
      <Calls campaign={campaign.id} open={open} limit={10} />
    </Stack>
  )
}

function NoContacts({ campaign, load }: { campaign: CampaignDetails; load: () => void }) {
  const { t } = useWords()
  return (
    <div className="panel">
      {campaign.status === 'finished' ? (
        <Empty icon={IconAddressBook} title={t.campaign.noLeads} />
      ) : (
        <Empty icon={IconAddressBook} title={t.campaign.nextTitle} note={t.campaign.nextNote}><LoadButton load={load} mt="sm" /></Empty>
      )}
    </div>
  )
}

function Waiting() {
  return (
    <Stack aria-busy>
      <Skeleton height={36} width="40%" />
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">{[1, 2, 3, 4].map((one) => <Skeleton key={one} height={104} />)}</SimpleGrid>
      <Skeleton height={260} />
    </Stack>
  )
}
