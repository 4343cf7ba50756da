import { useMediaQuery } from '@mantine/hooks'
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { useWords } from '../i18n'
import { weekdayName } from '../parts/CampaignSettings'
import { filling, spansOf, withHour } from './week'

const DAYS = [0, 1, 2, 3, 4, 5, 6]
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const STEPS: Record<string, readonly [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }

/** The week as hours: click, drag with a mouse, or arrow keys with Space. On a narrow screen the hours run down. */
export function HourGrid({ week, change }: { week: string[]; change: (recipe: (week: string[]) => string[]) => void }) {
  const { t, language } = useWords()
  const tall = useMediaQuery('(max-width: 47.99em)')
  const spans = useMemo(() => week.map((text) => spansOf(text) ?? []), [week])
  const painting = useRef<boolean | null>(null)
  const [place, setPlace] = useState<readonly [number, number]>([0, 9]) // day, hour
  const table = useRef<HTMLTableElement>(null)

  useEffect(() => {
    const stop = () => { painting.current = null }
    window.addEventListener('pointerup', stop)
    window.addEventListener('pointercancel', stop)
    return () => {
      window.removeEventListener('pointerup', stop)
      window.removeEventListener('pointercancel', stop)
    }
  }, [])

  const isOpen = (day: number, hour: number) => filling(spans[day] ?? [], hour) === 'full'

  function set(days: number[], hours: number[], open: boolean) {
    change((now) => now.map((text, day) => (days.includes(day) ? hours.reduce((sum, hour) => withHour(sum, hour, open), text) : text)))
  }

  function toggle(days: number[], hours: number[]) {
    set(days, hours, !days.every((day) => hours.every((hour) => isOpen(day, hour))))
  }

  function begin(event: PointerEvent, day: number, hour: number) {
    if (event.pointerType !== 'mouse' || event.button !== 0) return
    painting.current = !isOpen(day, hour)
    set([day], [hour], painting.current)
  }

  function press(event: KeyboardEvent, day: number, hour: number) {
    const step = STEPS[event.key]
    if (event.key === ' ' || event.key === 'Enter') toggle([day], [hour])
    else if (!step) return
    else {
      const [down, right] = step
      const next = [clamp(day + (tall ? right : down), 6), clamp(hour + (tall ? down : right), 23)] as const
      setPlace(next)
      table.current?.querySelector<HTMLElement>(`[data-cell="${next[0]}-${next[1]}"]`)?.focus()
    }
    event.preventDefault()
  }

  function cell(day: number, hour: number) {
    const label = t.create.cell(weekdayName(language, day, 'long'), `${hour}:00–${hour + 1}:00`, isOpen(day, hour))
    return (
      <td key={`${day}-${hour}`}>
        <button
          type="button" className="hour" data-cell={`${day}-${hour}`} data-filling={filling(spans[day] ?? [], hour)} title={label}
          aria-label={label} aria-pressed={isOpen(day, hour)} tabIndex={place[0] === day && place[1] === hour ? 0 : -1}
          onFocus={() => setPlace([day, hour])} onKeyDown={(event) => press(event, day, hour)}
          onPointerDown={(event) => begin(event, day, hour)}
          onPointerEnter={() => { if (painting.current !== null) set([day], [hour], painting.current) }}
          onClick={(event) => { if ((event.nativeEvent as globalThis.PointerEvent).pointerType !== 'mouse') toggle([day], [hour]) }}
        />
      </td>
    )
  }

  const dayHead = (day: number) => <button type="button" tabIndex={-1} onClick={() => toggle([day], HOURS)}>{weekdayName(language, day)}</button>
  const hourHead = (hour: number) => <button type="button" tabIndex={-1} onClick={() => toggle(DAYS, [hour])}>{hour}</button>
  const [rows, columns] = tall ? [HOURS, DAYS] : [DAYS, HOURS]
  const [rowHead, columnHead] = tall ? [hourHead, dayHead] : [dayHead, hourHead]
  return (
    <table ref={table} className="hours" data-tall={tall || undefined} aria-label={t.create.hours}>
      <thead>
        <tr><td />{columns.map((one) => <th key={one} scope="col">{columnHead(one)}</th>)}</tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row}>
            <th scope="row">{rowHead(row)}</th>
            {columns.map((column) => (tall ? cell(column, row) : cell(row, column)))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most)
}
