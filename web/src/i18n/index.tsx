// The interface's words, in Russian or English: one typed dictionary each, so that no word can be missing.
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { en } from './en'
import type { Language } from './plural'
import { type Dictionary, ru } from './ru'

const STORED = 'zvonar-language'
const dictionaries: Record<Language, Dictionary> = { ru, en }

interface Words {
  t: Dictionary
  language: Language
  setLanguage: (language: Language) => void
}

const Context = createContext<Words>({ t: ru, language: 'ru', setLanguage: () => {} })

export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, set] = useState<Language>(stored)
  const setLanguage = useCallback((chosen: Language) => {
    localStorage.setItem(STORED, chosen)
    set(chosen)
  }, [])
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const words = useMemo(() => ({ t: dictionaries[language], language, setLanguage }), [language, setLanguage])
  return <Context value={words}>{children}</Context>
}

/** Names the page in the browser's tab. */
export function useTitle(title: string | undefined) {
  const { t } = useWords()
  useEffect(() => {
    document.title = title ? `${title} · ${t.product}` : t.product
  }, [title, t])
}

export function useWords(): Words {
  return use(Context)
}

function stored(): Language {
  return localStorage.getItem(STORED) === 'en' ? 'en' : 'ru'
}
