import { useLocation } from 'wouter'
import type { Id } from '../api/types'
import { CollaborateSettings } from '../collaborate/admin'
import { Agent, Agents } from './agents'
import { BlockedVisitors } from './blocked-visitors'
import { CalendarOne, Calendars } from './calendars'
import { Audit, Logins } from './logins'
import { Macros } from './macros'
import { BlockedSenders, Quarantine } from './mailroom'
import { Nodes } from './nodes'
import { Queue, Queues } from './queues'
import { HouseRules } from './rules'
import { Synonyms } from './synonyms'
import { CodeOne, Lists, ListOne, Plain, PlainOne, StatusCodeOne, StatusCodes } from './things'
import { UnsubscribedList } from './unsubscribed'
import { Mailboxes, Trunks } from './ways'
import { WidgetOne, Widgets } from './widget'

type One = (props: { id: Id; done: (id: Id) => void }) => React.ReactNode

const pages: Record<string, [list: () => React.ReactNode, one?: One]> = {
  queues: [Queues, Queue],
  agents: [Agents, Agent],
  groups: [() => <Plain kind="groups" />, (p) => <PlainOne kind="groups" {...p} />],
  skills: [() => <Plain kind="skills" />, (p) => <PlainOne kind="skills" {...p} />],
  'status-codes': [StatusCodes, StatusCodeOne],
  outcomes: [Lists, ListOne],
  codes: [Lists, CodeOne],
  calendars: [Calendars, CalendarOne],
  synonyms: [Synonyms],
  macros: [Macros],
  collaborate: [CollaborateSettings],
  mailboxes: [Mailboxes],
  quarantine: [Quarantine],
  'blocked-senders': [BlockedSenders],
  'blocked-visitors': [BlockedVisitors],
  unsubscribed: [UnsubscribedList],
  widgets: [Widgets, WidgetOne],
  trunks: [Trunks],
  logins: [Logins],
  nodes: [Nodes],
  audit: [Audit],
}

/** What administrators keep: a list of each kind, and a page of each thing. */
export function Admin({ section, id, saved }: { section: string; id?: Id; saved: () => void }) {
  const [, go] = useLocation()
  if (section === 'rules') return <HouseRules saved={saved} />
  const [List, One] = pages[section]!
  if (!id || !One) return <List />
  const done = (to: Id) => {
    saved()
    if (to !== id) go(`/settings/${section}/${to}`, { replace: true })
  }
  return <One key={id} id={id} done={done} />
}
