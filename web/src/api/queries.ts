// What the pages ask for and change. Keys: ['campaigns', …] lists; ['campaign', id, …] all that belongs to one.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, ask, type Bucket, type Campaign, type CampaignDetails, ProblemError, type Schemas, type Status } from './client'

export const ME = ['me'] as const

/** The user who is signed in, or null. */
export function useMe() {
  return useQuery({
    queryKey: ME,
    queryFn: async ({ signal }) => {
      try {
        return await ask(api.GET('/api/v1/me', { signal }))
      } catch (error) {
        if (error instanceof ProblemError && error.problem.status === 401) return null
        throw error
      }
    },
    staleTime: 60_000,
  })
}

export function useSignIn() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: Schemas['SignIn']) => ask(api.POST('/api/v1/session', { body })),
    onSuccess: (me) => queries.setQueryData(ME, me),
  })
}

export function useSignOut() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => ask(api.DELETE('/api/v1/session')),
    onSuccess: () => {
      queries.setQueryData(ME, null)
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== ME[0] })
    },
  })
}

export interface CampaignFilter {
  status?: Status | undefined
  text?: string | undefined
}

export function useCampaigns({ status, text }: CampaignFilter) {
  return useQuery({
    queryKey: ['campaigns', { status, text }],
    queryFn: ({ signal }) => ask(api.GET('/api/v1/campaigns', { params: { query: { status, text: text || undefined } }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function useCampaign(id: number) {
  return useQuery({
    queryKey: ['campaign', id],
    queryFn: ({ signal }) => ask(api.GET('/api/v1/campaigns/{campaign}', { params: { path: { campaign: id } }, signal })),
  })
}

export function useReport(id: number) {
  return useQuery({
    queryKey: ['campaign', id, 'report'],
    queryFn: ({ signal }) => ask(api.GET('/api/v1/campaigns/{campaign}/report', { params: { path: { campaign: id } }, signal })),
  })
}

export interface Page {
  after?: number | undefined
  limit: number
}

export function useLeads(id: number, bucket: Bucket | undefined, page: Page) {
  return useQuery({
    queryKey: ['campaign', id, 'leads', bucket, page],
    queryFn: ({ signal }) =>
      ask(api.GET('/api/v1/campaigns/{campaign}/leads', { params: { path: { campaign: id }, query: { bucket, ...page } }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function useCalls(id: number, page: Page) {
  return useQuery({
    queryKey: ['campaign', id, 'calls', page],
    queryFn: ({ signal }) =>
      ask(api.GET('/api/v1/campaigns/{campaign}/calls', { params: { path: { campaign: id }, query: page }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function useCall(campaign: number, attempt: number) {
  return useQuery({
    queryKey: ['campaign', campaign, 'call', attempt],
    queryFn: ({ signal }) => ask(api.GET('/api/v1/calls/{attempt}', { params: { path: { attempt } }, signal })),
  })
}

/** Switches a campaign on or off and shows the answer at once. */
export function useSwitch() {
  const put = usePutCampaign()
  return useMutation({
    mutationFn: ({ id, on }: { id: number; on: boolean }) => {
      const params = { path: { campaign: id } }
      return ask(on ? api.POST('/api/v1/campaigns/{campaign}/start', { params }) : api.POST('/api/v1/campaigns/{campaign}/pause', { params }))
    },
    onSuccess: put,
  })
}

export function useFinish() {
  const put = usePutCampaign()
  return useMutation({
    mutationFn: (id: number) => ask(api.POST('/api/v1/campaigns/{campaign}/finish', { params: { path: { campaign: id } } })),
    onSuccess: put,
  })
}

export function useCopy() {
  const put = usePutCampaign()
  return useMutation({
    mutationFn: ({ id, name }: { id: number; name: string }) =>
      ask(api.POST('/api/v1/campaigns/{campaign}/copy', { params: { path: { campaign: id } }, body: { name } })),
    onSuccess: put,
  })
}

export function useRemove() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: number) => ask(api.DELETE('/api/v1/campaigns/{campaign}', { params: { path: { campaign: id } } })),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: ['campaign', id] })
      return queries.invalidateQueries({ queryKey: ['campaigns'] })
    },
  })
}

export function useCreate() {
  const put = usePutCampaign()
  return useMutation({
    mutationFn: (body: Schemas['NewCampaignForm']) => ask(api.POST('/api/v1/campaigns', { body })),
    onSuccess: put,
  })
}

export function usePreview() {
  return useMutation({
    mutationFn: (file: File) =>
      ask(api.POST('/api/v1/contacts/preview', { body: { file: '' }, bodySerializer: () => form({ file }) })),
  })
}

export function useLoad(campaign: number) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ file, mapping }: { file: File; mapping: Record<string, string> }) =>
      ask(
        api.POST('/api/v1/campaigns/{campaign}/contacts', {
          params: { path: { campaign } },
          body: { file: '' },
          bodySerializer: () => form({ file, mapping: JSON.stringify(mapping) }),
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['campaign', campaign] })
      await queries.invalidateQueries({ queryKey: ['campaigns'] })
    },
  })
}

export function useGroups() {
  return useQuery({ queryKey: ['groups'], queryFn: ({ signal }) => ask(api.GET('/api/v1/operator-groups', { signal })) })
}

export function useTrunks() {
  return useQuery({ queryKey: ['trunks'], queryFn: ({ signal }) => ask(api.GET('/api/v1/trunks', { signal })) })
}

export function useSaveGroup() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: Schemas['GroupForm']) => ask(api.POST('/api/v1/operator-groups', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['groups'] }),
  })
}

function form(parts: Record<string, string | File>): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(parts)) data.append(name, value)
  return data
}

/** Puts a campaign that an answer brought into everything that shows it. */
function usePutCampaign() {
  const queries = useQueryClient()
  return (campaign: CampaignDetails) => {
    queries.setQueryData(['campaign', campaign.id], campaign)
    queries.setQueriesData<Campaign[]>({ queryKey: ['campaigns'] }, (rows) =>
      rows?.map((row) => (row.id === campaign.id ? { ...row, ...campaign } : row)),
    )
    return queries.invalidateQueries({ queryKey: ['campaigns'] })
  }
}
