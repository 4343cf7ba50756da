// The draft as the API takes it; places in it name the fields of problems ("script.questions.0.answers.1.phrases").
import type { Schemas } from '../api/client'
import { type Answer, type Draft, type OfferAnswer, type Prompt, RETRIED } from './draft'
import { periodsOf } from './week'

export type Body = Schemas['NewCampaignForm']

export function bodyOf(draft: Draft): Body {
  const { when, how } = draft
  return {
    name: draft.name.trim(),
    script: scriptOf(draft),
    schedule: { zone: when.zone, week: when.week.map(periodsOf), holidays: when.holidays },
    trunk: how.trunk.trim(),
    caller_number: how.caller.trim() || null,
    lines: Number(how.lines),
    ring_timeout_s: Number(how.ring),
    order: how.order,
    starts_on: when.starts || null,
    ends_on: when.ends || null,
    detect_machines: how.machines,
    retry: {
      limits: Object.fromEntries(RETRIED.map((result) => [result, Number(how.limits[result] ?? 0)])),
      waits_s: Object.fromEntries(RETRIED.map((result) => [result, Math.round(Number(how.waits[result] ?? 0) * 60)])),
      max_calls: Number(how.maxCalls),
      phone_gap_s: Number(how.gap),
    },
  }
}

function scriptOf({ kind, language, ...draft }: Draft): Body['script'] {
  if (kind === 'notification') {
    const given = draft.notification
    return {
      kind, language,
      message: spoken(given.message),
      repeat_key: given.repeats ? given.repeatKey : null,
      confirm: given.confirms ? { key: given.confirmKey, label: given.confirmLabel.trim() } : null,
    }
  }
  if (kind === 'survey') {
    const given = draft.survey
    return {
      kind, language,
      greeting: optional(given.greeting),
      questions: given.questions.map((one) => ({
        title: one.title.trim(), prompt: spoken(one.prompt), answers: one.answers.map(answerOf), repeats: Number(one.repeats), otherwise: one.otherwise,
      })),
      closing: optional(given.closing),
    }
  }
  const given = draft.offer
  return {
    kind, language,
    prompt: spoken(given.prompt),
    answers: given.answers.map(offerAnswerOf),
    repeats: Number(given.repeats),
    no_answer: optional(given.noAnswer),
    transfer_failed: optional(given.transferFailed),
  }
}

function answerOf(one: Answer) {
  return { label: one.label.trim(), key: one.key || null, phrases: one.phrases.trim() || null, reply: optional(one.reply) }
}

function offerAnswerOf(one: OfferAnswer) {
  return {
    ...answerOf(one),
    then: one.then,
    group: one.then === 'transfer' ? one.group || null : null,
    delay_min: one.then === 'callback' ? Number(one.delay_min) : null,
  }
}

function spoken(given: Prompt) {
  return { text: given.text.trim(), voice: given.voice, audio: null }
}

function optional(given: Prompt) {
  return given.text.trim() ? spoken(given) : null
}
