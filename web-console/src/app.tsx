import { MutationCache, QueryCache, QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { Component, useEffect, useState, type ReactNode } from 'react'
import { RouterProvider } from 'react-aria-components'
import { useLocation } from 'wouter'
import { api, Problem } from './api/client'
import type { Language, Me } from './api/types'
import { Speak } from './i18n'
import { startHub, takePresence } from './live/hub'
import { ChangePassword, SignIn } from './pages/sign-in'
import { Session } from './session'
import { Shell } from './shell/shell'
import { Sprite } from './ui/icon'
import { Lost } from './ui/lost'
import { Failure, Skeleton } from './ui/parts'
import { useSetting } from './ui/settings'

// What any request may be told, whoever asked: to sign in again, or to change the password first.
const told: { refused?: (code: string) => void } = {}
const hear = (err: unknown) => {
  if (err instanceof Problem && (err.status === 401 || err.code === 'password_change_required')) told.refused?.(err.code)
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: hear }),
  mutationCache: new MutationCache({ onError: hear }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (count, err) => err instanceof Problem && err.passing && count < 2,
    },
  },
})

/** The language chosen here, else the one of the login, else the browser's. */
function spoken(chosen: Language | '', me?: Me): Language {
  if (chosen) return chosen
  if (me?.language) return me.language
  return navigator.language.startsWith('en') ? 'en' : 'sv'
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Sprite />
      <Guard instead={() => <Lost />}>
        <Gate />
      </Guard>
    </QueryClientProvider>
  )
}

/** If a page of ours breaks, what was written is still kept: something says so, and offers to load it anew. */
class Guard extends Component<{ instead: (error: unknown) => ReactNode; children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown }
  static getDerivedStateFromError = (error: unknown) => ({ error })
  override render() {
    return this.state.error === null ? this.props.children : <main className="door">{this.props.instead(this.state.error)}</main>
  }
}

const reload = () => location.reload()

/** Signed out, with a first password, or at work. */
function Gate() {
  const [chosen] = useSetting('language')
  const [ended, setEnded] = useState(false)
  const [mustChange, setMustChange] = useState<string | null>(null) // the old password, '' if it is to be asked for
  const client = useQueryClient()
  const me = useQuery({ queryKey: ['me'], queryFn: api.me, retry: false, staleTime: Infinity })
  const language = spoken(chosen, me.data)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])

  told.refused = (code) => {
    if (code === 'password_change_required') setMustChange((old) => old ?? '')
    else if (me.data) leave()
  }
  const leave = () => {
    setEnded(true)
    client.clear()
    void me.refetch()
  }
  const refused = me.error instanceof Problem && me.error.status === 401

  let page = <Skeleton />
  if (mustChange !== null) {
    page = <ChangePassword old={mustChange || undefined} done={() => (setMustChange(null), void me.refetch())} />
  } else if (refused || (ended && !me.data)) {
    page = <SignIn ended={ended} done={(s, password) => (setEnded(false), s.must_change_password ? setMustChange(password) : void me.refetch())} />
  } else if (me.error && !me.data) {
    page = <Failure error={me.error} retry={() => void me.refetch()} />
  } else if (me.data) {
    page = <Desk me={me.data} leave={leave} />
  }
  return (
    <Speak language={language}>
      <Guard instead={(error) => <Failure error={error} retry={reload} />}>{page}</Guard>
    </Speak>
  )
}

function Desk({ me, leave }: { me: Me; leave: () => void }) {
  const client = useQueryClient()
  const [, go] = useLocation()
  useEffect(() => {
    const stop = startHub(me.agent, client, leave)
    takePresence(me.presence)
    return stop
    // The hub lives as long as the person is signed in.
  }, [me.agent])
  return (
    <Session.Provider value={{ me, leave }}>
      <RouterProvider navigate={go}>
        <Shell />
      </RouterProvider>
    </Session.Provider>
  )
}
