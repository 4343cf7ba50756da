// A week of calling as people write it ("9:00-13:00, 14:00-18:00" for each day), and the same as hours of a grid.
export interface Span {
  from: number // minutes from midnight
  to: number // up to but not including; 1440 is the end of the day
}

/** Whether an hour of the grid is open: all of it, a part, nothing. */
export type Filling = 'full' | 'part' | 'none'

const TIME = '([01]?\\d|2[0-4])(?:[:.]([0-5]\\d))?'
const PERIOD = new RegExp(`^${TIME}\\s*[-–—]\\s*${TIME}$`)

/** The periods of a day in order and joined; null if the text cannot be read; an empty text is a day off. */
export function spansOf(text: string): Span[] | null {
  const spans: Span[] = []
  for (const part of text.split(/[,;\n]/).map((one) => one.trim())) {
    if (!part && !text.trim()) continue
    const found = PERIOD.exec(part)
    if (!found) return null
    const from = Number(found[1]) * 60 + Number(found[2] ?? 0)
    const to = Number(found[3]) * 60 + Number(found[4] ?? 0) || 1440
    if (from >= to || to > 1440) return null
    spans.push({ from, to })
  }
  return joined(spans)
}

export function textOf(spans: Span[]): string {
  return spans.map(({ from, to }) => `${clock(from)}-${clock(to)}`).join(', ')
}

/** What the API takes: the end of the day is 00:00 there. */
export function periodsOf(text: string): { start: string; end: string }[] {
  return (spansOf(text) ?? []).map(({ from, to }) => ({ start: clock(from), end: clock(to % 1440) }))
}

export function filling(spans: Span[], hour: number): Filling {
  const open = spans.reduce((sum, span) => sum + Math.max(0, Math.min(span.to, hour * 60 + 60) - Math.max(span.from, hour * 60)), 0)
  return open === 60 ? 'full' : open > 0 ? 'part' : 'none'
}

/** The day's text with one hour open or closed; what could not be read is left out. */
export function withHour(text: string, hour: number, open: boolean): string {
  const spans = spansOf(text) ?? []
  const from = hour * 60
  const to = from + 60
  if (open) return textOf(joined([...spans, { from, to }]))
  const rest = spans.flatMap((span) => [{ from: span.from, to: Math.min(span.to, from) }, { from: Math.max(span.from, to), to: span.to }])
  return textOf(rest.filter((span) => span.from < span.to))
}

function joined(spans: Span[]): Span[] {
  const sorted = spans.map((span) => ({ ...span })).sort((a, b) => a.from - b.from)
  const result: Span[] = []
  for (const span of sorted) {
    const last = result.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else result.push(span)
  }
  return result
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}
