// Where the form's fields learn what is wrong with them.
import { Text } from '@mantine/core'
import { createContext, use, useMemo } from 'react'
import { ProblemError } from '../api/client'
import type { Body } from './body'
import type { Problems } from './check'

export const FoundProblems = createContext<Problems>({})

/** The sentence for a field, where one of the names it goes by has a problem. */
export function useProblem(...fields: string[]): string | undefined {
  const found = use(FoundProblems)
  return fields.map((field) => found[field]).find(Boolean)
}

/** The sentence alone, for a field that is made of several controls. */
export function ProblemText({ field }: { field: string }) {
  const problem = useProblem(field)
  return problem ? <Text size="sm" c="var(--mantine-color-error)" role="alert" data-problem={field} tabIndex={-1}>{problem}</Text> : null
}

/** The same object for as long as the sentences are the same, so that typing redraws little. */
export function useSteady(found: Problems): Problems {
  const text = JSON.stringify(found)
  return useMemo(() => JSON.parse(text) as Problems, [text])
}

/** The field of a refusal, as the form names it. */
export function fieldOf(error: unknown): string | undefined {
  const field = error instanceof ProblemError ? error.problem.field : undefined
  return field?.replace(/^script\.(notification|survey|offer)\./, 'script.')
}

/** What stands at a field of what was sent: a refusal is shown until that changes. */
export function at(body: Body, field: string): string {
  const value = field.split('.').reduce<unknown>((whole, name) => (whole as Record<string, unknown> | null | undefined)?.[name], body)
  return JSON.stringify(value ?? null)
}
