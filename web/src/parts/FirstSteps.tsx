import { Anchor, Button, Stack, Text, Title } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useWords } from '../i18n'

/** What somebody does first in a system that is still empty. */
export function FirstSteps() {
  const { t } = useWords()
  return (
    <section className="panel step" aria-label={t.first.title}>
      <Stack gap="lg" maw={640} mx="auto" py="lg">
        <div>
          <Title order={2}>{t.first.title}</Title>
          <Text size="sm" c="dimmed">{t.first.lead}</Text>
        </div>
        <ol className="first-steps">
          {t.first.steps.map(([title, note], place) => (
            <li key={title}>
              <span className="step-number" aria-hidden>{place + 1}</span>
              <div><Text fw={600}>{title}</Text><Text size="sm" c="dimmed">{note}</Text></div>
            </li>
          ))}
        </ol>
        <Button component={Link} href="/campaigns/new" leftSection={<IconPlus size={18} />} w="fit-content">{t.first.start}</Button>
        <Text size="sm" c="dimmed">{t.first.operators} <Anchor component={Link} href="/groups" size="sm" underline="always">{t.shell.groups}</Anchor></Text>
      </Stack>
    </section>
  )
}
