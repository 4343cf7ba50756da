// The draft in this browser, by user: nothing that was typed is lost on a reload, an error or a new sign-in.
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Language } from '../i18n/plural'
import { type Draft, emptyDraft } from './draft'

export type Edit = (recipe: (draft: Draft) => Draft) => void

const draftKey = (login: string) => `zvonar-draft-${login}`
const habitsKey = (login: string) => `zvonar-habits-${login}`

export function useDraft(login: string, language: Language) {
  const [draft, setDraft] = useState<Draft>(() => stored(login) ?? beginning(login, language))
  const [kept, setKept] = useState(true)
  const done = useRef(false)
  useEffect(() => {
    if (!done.current) setKept(write(draftKey(login), draft))
  }, [draft, login])

  /** After creation: forgets the draft, keeps schedule and settings for the next campaign. */
  const finish = useCallback((last: Draft) => {
    done.current = true
    localStorage.removeItem(draftKey(login))
    write(habitsKey(login), { version: last.version, when: { ...last.when, starts: '', ends: '' }, how: last.how })
  }, [login])

  const clear = useCallback(() => setDraft(beginning(login, language)), [login, language])
  const edit: Edit = setDraft
  return { draft, edit, kept, finish, clear }
}

function beginning(login: string, language: Language): Draft {
  const habits = read(habitsKey(login))
  const empty = emptyDraft(language)
  return habits ? { ...empty, when: habits.when, how: habits.how } : empty
}

function stored(login: string): Draft | null {
  return read(draftKey(login))
}

function read(key: string): Draft | null {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? 'null') as Draft | null
    return value?.version === 1 ? value : null
  } catch {
    return null
  }
}

function write(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}
