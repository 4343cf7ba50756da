import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconCopy, IconDots, IconFlag, IconPlayerPauseFilled, IconPlayerPlayFilled, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { CampaignDetails } from '../api/client'
import { useCopy, useFinish, useRemove, useSwitch } from '../api/queries'
import { useWords } from '../i18n'
import { LoadButton } from './LoadButton'
import { useTell } from './problem'

type Question = 'copy' | 'finish' | 'remove'

export function CampaignActions({ campaign, load }: { campaign: CampaignDetails; load: () => void }) {
  const { t } = useWords()
  const tell = useTell()
  const change = useSwitch()
  const [question, ask] = useState<Question | null>(null)
  const finished = campaign.status === 'finished'
  const on = campaign.switched_on
  return (
    <Group gap="xs" className="actions">
      {!finished && (
        <>
          <Button
            variant={on || campaign.leads === 0 ? 'default' : 'filled'} loading={change.isPending}
            leftSection={on ? <IconPlayerPauseFilled size={16} /> : <IconPlayerPlayFilled size={16} />}
            onClick={() => change.mutate({ id: campaign.id, on: !on }, { onError: tell })}
          >
            {on ? t.campaign.pause : t.campaign.start}
          </Button>
          <LoadButton load={load} variant="default" />
        </>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t.common.actions}><IconDots size={18} /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => ask('copy')}>{t.campaign.copy}</Menu.Item>
          {!finished && <Menu.Item leftSection={<IconFlag size={16} />} onClick={() => ask('finish')}>{t.campaign.finish}</Menu.Item>}
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => ask('remove')}>{t.campaign.remove}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {question && <Ask question={question} campaign={campaign} close={() => ask(null)} />}
    </Group>
  )
}

function Ask({ question, campaign, close }: { question: Question; campaign: CampaignDetails; close: () => void }) {
  const { t } = useWords()
  const tell = useTell()
  const [, go] = useLocation()
  const [name, setName] = useState(t.campaign.copyName(campaign.name))
  const copy = useCopy()
  const finish = useFinish()
  const remove = useRemove()
  const words = {
    copy: [t.campaign.copyTitle, t.campaign.copyNote, t.campaign.copy],
    finish: [t.campaign.finishTitle, t.campaign.finishNote, t.campaign.finish],
    remove: [t.campaign.removeTitle, t.campaign.removeNote, t.campaign.remove],
  } as const
  const [title, note, button] = words[question]

  function submit() {
    if (question === 'copy') {
      copy.mutate({ id: campaign.id, name }, { onError: tell, onSuccess: (made) => { close(); go(`/campaigns/${made.id}`) } })
    } else if (question === 'finish') {
      finish.mutate(campaign.id, { onError: tell, onSuccess: close })
    } else {
      remove.mutate(campaign.id, { onError: tell, onSuccess: () => go('/campaigns') })
    }
  }

  return (
    <Modal opened onClose={close} title={title} centered closeButtonProps={{ 'aria-label': t.common.close }}>
      <form onSubmit={(event) => { event.preventDefault(); submit() }}>
        <Stack>
          <Text size="sm">{note}</Text>
          {question === 'copy' && (
            <TextInput label={t.campaigns.name} value={name} required maxLength={200} data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t.common.cancel}</Button>
            <Button type="submit" color={question === 'remove' ? 'red' : undefined} loading={copy.isPending || finish.isPending || remove.isPending}>
              {button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
