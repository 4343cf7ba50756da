import { Alert, Button } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Component, type ReactNode } from 'react'
import { useWords } from '../i18n'

interface Given {
  place: string // a new place is tried anew
  children: ReactNode
}

/** Keeps the frame of the interface standing when a page breaks, or when a part of it cannot be fetched. */
export class Boundary extends Component<Given, { broken: string | null }> {
  override state = { broken: null }

  static getDerivedStateFromError() {
    return { broken: '' }
  }

  override componentDidUpdate(before: Given) {
    if (before.place !== this.props.place && this.state.broken !== null) this.setState({ broken: null })
  }

  override render() {
    return this.state.broken === null ? this.props.children : <Broken />
  }
}

function Broken() {
  const { t } = useWords()
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle />} title={t.error.title} role="alert">
      {t.error.broken}
      <Button mt="sm" display="block" size="xs" variant="light" color="red" onClick={() => location.reload()}>{t.error.reload}</Button>
    </Alert>
  )
}
