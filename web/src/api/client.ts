// The one door to the API: typed by its description, every refusal a `ProblemError`.
import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']
export type Campaign = Schemas['CampaignView']
export type CampaignDetails = Schemas['CampaignDetails']
export type Kind = Schemas['CampaignKind']
export type Status = Schemas['CampaignStatus']
export type Bucket = Schemas['Bucket']
export type CallResult = Schemas['CallResult']

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message)
    this.name = 'ProblemError'
  }
}

export const api = createClient<paths>({ headers: { 'X-Requested-With': 'zvonar' } })

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** Awaits one request and returns its answer, or throws a `ProblemError` whatever went wrong. */
export async function ask<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await request
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ProblemError(own('offline', 0, 'The server cannot be reached.'))
  }
  if (answer.response.ok) return answer.data as T
  throw new ProblemError(isProblem(answer.error) ? answer.error : own('unreadable', answer.response.status, 'The server gave an answer that cannot be read.'))
}

function own(code: string, status: number, message: string): Problem {
  return { type: 'about:blank', title: '', status, code, message }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value
}
