import { Alert, AppShell, Avatar, Box, Burger, Group, Menu, NavLink, SegmentedControl, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDeviceDesktop, IconHeadset, IconLogout, IconMoon, IconPhoneOutgoing, IconPlugConnectedX, IconSun } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { Schemas } from '../api/client'
import { useSignOut } from '../api/queries'
import bell from '../bell.svg'
import { useWords } from '../i18n'
import { useLive, useLost } from '../live'
import { useTell } from '../parts/problem'
import { Boundary } from './Boundary'

export function Shell({ me, children }: { me: Schemas['Me']; children: ReactNode }) {
  const { t } = useWords()
  useLive(useQueryClient())
  const lost = useLost()
  const [place] = useLocation()
  const [menu, { toggle, close }] = useDisclosure(false)
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !menu } }} padding={{ base: 'sm', sm: 'lg' }}>
      <AppShell.Header>
        <Group h="100%" px={{ base: 'sm', sm: 'lg' }} justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t.shell.menu} />
            <Brand />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LanguageSwitch />
            <Account me={me} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" onClick={close}>
        <Place to="/campaigns" label={t.shell.campaigns} icon={<IconPhoneOutgoing size={18} stroke={1.6} />} />
        <Place to="/groups" label={t.shell.groups} icon={<IconHeadset size={18} stroke={1.6} />} />
      </AppShell.Navbar>
      <AppShell.Main>
        {lost && (
          <Alert color="orange" variant="light" icon={<IconPlugConnectedX />} mb="md" role="status">{t.shell.lost}</Alert>
        )}
        <Box maw={1280} mx="auto"><Boundary place={place}>{children}</Boundary></Box>
      </AppShell.Main>
    </AppShell>
  )
}

export function Brand() {
  const { t } = useWords()
  return (
    <Group gap={10} wrap="nowrap">
      <img src={bell} width={28} height={28} alt="" />
      <Text fw={700} size="lg">{t.product}</Text>
    </Group>
  )
}

function Place({ to, label, icon }: { to: string; label: string; icon: ReactNode }) {
  const [location] = useLocation()
  return <NavLink component={Link} href={to} label={label} leftSection={icon} active={location.startsWith(to)} style={{ borderRadius: 8 }} />
}

export function LanguageSwitch() {
  const { t, language, setLanguage } = useWords()
  return (
    <SegmentedControl
      size="xs" value={language} aria-label={t.shell.language}
      onChange={(chosen) => setLanguage(chosen === 'en' ? 'en' : 'ru')}
      data={[{ value: 'ru', label: 'RU' }, { value: 'en', label: 'EN' }]}
    />
  )
}

export function ThemeSwitch() {
  const { t } = useWords()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const schemes = { light: [t.shell.light, IconSun], dark: [t.shell.dark, IconMoon], auto: [t.shell.auto, IconDeviceDesktop] } as const
  return (Object.keys(schemes) as (keyof typeof schemes)[]).map((scheme) => {
    const [label, Icon] = schemes[scheme]
    return (
      <Menu.Item key={scheme} leftSection={<Icon size={16} />} onClick={() => setColorScheme(scheme)} fw={colorScheme === scheme ? 650 : 400}>
        {label}
      </Menu.Item>
    )
  })
}

function Account({ me }: { me: Schemas['Me'] }) {
  const { t } = useWords()
  const signOut = useSignOut()
  const tell = useTell()
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton aria-label={t.shell.account}>
          <Avatar name={me.name || me.login} color="bell" radius="xl" size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)">{me.name || me.login}</Text>
          <Text size="xs">{me.login}</Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t.shell.theme}</Menu.Label>
        <ThemeSwitch />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate(undefined, { onError: tell })}>{t.shell.signOut}</Menu.Item>
        <Menu.Label>{t.shell.version(me.version)}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
