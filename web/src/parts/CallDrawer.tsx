import { Badge, Box, Drawer, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { IconMicrophoneOff } from '@tabler/icons-react'
import type { Schemas } from '../api/client'
import { useCall } from '../api/queries'
import { between, duration, instant, percent, phone } from '../format'
import { useWords } from '../i18n'
import { Failure } from './States'
import { ResultBadge } from './StatusBadge'

type Card = Schemas['CallCardView']

/** The card of one call: what was said, answered and measured, with its recording. */
export default function CallDrawer({ campaign, attempt, close }: { campaign: number; attempt: number; close: () => void }) {
  const { t } = useWords()
  const call = useCall(campaign, attempt)
  return (
    <Drawer opened onClose={close} position="right" size={520} title={t.call.title} closeButtonProps={{ 'aria-label': t.common.close }}>
      {call.isError ? (
        <Failure error={call.error} retry={() => void call.refetch()} />
      ) : !call.data ? (
        <Stack aria-busy><Skeleton height={28} width="60%" /><Skeleton height={40} /><Skeleton height={240} /></Stack>
      ) : (
        <CardBody card={call.data} />
      )}
    </Drawer>
  )
}

function CardBody({ card }: { card: Card }) {
  const { t, language } = useWords()
  return (
    <Stack gap="lg">
      <Box>
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} style={{ overflowWrap: 'anywhere' }}>{card.name || t.campaign.nameless}</Title>
          <ResultBadge result={card.result} />
        </Group>
        <Text className="numbers" c="dimmed">{phone(card.phone)}</Text>
      </Box>
      <Section title={t.call.recording}>
        {card.has_recording ? (
          <audio controls preload="metadata" src={`/api/v1/calls/${card.attempt}/recording`} />
        ) : (
          <Group gap={6} c="dimmed"><IconMicrophoneOff size={16} /><Text size="sm">{t.call.noRecording}</Text></Group>
        )}
      </Section>
      {card.answers.length > 0 && <Section title={t.call.answers}><GivenAnswers answers={card.answers} /></Section>}
      <Section title={t.call.transcript}><Transcript lines={card.transcript} /></Section>
      <Facts card={card} language={language} />
    </Stack>
  )
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return <Box><Title order={3} mb={8}>{title}</Title>{children}</Box>
}

function GivenAnswers({ answers }: { answers: Card['answers'] }) {
  const { t, language } = useWords()
  return (
    <Stack gap={8}>
      {answers.map((answer, place) => (
        <Group key={place} justify="space-between" wrap="nowrap" align="flex-start">
          <Box>
            <Text size="sm" c="dimmed">{answer.question}</Text>
            <Text size="xs" c="dimmed">
              {answer.how === 'key' ? t.call.pressed(answer.said) : `${answer.said} (${t.call.confidence(percent(language, answer.confidence, 1))})`}
            </Text>
          </Box>
          <Badge className="status" variant="light" size="lg">{answer.label}</Badge>
        </Group>
      ))}
    </Stack>
  )
}

function Transcript({ lines }: { lines: Card['transcript'] }) {
  const { t } = useWords()
  if (lines.length === 0) return <Text size="sm" c="dimmed">{t.call.noTranscript}</Text>
  return (
    <Stack gap={8}>
      {lines.map((line, place) => (
        <div key={place} className="utterance" data-caller={line.speaker === 'caller' || undefined}>
          <Text size="xs" c="dimmed" className="numbers">
            {line.speaker === 'caller' ? t.call.caller : t.call.robot}, {duration(line.start_ms / 1000)}
            {line.interrupted && `, ${t.call.interrupted}`}
          </Text>
          <Text size="sm">{line.key ? t.call.pressed(line.text) : line.text}</Text>
        </div>
      ))}
    </Stack>
  )
}

function Facts({ card, language }: { card: Card; language: 'ru' | 'en' }) {
  const { t } = useWords()
  const talk = between(card.answered_at, card.ended_at)
  const replies = card.latencies.map((one) => one.reply_ms).sort((a, b) => a - b)
  const rows: [string, string | null][] = [
    [t.call.started, instant(language, card.started_at, true)],
    [t.call.answered, card.answered_at && instant(language, card.answered_at, true)],
    [t.call.ended, card.ended_at && instant(language, card.ended_at, true)],
    [t.campaign.duration, talk === null ? null : duration(talk)],
    [t.call.cause, card.cause && [card.cause, card.sip_status].filter(Boolean).join(', SIP ')],
    [t.call.reply, replies.length ? t.common.milliseconds(replies[Math.floor(replies.length / 2)] ?? 0) : null],
    [t.call.path, card.path.length ? card.path.join(' → ') : null],
  ]
  return (
    <Table verticalSpacing={6} horizontalSpacing={0} withRowBorders={false}>
      <Table.Tbody>
        {rows.filter(([, value]) => value).map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Td w="42%" c="dimmed" valign="top">{label}</Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
