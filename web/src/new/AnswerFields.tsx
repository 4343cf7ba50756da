import { ActionIcon, Box, Button, Group, Input, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconMessagePlus, IconPlus, IconTrash } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { useWords } from '../i18n'
import type { Language } from '../i18n/plural'
import { type Answer, KEYS, MOST_ANSWERS, MOST_PHRASES, moved, put } from './draft'
import { ProblemText, useProblem } from './problems'
import { PromptField } from './PromptField'

interface Given<A extends Answer> {
  field: string
  answers: A[]
  language: Language
  change: (answers: A[]) => void
  make: (taken: A[]) => A
  example: { label: string; phrases: string }
  extra?: (answer: A, field: string, change: (answer: A) => void) => ReactNode
}

/** The answers that are expected: by key or by words, at most ten. */
export function AnswerFields<A extends Answer>({ field, answers, language, change, make, example, extra }: Given<A>) {
  const { t } = useWords()
  return (
    <Stack gap="xs">
      <Box>
        <Input.Label labelElement="div">{t.create.answers}</Input.Label>
        <Text size="xs" c="dimmed">{t.create.answersNote}</Text>
      </Box>
      <ProblemText field={field} />
      {answers.map((answer, place) => (
        <AnswerRow
          key={answer.id} field={`${field}.${place}`} answer={answer} place={place} last={place === answers.length - 1} language={language} example={example}
          change={(next) => change(put(answers, place, next))} remove={() => change(put(answers, place, undefined))}
          move={(by) => change(moved(answers, place, by))}
        >
          {extra?.(answer, `${field}.${place}`, (next) => change(put(answers, place, next)))}
        </AnswerRow>
      ))}
      {answers.length < MOST_ANSWERS && (
        <Button variant="light" size="xs" w="fit-content" leftSection={<IconPlus size={14} />} onClick={() => change([...answers, make(answers)])}>
          {t.create.addAnswer}
        </Button>
      )}
    </Stack>
  )
}

interface RowGiven<A extends Answer> {
  field: string
  answer: A
  place: number
  last: boolean
  language: Language
  example: { label: string; phrases: string }
  change: (answer: A) => void
  remove: () => void
  move: (by: -1 | 1) => void
  children?: ReactNode
}

function AnswerRow<A extends Answer>({ field, answer, place, last, language, example, change, remove, move, children }: RowGiven<A>) {
  const { t } = useWords()
  const [replies, setReplies] = useState(answer.reply.text !== '')
  const keyProblem = useProblem(`${field}.key`)
  const phrasesProblem = useProblem(`${field}.phrases`)
  return (
    <div className="answer" role="group" aria-label={t.create.answer(place + 1)}>
      <div className="answer-grid">
        <TextInput
          label={t.create.answerLabel} required placeholder={place === 0 ? example.label : undefined} maxLength={200} data-field={`${field}.label`}
          value={answer.label} error={useProblem(`${field}.label`, field)} onChange={(event) => change({ ...answer, label: event.currentTarget.value })}
        />
        <NativeSelect
          label={t.create.key} value={answer.key} error={keyProblem} data-field={`${field}.key`}
          data={[{ value: '', label: t.create.keyNone }, ...KEYS]} onChange={(event) => change({ ...answer, key: event.currentTarget.value })}
        />
        <Textarea
          className="answer-phrases" autosize minRows={1} placeholder={place === 0 ? example.phrases : undefined} data-field={`${field}.phrases`}
          label={<>{t.create.phrases} <Text span size="xs" c="dimmed" className="numbers">{answer.phrases.length > 0 && t.create.count(answer.phrases.length, MOST_PHRASES)}</Text></>}
          value={answer.phrases} error={phrasesProblem} onChange={(event) => change({ ...answer, phrases: event.currentTarget.value })}
        />
      </div>
      {children}
      {replies && (
        <PromptField
          compact field={`${field}.reply`} label={t.create.reply} placeholder={t.create.replyPlaceholder} language={language}
          value={answer.reply} change={(reply) => change({ ...answer, reply })}
        />
      )}
      <Group justify="space-between" gap="xs">
        {replies ? <span /> : (
          <Button size="compact-xs" variant="subtle" leftSection={<IconMessagePlus size={14} />} onClick={() => setReplies(true)}>{t.create.addReply}</Button>
        )}
        <Group gap={2} ml="auto">
          <ActionIcon variant="subtle" color="gray" disabled={place === 0} aria-label={t.create.upAnswer(place + 1)} onClick={() => move(-1)}><IconArrowUp size={16} /></ActionIcon>
          <ActionIcon variant="subtle" color="gray" disabled={last} aria-label={t.create.downAnswer(place + 1)} onClick={() => move(1)}><IconArrowDown size={16} /></ActionIcon>
          <ActionIcon variant="subtle" color="red" aria-label={t.create.removeAnswer(place + 1)} onClick={remove}><IconTrash size={16} /></ActionIcon>
        </Group>
      </Group>
    </div>
  )
}
