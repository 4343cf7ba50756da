import { Box, Group, Stack, Table, Text } from '@mantine/core'
import type { CallResult, CampaignDetails, Schemas } from '../api/client'
import { day, phone } from '../format'
import { useWords } from '../i18n'
import type { Language } from '../i18n/plural'

export function CampaignSettings({ campaign }: { campaign: CampaignDetails }) {
  const { t, language } = useWords()
  const rows = [
    [t.campaign.trunk, campaign.trunk],
    [t.campaign.caller, campaign.caller_number ? phone(campaign.caller_number) : t.common.none],
    [t.campaign.lines, campaign.lines],
    [t.campaign.ring, t.common.seconds(campaign.ring_timeout_s)],
    [t.campaign.order, t.orders[campaign.order]],
    [t.campaign.maxCalls, campaign.retry.max_calls],
    [t.create.retry, <Retries key="retries" retry={campaign.retry} />],
    [t.create.gap, campaign.retry.phone_gap_s],
    [t.campaign.machines, campaign.detect_machines ? t.campaign.machinesOn : t.campaign.machinesOff],
    [t.campaigns.dates, `${day(language, campaign.starts_on ?? campaign.created_at)} – ${campaign.ends_on ? day(language, campaign.ends_on) : t.campaigns.noEnd}`],
    [t.campaign.zone, campaign.schedule.zone],
    [t.campaign.schedule, <Week key="week" schedule={campaign.schedule} language={language} />],
    [t.create.holidays, campaign.schedule.holidays?.map((one) => day(language, one)).join(', ') || t.common.none],
  ] as const
  return (
    <Box className="panel" maw={720}>
      <Table variant="vertical" verticalSpacing="sm" horizontalSpacing="md">
        <Table.Tbody>
          {rows.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Td w="45%" c="dimmed">{label}</Table.Td>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  )
}

function Retries({ retry }: { retry: Schemas['RetryForm'] }) {
  const { t } = useWords()
  const shown = (Object.entries(retry.limits) as [CallResult, number][]).filter(([, limit]) => limit > 1)
  return (
    <Stack gap={2}>
      {shown.length === 0 && t.common.none}
      {shown.map(([result, limit]) => (
        <Text key={result} size="sm">
          {t.results[result]} <Text span size="sm" c="dimmed" className="numbers">{t.campaign.retryEach(limit, Math.round((retry.waits_s[result] ?? 0) / 60))}</Text>
        </Text>
      ))}
    </Stack>
  )
}

function Week({ schedule, language }: { schedule: Schemas['ScheduleForm']; language: Language }) {
  const { t } = useWords()
  return (
    <Stack gap={2}>
      {schedule.week.map((periods, weekday) => (
        <Group key={weekday} gap={4} wrap="nowrap" align="flex-start" className="numbers">
          <Text size="sm" c="dimmed" w={32} className="nowrap">{weekdayName(language, weekday)}</Text>
          <Text size="sm">{periods.length === 0 ? t.common.none : periods.map((p) => `${clock(p.start)}–${clock(p.end)}`).join(', ')}</Text>
        </Group>
      ))}
    </Stack>
  )
}

/** The name of a weekday, 0 for Monday. */
export function weekdayName(language: Language, weekday: number, length: 'short' | 'long' = 'short'): string {
  return new Intl.DateTimeFormat(language, { weekday: length, timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, 1 + weekday)))
}

function clock(time: string): string {
  return time.slice(0, 5)
}
