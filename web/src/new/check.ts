// What can be seen to be wrong before asking the server: field to sentence, fields named as the API names them.
import type { Dictionary } from '../i18n/ru'
import { type Answer, type Draft, MOST_PHRASES, MOST_TEXT, type Prompt, RETRIED, spokenLength } from './draft'
import { spansOf } from './week'

export type Problems = Record<string, string>

export function check(draft: Draft, words: Dictionary['create']['wrong']): Problems {
  const found: Problems = {}
  const say = (field: string, sentence: string, wrong: boolean) => {
    if (wrong) found[field] ??= sentence
  }
  const needed = (field: string, text: string) => say(field, words.empty, !text.trim())
  const between = (field: string, value: number | '', least: number, most: number) =>
    say(field, words.between(least, most), value === '' || value < least || value > most)

  function prompt(field: string, given: Prompt, required: boolean) {
    if (required) needed(`${field}.text`, given.text)
    say(`${field}.text`, words.long(spokenLength(given.text), MOST_TEXT), spokenLength(given.text) > MOST_TEXT)
  }

  function answers(field: string, given: readonly Answer[]) {
    say(field, words.noAnswers, given.length === 0)
    given.forEach((one, place) => {
      const here = `${field}.${place}`
      needed(`${here}.label`, one.label)
      say(`${here}.key`, words.keyTwice(one.key), one.key !== '' && given.findIndex((other) => other.key === one.key) < place)
      say(`${here}.phrases`, words.long(one.phrases.length, MOST_PHRASES), one.phrases.length > MOST_PHRASES)
      prompt(`${here}.reply`, one.reply, false)
    })
  }

  needed('name', draft.name)
  if (draft.kind === 'notification') {
    const given = draft.notification
    prompt('script.message', given.message, true)
    if (given.confirms) {
      needed('script.confirm.label', given.confirmLabel)
      say('script.confirm.key', words.keyTwice(given.confirmKey), given.repeats && given.repeatKey === given.confirmKey)
    }
  } else if (draft.kind === 'survey') {
    prompt('script.greeting', draft.survey.greeting, false)
    say('script.questions', words.noQuestions, draft.survey.questions.length === 0)
    draft.survey.questions.forEach((one, place) => {
      const here = `script.questions.${place}`
      prompt(`${here}.prompt`, one.prompt, true)
      needed(`${here}.title`, one.title)
      answers(`${here}.answers`, one.answers)
      between(`${here}.repeats`, one.repeats, 0, 5)
    })
    prompt('script.closing', draft.survey.closing, false)
  } else {
    prompt('script.prompt', draft.offer.prompt, true)
    answers('script.answers', draft.offer.answers)
    draft.offer.answers.forEach((one, place) => {
      say(`script.answers.${place}.group`, words.noGroup, one.then === 'transfer' && !one.group)
      if (one.then === 'callback') between(`script.answers.${place}.delay_min`, one.delay_min, 1, 43_200)
    })
    between('script.repeats', draft.offer.repeats, 0, 5)
    prompt('script.no_answer', draft.offer.noAnswer, false)
    prompt('script.transfer_failed', draft.offer.transferFailed, false)
  }

  const { when, how } = draft
  when.week.forEach((text, day) => say(`schedule.week.${day}`, words.period, spansOf(text) === null))
  say('schedule.week', words.neverOpen, when.week.every((text) => !text.trim()))
  say('ends_on', words.endsBefore, Boolean(when.starts && when.ends && when.ends < when.starts))
  needed('trunk', how.trunk)
  between('lines', how.lines, 1, 100_000)
  between('ring_timeout_s', how.ring, 5, 600)
  for (const result of RETRIED) {
    between(`retry.limits.${result}`, how.limits[result] ?? '', 0, 10)
    between(`retry.waits_s.${result}`, how.waits[result] ?? '', 0, 43_200)
  }
  between('retry.max_calls', how.maxCalls, 1, 100)
  between('retry.phone_gap_s', how.gap, 0, 86_400)
  return found
}
