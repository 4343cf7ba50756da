import { Center, Loader } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { useMe } from './api/queries'
import { Campaigns } from './pages/Campaigns'
import { NotFound } from './pages/NotFound'
import { SignIn } from './pages/SignIn'
import { Failure } from './parts/States'
import { Shell } from './shell/Shell'

const CampaignPage = lazy(() => import('./pages/CampaignPage'))
const NewCampaign = lazy(() => import('./pages/NewCampaign'))
const Groups = lazy(() => import('./pages/Groups'))

export function App() {
  const me = useMe()
  if (me.isPending) return <Waiting />
  if (me.isError) return <Center mih="100dvh" p="md"><Failure error={me.error} retry={() => void me.refetch()} /></Center>
  if (me.data === null) return <SignIn />
  return (
    <Shell me={me.data}>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/"><Redirect to="/campaigns" replace /></Route>
          <Route path="/campaigns"><Campaigns /></Route>
          <Route path="/campaigns/new"><NewCampaign /></Route>
          <Route path="/campaigns/:id">{({ id }) => (/^\d+$/.test(id) ? <CampaignPage key={id} id={Number(id)} /> : <NotFound />)}</Route>
          <Route path="/groups"><Groups /></Route>
          <Route><NotFound /></Route>
        </Switch>
      </Suspense>
    </Shell>
  )
}

function Waiting() {
  return <Center mih="60dvh"><Loader type="dots" /></Center>
}
