import { ActionIcon, Box, Button, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconHeadset, IconPencil, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { useGroups } from '../api/queries'
import { phone } from '../format'
import { useTitle, useWords } from '../i18n'
import { GroupDialog } from '../parts/GroupDialog'
import { Empty, Failure } from '../parts/States'

type OperatorGroup = Schemas['GroupView']

export default function Groups() {
  const { t } = useWords()
  const groups = useGroups()
  useTitle(t.groups.title)
  const [opened, dialog] = useDisclosure(false)
  const [edited, edit] = useState<OperatorGroup | undefined>()

  function open(group?: OperatorGroup) {
    edit(group)
    dialog.open()
  }

  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1}>{t.groups.title}</Title>
        <Button leftSection={<IconPlus size={18} />} onClick={() => open()}>{t.groups.create}</Button>
      </Group>
      <Text size="sm" c="dimmed" maw={640}>{t.groups.lead}</Text>
      {groups.isError && !groups.data ? (
        <Failure error={groups.error} retry={() => void groups.refetch()} />
      ) : !groups.data ? (
        <Skeleton height={180} />
      ) : groups.data.length === 0 ? (
        <div className="panel"><Empty icon={IconHeadset} title={t.groups.empty} note={t.groups.emptyNote} /></div>
      ) : (
        <div className="panel">
          <Box visibleFrom="sm"><Lines groups={groups.data} open={open} /></Box>
          <Box hiddenFrom="sm">{groups.data.map((group) => <Tile key={group.id} group={group} open={open} />)}</Box>
        </div>
      )}
      {opened && <GroupDialog group={edited} close={dialog.close} />}
    </Stack>
  )
}

function Lines({ groups, open }: { groups: OperatorGroup[]; open: (group: OperatorGroup) => void }) {
  const { t } = useWords()
  return (
    <Table verticalSpacing="sm" horizontalSpacing="md">
      <Table.Thead>
        <Table.Tr><Table.Th>{t.groups.name}</Table.Th><Table.Th>{t.groups.phones}</Table.Th><Table.Th>{t.groups.wait}</Table.Th><Table.Th aria-label={t.common.actions} /></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {groups.map((group) => (
          <Table.Tr key={group.id}>
            <Table.Td fw={600}>{group.name}</Table.Td>
            <Table.Td>{group.phones.map(phone).join(', ')}</Table.Td>
            <Table.Td>{t.common.seconds(group.wait_s ?? 60)}</Table.Td>
            <Table.Td ta="right">
              <Button
                size="xs" variant="subtle" leftSection={<IconPencil size={14} />} aria-label={`${t.groups.edit}: ${group.name}`}
                onClick={() => open(group)}
              >
                {t.groups.edit}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Tile({ group, open }: { group: OperatorGroup; open: (group: OperatorGroup) => void }) {
  const { t } = useWords()
  return (
    <div className="tile">
      <Group justify="space-between" wrap="nowrap">
        <Box miw={0}>
          <Text fw={600} size="sm">{group.name}</Text>
          <Text size="xs" c="dimmed">{group.phones.map(phone).join(', ')}</Text>
          <Text size="xs" c="dimmed">{t.groups.wait}: {t.common.seconds(group.wait_s ?? 60)}</Text>
        </Box>
        <ActionIcon variant="subtle" size="lg" aria-label={`${t.groups.edit}: ${group.name}`} onClick={() => open(group)}><IconPencil size={18} /></ActionIcon>
      </Group>
    </div>
  )
}
