import { Alert, Button, Group, Modal, NumberInput, Stack, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { useSaveGroup } from '../api/queries'
import { useWords } from '../i18n'
import { sentence } from './problem'

/** Creates an operator group, or changes the telephones of one. */
export function GroupDialog({ group, close, saved }: { group?: Schemas['GroupView'] | undefined; close: () => void; saved?: (name: string) => void }) {
  const { t } = useWords()
  const save = useSaveGroup()
  const [name, setName] = useState(group?.name ?? '')
  const [phones, setPhones] = useState(group?.phones.join('\n') ?? '')
  const [wait, setWait] = useState(group?.wait_s ?? 60)
  return (
    <Modal opened onClose={close} title={group ? t.groups.edit : t.groups.create} centered closeButtonProps={{ 'aria-label': t.common.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          event.stopPropagation() // it may stand inside another form
          const list = phones.split(/[\n,;]/).map((one) => one.trim()).filter(Boolean)
          save.mutate({ name: name.trim(), phones: list, wait_s: wait }, { onSuccess: (made) => { saved?.(made.name); close() } })
        }}
      >
        <Stack>
          {save.isError && <Alert color="red" variant="light" role="alert">{sentence(t, save.error)}</Alert>}
          <TextInput
            label={t.groups.name} required maxLength={200} value={name} readOnly={group !== undefined} data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label={t.groups.phones} description={t.groups.phonesNote} required autosize minRows={3} maxRows={10} value={phones}
            onChange={(event) => setPhones(event.currentTarget.value)}
          />
          <NumberInput label={t.groups.wait} suffix={` ${t.groups.seconds}`} min={1} max={3600} value={wait} onChange={(value) => setWait(Number(value) || 60)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t.common.cancel}</Button>
            <Button type="submit" loading={save.isPending}>{t.common.save}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
