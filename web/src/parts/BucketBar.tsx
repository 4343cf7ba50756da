import { Tooltip } from '@mantine/core'
import type { Bucket } from '../api/client'
import { number, percent } from '../format'
import { useWords } from '../i18n'
import { BUCKET_COLORS, BUCKETS } from './buckets'

/** One bar that shows how the leads of a campaign are spread over the buckets. */
export function BucketBar({ buckets, leads, height = 8 }: { buckets: Record<Bucket, number>; leads: number; height?: number }) {
  const { t, language } = useWords()
  const words = BUCKETS.map((one) => `${t.buckets[one]}: ${number(language, buckets[one])} (${percent(language, buckets[one], leads)})`)
  return (
    <Tooltip label={words.map((line) => <div key={line}>{line}</div>)} disabled={leads === 0} multiline withArrow>
      <div className="bucket-bar" style={{ height }} role="img" aria-label={words.join(', ')}>
        {BUCKETS.filter((one) => one !== 'not_called').map((one) => (
          <div key={one} style={{ width: leads ? `${(buckets[one] / leads) * 100}%` : 0, background: BUCKET_COLORS[one] }} />
        ))}
      </div>
    </Tooltip>
  )
}
