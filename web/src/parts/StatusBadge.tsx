import { Badge, type MantineColor } from '@mantine/core'
import type { CallResult, Status } from '../api/client'
import { useWords } from '../i18n'

const colors: Record<Status, MantineColor> = {
  processing: 'gray',
  scheduled: 'blue',
  running: 'bell',
  paused: 'yellow',
  finished: 'gray',
  error: 'red',
}

export function StatusBadge({ status, size = 'md' }: { status: Status; size?: 'md' | 'lg' }) {
  const { t } = useWords()
  return (
    <Badge className="status" data-running={status === 'running' || undefined} color={colors[status]} size={size} variant="dot">
      {t.statuses[status]}
    </Badge>
  )
}

const good = new Set<CallResult>(['completed', 'transferred'])
const asked = new Set<CallResult>(['callback_requested'])
const bad = new Set<CallResult>(['system_error', 'unknown_error', 'transfer_failed', 'lost', 'nonexistent_number', 'blacklisted'])

export function resultColor(result: CallResult): MantineColor {
  if (good.has(result)) return 'bell'
  if (asked.has(result)) return 'blue'
  return bad.has(result) ? 'red' : 'gray'
}

export function ResultBadge({ result }: { result: CallResult | null }) {
  const { t } = useWords()
  if (result === null) return <Badge className="status" data-running color="blue" variant="dot">{t.campaign.inProgress}</Badge>
  return <Badge className="status" color={resultColor(result)} variant="light">{t.results[result]}</Badge>
}
