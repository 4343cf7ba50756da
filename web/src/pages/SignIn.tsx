import { Alert, Box, Button, Center, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useSignIn } from '../api/queries'
import { useTitle, useWords } from '../i18n'
import { sentence } from '../parts/problem'
import { Brand, LanguageSwitch } from '../shell/Shell'

export function SignIn() {
  const { t } = useWords()
  const signIn = useSignIn()
  useTitle(t.signIn.title)
  return (
    <Center component="main" mih="100dvh" p="md">
      <Box w="100%" maw={380}>
        <Group justify="space-between" mb="lg">
          <Brand />
          <LanguageSwitch />
        </Group>
        <Paper withBorder p="xl" radius="lg">
          <Title order={1} size="h2">{t.signIn.title}</Title>
          <Text size="sm" c="dimmed" mb="lg">{t.signIn.lead}</Text>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              const given = new FormData(event.currentTarget)
              signIn.mutate({ login: String(given.get('login')), password: String(given.get('password')) })
            }}
          >
            <Stack>
              <TextInput name="login" label={t.signIn.login} autoComplete="username" required withAsterisk={false} autoFocus />
              <PasswordInput name="password" label={t.signIn.password} autoComplete="current-password" required withAsterisk={false} />
              {signIn.isError && <Alert color="red" variant="light" role="alert">{sentence(t, signIn.error)}</Alert>}
              <Button type="submit" fullWidth loading={signIn.isPending}>{t.signIn.submit}</Button>
            </Stack>
          </form>
        </Paper>
      </Box>
    </Center>
  )
}
