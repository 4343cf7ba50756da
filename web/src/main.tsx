import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './style.css'

import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ProblemError } from './api/client'
import { ME } from './api/queries'
import { App } from './App'
import { WordsProvider } from './i18n'
import { readable, theme } from './theme'

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
Object.assign(window, { __webpack_nonce__: nonce }) // read by the library that locks scrolling under dialogs

function signedOut(error: Error) {
  if (error instanceof ProblemError && error.problem.code === 'not_signed_in') queries.setQueryData(ME, null)
}

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: signedOut }),
  mutationCache: new MutationCache({ onError: signedOut }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && error instanceof ProblemError && (error.problem.status === 0 || error.problem.status >= 502),
    },
  },
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={readable} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <WordsProvider>
          <QueryClientProvider client={queries}>
            <Notifications position="top-right" />
            <App />
          </QueryClientProvider>
        </WordsProvider>
      </MantineProvider>
    </StrictMode>,
  )
}
