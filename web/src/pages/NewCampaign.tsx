import { Alert, Anchor, Box, Button, Group, Modal, Radio, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconArrowLeft, IconBell, IconClipboardList, IconGift, type TablerIcon } from '@tabler/icons-react'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useCreate, useMe } from '../api/queries'
import { useTitle, useWords } from '../i18n'
import { at, fieldOf, FoundProblems, ProblemText, useProblem, useSteady } from '../new/problems'
import { bodyOf } from '../new/body'
import { check } from '../new/check'
import { type Draft, KINDS, type RobotKind } from '../new/draft'
import { How } from '../new/How'
import { Notification } from '../new/Notification'
import { Offer } from '../new/Offer'
import { type Edit, useDraft } from '../new/store'
import { Survey } from '../new/Survey'
import { When } from '../new/When'
import { sentence } from '../parts/problem'

const ICONS: Record<RobotKind, TablerIcon> = { notification: IconBell, survey: IconClipboardList, offer: IconGift }
const SCRIPTS = { notification: Notification, survey: Survey, offer: Offer }

/** Writing a new campaign, from top to bottom on one page; the draft outlives errors and reloads. */
export default function NewCampaign() {
  const { t, language } = useWords()
  const login = useMe().data?.login ?? ''
  const { draft, edit, kept, finish, clear } = useDraft(login, language)
  const [, go] = useLocation()
  useTitle(t.create.title)
  const create = useCreate()
  const [tried, setTried] = useState(0)
  const form = useRef<HTMLFormElement>(null)
  const body = useMemo(() => bodyOf(draft), [draft])
  const field = fieldOf(create.error)
  const refused = create.error && create.variables && (!field || at(body, field) === at(create.variables, field)) ? create.error : null
  const mine = tried > 0 ? check(draft, t.create.wrong) : {}
  const found = useSteady(refused && field ? { [field]: sentence(t, refused), ...mine } : mine)

  // What is wrong is shown where it is: the first such place comes into view and gets the cursor.
  useEffect(() => {
    if (tried === 0) return
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-problem]')?.focus()
  }, [tried, create.error])

  function submit() {
    setTried((times) => times + 1)
    if (create.isPending || Object.keys(check(draft, t.create.wrong)).length > 0) return
    create.mutate(body, {
      onSuccess: (made) => {
        finish(draft)
        notifications.show({ message: t.create.created })
        go(`/campaigns/${made.id}`)
      },
    })
  }

  const Script = SCRIPTS[draft.kind]
  const wrong = Object.keys(found).length
  return (
    <FoundProblems value={found}>
      <form ref={form} noValidate onSubmit={(event) => { event.preventDefault(); submit() }}>
        <Stack gap="md" maw={920}>
          <Anchor component={Link} href="/campaigns" size="sm" c="dimmed" w="fit-content">
            <Group gap={6}><IconArrowLeft size={16} />{t.campaigns.title}</Group>
          </Anchor>
          <Box>
            <Title order={1}>{t.create.title}</Title>
            <Text size="sm" c="dimmed">{t.create.lead}</Text>
          </Box>
          <Step n={1} title={t.create.steps.what}><What draft={draft} edit={edit} /></Step>
          <Step n={2} title={t.create.steps.says} side={<RobotLanguage draft={draft} edit={edit} />}>
            <Text size="sm" c="dimmed" mb="md" maw={720}>{t.create.insertNote}</Text>
            <ProblemText field="script" />
            <Script draft={draft} edit={edit} />
          </Step>
          <Step n={3} title={t.create.steps.when}><When when={draft.when} edit={edit} /></Step>
          <Step n={4} title={t.create.steps.how}><How how={draft.how} kind={draft.kind} edit={edit} /></Step>
          {refused && <Alert color="red" variant="light" role="alert" title={t.error.title}>{sentence(t, refused)}</Alert>}
          <div className="form-foot">
            <Box>
              {wrong > 0 && <Text size="sm" c="var(--mantine-color-error)" role="status">{t.create.mend(wrong)}</Text>}
              <Text size="xs" c={kept ? 'dimmed' : 'var(--mantine-color-error)'}>{kept ? t.create.saved : t.create.notSaved}</Text>
            </Box>
            <Group gap="sm">
              <Clear clear={() => { clear(); setTried(0); create.reset() }} />
              <Button type="submit" loading={create.isPending}>{t.create.submit}</Button>
            </Group>
          </div>
        </Stack>
      </form>
    </FoundProblems>
  )
}

function Step({ n, title, side, children }: { n: number; title: string; side?: ReactNode; children: ReactNode }) {
  return (
    <section className="panel step" aria-label={title}>
      <Group justify="space-between" mb="md">
        <Group gap="sm" wrap="nowrap"><span className="step-number" aria-hidden>{n}</span><Title order={2}>{title}</Title></Group>
        {side}
      </Group>
      {children}
    </section>
  )
}

function What({ draft, edit }: { draft: Draft; edit: Edit }) {
  const { t } = useWords()
  const nameProblem = useProblem('name')
  return (
    <Stack>
      <Radio.Group value={draft.kind} aria-label={t.create.steps.what} onChange={(kind) => edit((now) => ({ ...now, kind: kind as RobotKind }))}>
        <div className="kinds">
          {KINDS.map((kind) => {
            const Icon = ICONS[kind]
            return (
              <Radio.Card key={kind} value={kind} className="kind" aria-label={t.kinds[kind]}>
                <Group gap="sm" wrap="nowrap" mb={4}><Icon size={20} stroke={1.6} /><Text fw={600} flex={1}>{t.kinds[kind]}</Text><Radio.Indicator /></Group>
                <Text size="xs" c="dimmed">{t.create.kindNotes[kind]}</Text>
              </Radio.Card>
            )
          })}
        </div>
      </Radio.Group>
      <TextInput
        required label={t.create.name} placeholder={t.create.namePlaceholder} value={draft.name} error={nameProblem} maxLength={200} data-field="name"
        onChange={(event) => {
          const name = event.currentTarget.value
          edit((now) => ({ ...now, name }))
        }}
      />
    </Stack>
  )
}

function RobotLanguage({ draft, edit }: { draft: Draft; edit: Edit }) {
  const { t } = useWords()
  return (
    <SegmentedControl
      size="xs" value={draft.language} aria-label={t.create.robotLanguage}
      data={[{ value: 'ru', label: t.create.languages.ru }, { value: 'en', label: t.create.languages.en }]}
      onChange={(chosen) => edit((now) => ({ ...now, language: chosen === 'en' ? 'en' : 'ru' }))}
    />
  )
}

function Clear({ clear }: { clear: () => void }) {
  const { t } = useWords()
  const [asking, ask] = useDisclosure(false)
  return (
    <>
      <Button variant="subtle" color="gray" onClick={ask.open}>{t.create.clear}</Button>
      <Modal opened={asking} onClose={ask.close} title={t.create.clearTitle} centered closeButtonProps={{ 'aria-label': t.common.close }}>
        <Text size="sm" mb="md">{t.create.clearNote}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={ask.close}>{t.common.cancel}</Button>
          <Button color="red" data-autofocus onClick={() => { ask.close(); clear() }}>{t.create.clear}</Button>
        </Group>
      </Modal>
    </>
  )
}
