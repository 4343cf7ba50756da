import { Box, Group, Stack, Text, Title } from '@mantine/core'
import type { CallResult, Schemas } from '../api/client'
import { number, percent } from '../format'
import { useWords } from '../i18n'
import { resultColor } from './StatusBadge'

export function Results({ results }: { results: Partial<Record<CallResult, number>> }) {
  const { t } = useWords()
  const rows = (Object.entries(results) as [CallResult, number][]).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1])
  const all = rows.reduce((sum, [, count]) => sum + count, 0)
  return (
    <Box className="panel" p="md" h="100%">
      <Title order={2} size="h3" mb="sm">{t.campaign.results}</Title>
      {all === 0 && <Text size="sm" c="dimmed">{t.campaign.noResults}</Text>}
      <Stack gap="sm">
        {rows.map(([result, count]) => (
          <Bar key={result} label={t.results[result]} count={count} all={all} color={`var(--mantine-color-${resultColor(result)}-5)`} />
        ))}
      </Stack>
    </Box>
  )
}

export function Answers({ questions }: { questions: Schemas['QuestionView'][] }) {
  const { t, language } = useWords()
  return (
    <Box className="panel" p="md" h="100%">
      <Title order={2} size="h3" mb="sm">{t.campaign.answers}</Title>
      {questions.length === 0 && <Text size="sm" c="dimmed">{t.campaign.noAnswers}</Text>}
      <Stack gap="lg">
        {questions.map((question) => {
          const all = question.answers.reduce((sum, answer) => sum + answer.count, 0)
          return (
            <Box key={question.step}>
              <Group justify="space-between" wrap="nowrap" align="baseline" mb={8}>
                <Text fw={600} size="sm">{question.question}</Text>
                <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{number(language, all)} {t.common.answers(all)}</Text>
              </Group>
              <Stack gap="sm">
                {question.answers.map((answer) => (
                  <Bar
                    key={answer.answer} label={answer.label} count={answer.count} all={all} color="var(--bucket-reached)"
                    note={[answer.by_phrase && t.campaign.byPhrase(answer.by_phrase), answer.by_key && t.campaign.byKey(answer.by_key)].filter(Boolean).join(', ')}
                  />
                ))}
              </Stack>
            </Box>
          )
        })}
      </Stack>
    </Box>
  )
}

function Bar({ label, count, all, color, note }: { label: string; count: number; all: number; color: string; note?: string }) {
  const { language } = useWords()
  return (
    <Box>
      <Group justify="space-between" wrap="nowrap" gap="sm" mb={4}>
        <Text size="sm">{label}{note && <Text span size="xs" c="dimmed" ml={8}>{note}</Text>}</Text>
        <Text size="sm" className="numbers" style={{ whiteSpace: 'nowrap' }}>
          <b>{number(language, count)}</b> <Text span c="dimmed" size="sm">{percent(language, count, all)}</Text>
        </Text>
      </Group>
      <div className="bucket-bar bar" style={{ height: 6 }}><div style={{ width: all ? `${(count / all) * 100}%` : 0, background: color }} /></div>
    </Box>
  )
}
