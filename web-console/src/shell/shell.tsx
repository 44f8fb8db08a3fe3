import { lazy, Suspense, useEffect, useState } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { useWords } from '../i18n'
import { useLive } from '../live/hub'
import { useUrgent } from '../live/unread'
import { Workspace } from '../pages/workspace'
import { Thread } from '../thread/thread'
import { useKeys } from '../ui/keys'
import { Skeleton } from '../ui/parts'
import { useCalls } from './calls'
import { ControlPanel } from './control-panel'
import { Offers } from './offers'
import { Rail, tabs } from './rail'
import { Strips } from './strips'

const Phone = lazy(() => import('../pages/phone').then((m) => ({ default: m.Phone })))
const Boards = lazy(() => import('../pages/boards').then((m) => ({ default: m.Boards })))
const Messages = lazy(() => import('../pages/messages').then((m) => ({ default: m.Messages })))
const Grid = lazy(() => import('../pages/grid').then((m) => ({ default: m.Grid })))
const Urgent = lazy(() => import('../staff/urgent').then((m) => ({ default: m.Urgent })))
const Customers = lazy(() => import('../pages/customers').then((m) => ({ default: m.Customers })))
const Knowledge = lazy(() => import('../pages/knowledge').then((m) => ({ default: m.Knowledge })))
const Analysis = lazy(() => import('../pages/analysis').then((m) => ({ default: m.Analysis })))
const Settings = lazy(() => import('../pages/settings').then((m) => ({ default: m.Settings })))
const ChordSheet = lazy(() => import('./chords').then((m) => ({ default: m.ChordSheet })))
const loadPalette = () => import('./palette')
const Palette = lazy(() => loadPalette().then((m) => ({ default: m.Palette })))

const openOnBreak = new Set(['status', 'messages', 'settings', 'analysis'])
const jump = { KeyT: 'phone', KeyC: 'chat', KeyE: 'email', KeyS: 'status', KeyM: 'messages' } as const

/** Everything around the work: the bar, the rail, the strips, the offers. */
export function Shell() {
  const w = useWords()
  const [path, go] = useLocation()
  const [palette, setPalette] = useState(false)
  const [chords, setChords] = useState(false)
  const urgent = useUrgent()
  const resting = useLive((l) => l.presence?.status === 'on_break')
  const here = path.split('/')[1] ?? ''
  const closed = resting && !openOnBreak.has(here)
  const shortcuts = () => setChords(true)
  useKeys({ 'mod+KeyK': () => setPalette(true), 'mod+Slash': shortcuts })
  useCalls(path, go)
  useJumps(go)
  useEffect(() => {
    requestIdleCallback(() => void loadPalette()) // who presses ⌘K types on at once
  }, [])
  return (
    <div className="app">
      <a className="skip" href="#work">
        {w.common.skip}
      </a>
      <ControlPanel search={() => setPalette(true)} shortcuts={shortcuts} />
      <Strips />
      <Rail />
      {closed && (
        <main className="vh">
          <h1>{w.status.on_break}</h1>
        </main>
      )}
      <div className="desk" id="work" tabIndex={-1} inert={closed}>
        <Suspense fallback={<main className="sheet"><Skeleton /></main>}>
          <Switch>
            <Route path="/chat/:id?">{(p) => <Workspace tab="chat" id={p.id} />}</Route>
            <Route path="/chats">
              <Grid thread={(i, open) => <Thread tab="chat" interaction={i} side={open} named />} />
            </Route>
            <Route path="/email/:id?">{(p) => <Workspace tab="email" id={p.id} />}</Route>
            <Route path="/phone" component={Phone} />
            <Route path="/status" component={Boards} />
            <Route path="/messages/:id?">{(p) => <Messages id={p.id} />}</Route>
            <Route path="/customers/:id?">{(p) => <Customers customer={p.id} />}</Route>
            <Route path="/cases/:id?">{(p) => <Customers case={p.id} cases />}</Route>
            <Route path="/knowledge/:id?">{(p) => <Knowledge id={p.id} />}</Route>
            <Route path="/analysis" component={Analysis} />
            <Route path="/settings/:section?/:id?">{(p) => <Settings section={p.section} id={p.id} />}</Route>
            <Route>
              <Redirect to="/chat" />
            </Route>
          </Switch>
        </Suspense>
        <Offers />
      </div>
      {urgent.length > 0 && !resting && (
        <Suspense>
          <Urgent all={urgent} />
        </Suspense>
      )}
      {chords && (
        <Suspense>
          <ChordSheet close={() => setChords(false)} />
        </Suspense>
      )}
      {palette && (
        <Suspense>
          <Palette close={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  )
}

/** G and then a letter goes to a tab. */
function useJumps(go: (to: string) => void) {
  const [waiting, setWaiting] = useState(false)
  const to = (tab: (typeof tabs)[number]) => () => {
    setWaiting(false)
    go(`/${tab}`)
  }
  useKeys({
    KeyG: () => setWaiting(true),
    ...(waiting ? Object.fromEntries(Object.entries(jump).map(([key, tab]) => [key, to(tab)])) : {}),
  })
}
