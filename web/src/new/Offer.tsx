import { Button, Group, NativeSelect, NumberInput, Stack } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useGroups } from '../api/queries'
import { useWords } from '../i18n'
import { GroupDialog } from '../parts/GroupDialog'
import { AnswerFields } from './AnswerFields'
import { type Draft, type OfferAnswer, offerAnswer, type Then } from './draft'
import { useProblem } from './problems'
import { PromptField } from './PromptField'
import type { Edit } from './store'

/** An offer: what is offered, and what follows each answer. */
export function Offer({ draft, edit }: { draft: Draft; edit: Edit }) {
  const { t } = useWords()
  const given = draft.offer
  const repeatsProblem = useProblem('script.repeats')
  const change = (part: Partial<Draft['offer']>) => edit((now) => ({ ...now, offer: { ...now.offer, ...part } }))
  return (
    <Stack gap="lg">
      <PromptField
        required field="script.prompt" label={t.create.offerText} placeholder={t.create.offerPlaceholder} language={draft.language}
        value={given.prompt} change={(prompt) => change({ prompt })}
      />
      <AnswerFields<OfferAnswer>
        field="script.answers" answers={given.answers} language={draft.language} change={(answers) => change({ answers })}
        make={(taken) => offerAnswer(taken, given.prompt.voice)} example={t.create.offerExample}
        extra={(answer, field, put) => <WhatThen answer={answer} field={field} change={put} />}
      />
      <NumberInput
        w={170} label={t.create.repeatTimes} min={0} max={5} clampBehavior="strict" value={given.repeats} error={repeatsProblem}
        onChange={(repeats) => change({ repeats: repeats === '' ? '' : Number(repeats) })}
      />
      <PromptField
        compact field="script.no_answer" label={t.create.noAnswer} placeholder={t.create.noAnswerPlaceholder} language={draft.language}
        value={given.noAnswer} change={(noAnswer) => change({ noAnswer })}
      />
      {given.answers.some((answer) => answer.then === 'transfer') && (
        <PromptField
          compact field="script.transfer_failed" label={t.create.transferFailed} placeholder={t.create.transferFailedPlaceholder} language={draft.language}
          value={given.transferFailed} change={(transferFailed) => change({ transferFailed })}
        />
      )}
    </Stack>
  )
}

function WhatThen({ answer, field, change }: { answer: OfferAnswer; field: string; change: (answer: OfferAnswer) => void }) {
  const { t } = useWords()
  const groups = useGroups()
  const [making, setMaking] = useState(false)
  const groupProblem = useProblem(`${field}.group`)
  const delayProblem = useProblem(`${field}.delay_min`)
  const names = groups.data?.map((group) => group.name) ?? []
  const known = answer.group && !names.includes(answer.group) ? [answer.group, ...names] : names
  return (
    <Group align="flex-start" gap="sm">
      <NativeSelect
        w={230} label={t.create.then} value={answer.then} data-field={`${field}.then`}
        data={(['transfer', 'end', 'callback'] as const).map((value) => ({ value, label: t.create.thens[value] }))}
        onChange={(event) => change({ ...answer, then: event.currentTarget.value as Then })}
      />
      {answer.then === 'transfer' && (
        <Group gap="xs" align="flex-start">
          <NativeSelect
            w={230} label={t.create.group} value={answer.group} error={groupProblem} data-field={`${field}.group`}
            data={[{ value: '', label: t.create.groupChoose }, ...known]}
            onChange={(event) => change({ ...answer, group: event.currentTarget.value })}
          />
          <Button mt={25} variant="default" leftSection={<IconPlus size={14} />} onClick={() => setMaking(true)}>{t.create.newGroup}</Button>
        </Group>
      )}
      {answer.then === 'callback' && (
        <NumberInput
          w={130} label={t.create.delay} min={1} max={43_200} value={answer.delay_min} error={delayProblem}
          onChange={(delay) => change({ ...answer, delay_min: delay === '' ? '' : Number(delay) })}
        />
      )}
      {making && <GroupDialog close={() => setMaking(false)} saved={(name) => change({ ...answer, group: name })} />}
    </Group>
  )
}
