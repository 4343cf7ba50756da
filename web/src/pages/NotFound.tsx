import { Button } from '@mantine/core'
import { IconMap2 } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useTitle, useWords } from '../i18n'
import { Empty } from '../parts/States'

export function NotFound() {
  const { t } = useWords()
  useTitle(t.notFound.title)
  return (
    <Empty icon={IconMap2} title={t.notFound.title}>
      <Button component={Link} href="/campaigns" variant="light" mt="sm">{t.notFound.toCampaigns}</Button>
    </Empty>
  )
}
