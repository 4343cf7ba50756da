import { Button, type ButtonProps } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconUpload } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import { useWords } from '../i18n'

const LoadContacts = lazy(() => import('./LoadContacts'))

/** Opens the dialog that loads contacts into a campaign. */
export function LoadButton({ campaign, ...looks }: { campaign: number } & Pick<ButtonProps, 'variant' | 'mt'>) {
  const { t } = useWords()
  const [opened, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button leftSection={<IconUpload size={16} />} onClick={open} {...looks}>{t.campaign.load}</Button>
      {opened && <Suspense><LoadContacts campaign={campaign} close={close} /></Suspense>}
    </>
  )
}
