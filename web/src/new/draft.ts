// A campaign that is being written: all three kinds side by side, so that changing the kind loses nothing.
import type { CallResult, Schemas } from '../api/client'
import type { Language } from '../i18n/plural'

export type RobotKind = 'notification' | 'survey' | 'offer'
export type Voice = 'female' | 'male'
export type Then = 'transfer' | 'end' | 'callback'

export interface Prompt {
  text: string
  voice: Voice
}

export interface Answer {
  id: number
  label: string
  key: string
  phrases: string
  reply: Prompt
}

export interface OfferAnswer extends Answer {
  then: Then
  group: string
  delay_min: number | ''
}

export interface Question {
  id: number
  title: string
  prompt: Prompt
  answers: Answer[]
  repeats: number | ''
  otherwise: 'next' | 'end'
}

export interface Draft {
  version: 1
  kind: RobotKind
  name: string
  language: Language
  notification: { message: Prompt; repeats: boolean; repeatKey: string; confirms: boolean; confirmKey: string; confirmLabel: string }
  survey: { greeting: Prompt; questions: Question[]; closing: Prompt }
  offer: { prompt: Prompt; answers: OfferAnswer[]; repeats: number | ''; noAnswer: Prompt; transferFailed: Prompt }
  when: { asText: boolean; zone: string; week: string[]; starts: string; ends: string; holidays: string[] }
  how: How
}

export interface How {
  trunk: string
  caller: string
  lines: number | ''
  ring: number | ''
  order: Schemas['Order']
  machines: boolean
  limits: Partial<Record<CallResult, number | ''>>
  waits: Partial<Record<CallResult, number | ''>> // minutes
  maxCalls: number | ''
  gap: number | '' // seconds
}

export const KINDS: readonly RobotKind[] = ['notification', 'survey', 'offer']
export const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '#'] as const
export const MOST_ANSWERS = 10
export const MOST_TEXT = 500
export const MOST_PHRASES = 250
export const RINGS = [15, 20, 30, 60] as const

/** Results after which a robot's campaign calls again, in the order in which people ask for them. */
export const RETRIED: readonly CallResult[] = [
  'busy', 'no_answer', 'rejected', 'answering_machine', 'hung_up_early', 'no_input', 'transfer_failed', 'callback_requested',
  'fax', 'unknown_error', 'system_error', 'lost', 'rejected_by_operator',
]

let lastId = 0

export function fresh(): number {
  lastId = Math.max(lastId + 1, Date.now())
  return lastId
}

export function prompt(voice: Voice = 'female', text = ''): Prompt {
  return { text, voice }
}

export function answer(taken: readonly Answer[], voice: Voice): Answer {
  const free = KEYS.find((key) => !taken.some((one) => one.key === key)) ?? ''
  return { id: fresh(), label: '', key: free, phrases: '', reply: prompt(voice) }
}

export function offerAnswer(taken: readonly Answer[], voice: Voice): OfferAnswer {
  return { ...answer(taken, voice), then: taken.length ? 'end' : 'transfer', group: '', delay_min: 60 }
}

export function question(voice: Voice): Question {
  const first = answer([], voice)
  return { id: fresh(), title: '', prompt: prompt(voice), answers: [first, answer([first], voice)], repeats: 1, otherwise: 'next' }
}

export function emptyDraft(language: Language): Draft {
  const first = offerAnswer([], 'female')
  return {
    version: 1,
    kind: 'notification',
    name: '',
    language,
    notification: { message: prompt(), repeats: false, repeatKey: '1', confirms: false, confirmKey: '2', confirmLabel: '' },
    survey: { greeting: prompt(), questions: [question('female')], closing: prompt() },
    offer: { prompt: prompt(), answers: [first, offerAnswer([first], 'female')], repeats: 1, noAnswer: prompt(), transferFailed: prompt() },
    when: {
      asText: false, zone: 'Europe/Moscow', starts: '', ends: '', holidays: [],
      week: [...Array<string>(5).fill('09:00-18:00'), '', ''],
    },
    how: {
      trunk: '', caller: '', lines: 10, ring: 30, order: 'random', machines: true, maxCalls: 4, gap: 60,
      limits: Object.fromEntries(RETRIED.map((result) => [result, 2])),
      waits: Object.fromEntries(RETRIED.map((result) => [result, 10])),
    },
  }
}

/** The list with one item changed, `undefined` taking it out. */
export function put<T>(list: readonly T[], place: number, item: T | undefined): T[] {
  return list.flatMap((one, i) => (i === place ? (item === undefined ? [] : [item]) : [one]))
}

/** The list with one item a place up (-1) or down (1). */
export function moved<T>(list: readonly T[], place: number, by: -1 | 1): T[] {
  const next = [...list]
  const [one] = next.splice(place, 1)
  if (one !== undefined) next.splice(place + by, 0, one)
  return next
}

/** Characters as the limit counts them: variables are left out. */
export function spokenLength(text: string): number {
  return [...text.replace(/\{[^{}]*\}/g, '')].length
}
