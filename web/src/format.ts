// Numbers, dates and phones as people read them.
import type { Language } from './i18n/plural'

const locales: Record<Language, string> = { ru: 'ru-RU', en: 'en-GB' }

export function number(language: Language, value: number): string {
  return new Intl.NumberFormat(locales[language]).format(value)
}

/** A share as a percentage; never 100 % while something is missing, never 0 % while there is something. */
export function percent(language: Language, part: number, whole: number): string {
  const share = whole > 0 ? part / whole : 0
  const digits = share > 0 && share < 0.1 ? 1 : 0
  const shown = part > 0 && part < whole ? Math.min(Math.max(share, 0.001), 0.99) : share
  return new Intl.NumberFormat(locales[language], { style: 'percent', maximumFractionDigits: digits }).format(shown)
}

export function day(language: Language, iso: string): string {
  return new Intl.DateTimeFormat(locales[language], { day: 'numeric', month: 'short', year: 'numeric' }).format(
    iso.length === 10 ? new Date(`${iso}T12:00:00`) : new Date(iso),
  )
}

export function instant(language: Language, iso: string, seconds = false): string {
  return new Intl.DateTimeFormat(locales[language], {
    day: '2-digit',
    month: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
  }).format(new Date(iso))
}

/** 75 s as 1:15, 4000 s as 1:06:40. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const shown = parts[0] ? parts : parts.slice(1)
  return shown.map((part, i) => (i ? String(part).padStart(2, '0') : String(part))).join(':')
}

export function between(from: string | null | undefined, to: string | null | undefined): number | null {
  return from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : null
}

/** +79161234567 as +7 916 123-45-67; other countries' numbers as they are. */
export function phone(e164: string): string {
  const russian = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(e164)
  return russian ? `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}` : e164
}
