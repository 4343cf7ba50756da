import { notifications } from '@mantine/notifications'
import { ProblemError } from '../api/client'
import { useWords } from '../i18n'
import type { Dictionary } from '../i18n/ru'

/** What an error says in the user's language, with the hint where the words are the server's own. */
export function sentence(t: Dictionary, error: unknown): string {
  if (!(error instanceof ProblemError)) return t.error.unknown
  const { code, message, hint } = error.problem
  const words = t.problems[code.startsWith('invalid_') ? 'invalid' : code]
  return words ?? (hint ? `${message} ${hint}` : message)
}

/** A function for `onError` that shows the error in a corner. */
export function useTell() {
  const { t } = useWords()
  return (error: unknown) => {
    notifications.show({ color: 'red', title: t.error.title, message: sentence(t, error), autoClose: 8000 })
  }
}
