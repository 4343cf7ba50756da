import { ActionIcon, Button, Group, NativeSelect, NumberInput, Stack, TextInput, Title } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { memo } from 'react'
import { useWords } from '../i18n'
import type { Language } from '../i18n/plural'
import { AnswerFields } from './AnswerFields'
import { answer, type Draft, moved, put, type Question, question } from './draft'
import { ProblemText, useProblem } from './problems'
import { PromptField } from './PromptField'
import type { Edit } from './store'

/** A survey: a greeting, questions in order, a goodbye. */
export function Survey({ draft, edit }: { draft: Draft; edit: Edit }) {
  const { t } = useWords()
  const given = draft.survey
  const change = (part: Partial<Draft['survey']>) => edit((now) => ({ ...now, survey: { ...now.survey, ...part } }))
  return (
    <Stack gap="lg">
      <PromptField
        field="script.greeting" label={t.create.greeting} placeholder={t.create.greetingPlaceholder} language={draft.language}
        value={given.greeting} change={(greeting) => change({ greeting })}
      />
      <ProblemText field="script.questions" />
      {given.questions.map((one, place) => (
        <QuestionCard key={one.id} question={one} place={place} last={place === given.questions.length - 1} language={draft.language} edit={edit} />
      ))}
      <Button
        variant="light" w="fit-content" leftSection={<IconPlus size={16} />}
        onClick={() => change({ questions: [...given.questions, question(given.questions.at(-1)?.prompt.voice ?? given.greeting.voice)] })}
      >
        {t.create.addQuestion}
      </Button>
      <PromptField
        field="script.closing" label={t.create.closing} placeholder={t.create.closingPlaceholder} language={draft.language}
        value={given.closing} change={(closing) => change({ closing })}
      />
    </Stack>
  )
}

interface Given {
  question: Question
  place: number
  last: boolean
  language: Language
  edit: Edit
}

const QuestionCard = memo(function QuestionCard({ question: given, place, last, language, edit }: Given) {
  const { t } = useWords()
  const field = `script.questions.${place}`
  const titleProblem = useProblem(`${field}.title`, field)
  const repeatsProblem = useProblem(`${field}.repeats`)
  const list = (recipe: (questions: Question[]) => Question[]) =>
    edit((now) => ({ ...now, survey: { ...now.survey, questions: recipe(now.survey.questions) } }))
  const change = (part: Partial<Question>) => list((all) => put(all, place, { ...given, ...part }))
  return (
    <fieldset className="question" aria-label={t.create.question(place + 1)}>
      <Group justify="space-between" wrap="nowrap">
        <Title order={3}>{t.create.question(place + 1)}</Title>
        <Group gap={2} wrap="nowrap">
          <ActionIcon variant="subtle" color="gray" disabled={place === 0} aria-label={t.create.upQuestion(place + 1)} onClick={() => list((all) => moved(all, place, -1))}><IconArrowUp size={18} /></ActionIcon>
          <ActionIcon variant="subtle" color="gray" disabled={last} aria-label={t.create.downQuestion(place + 1)} onClick={() => list((all) => moved(all, place, 1))}><IconArrowDown size={18} /></ActionIcon>
          <ActionIcon variant="subtle" color="red" aria-label={t.create.removeQuestion(place + 1)} onClick={() => list((all) => put(all, place, undefined))}><IconTrash size={18} /></ActionIcon>
        </Group>
      </Group>
      <PromptField
        required field={`${field}.prompt`} label={t.create.questionText} placeholder={t.create.questionPlaceholder} language={language}
        value={given.prompt} change={(prompt) => change({ prompt })}
      />
      <TextInput
        required label={t.create.questionTitle} placeholder={t.create.questionTitlePlaceholder} maw={480} maxLength={200} data-field={`${field}.title`}
        value={given.title} error={titleProblem} onChange={(event) => change({ title: event.currentTarget.value })}
      />
      <AnswerFields
        field={`${field}.answers`} answers={given.answers} language={language} change={(answers) => change({ answers })}
        make={(taken) => answer(taken, given.prompt.voice)} example={t.create.answerExample}
      />
      <Group align="flex-start">
        <NumberInput
          w={170} label={t.create.repeatTimes} min={0} max={5} clampBehavior="strict" value={given.repeats} error={repeatsProblem}
          onChange={(repeats) => change({ repeats: repeats === '' ? '' : Number(repeats) })}
        />
        <NativeSelect
          w={220} label={t.create.otherwise} value={given.otherwise}
          data={[{ value: 'next', label: t.create.otherwises.next }, { value: 'end', label: t.create.otherwises.end }]}
          onChange={(event) => change({ otherwise: event.currentTarget.value === 'end' ? 'end' : 'next' })}
        />
      </Group>
    </fieldset>
  )
})
