import type { Bucket } from '../api/client'

/** The buckets in the order in which a campaign fills them, with their colours. */
export const BUCKETS: readonly Bucket[] = ['reached', 'will_call_again', 'failed', 'not_called']

export const BUCKET_COLORS: Record<Bucket, string> = {
  reached: 'var(--bucket-reached)',
  will_call_again: 'var(--bucket-again)',
  failed: 'var(--bucket-failed)',
  not_called: 'var(--bucket-new)',
}
