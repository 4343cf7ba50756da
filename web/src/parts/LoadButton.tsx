import { Button, type ButtonProps } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useWords } from '../i18n'

/** Asks the page for the dialog that loads contacts; the page holds it, for this button may go once there are some. */
export function LoadButton({ load, ...looks }: { load: () => void } & Pick<ButtonProps, 'variant' | 'mt'>) {
  const { t } = useWords()
  return <Button leftSection={<IconUpload size={16} />} onClick={load} {...looks}>{t.campaign.load}</Button>
}
