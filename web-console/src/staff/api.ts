import { call, type Line } from '../api/client'
import type { Entry, Id, Named, Page, StaffChat, SupervisorMessage } from '../api/types'

/** Who a message of a supervisor's is for. */
export interface Audience {
  everybody?: boolean
  agents?: Id[]
  groups?: Id[]
  queues?: Id[]
}
export interface NewMessage {
  text: string
  audience: Audience
  urgent?: boolean
  expires_at?: string
}
export interface Reader {
  id: Id
  name: string
  seen_at?: string // absent: not yet
}
/** A text in a chat of mine that has the words that were looked for. */
export interface Said {
  conversation: Id
  pos: number
  author_name: string
  text: string
  at: string
}
/** What is beside an interaction. */
export interface Beside {
  chat?: StaffChat
  items: Entry[]
  observers: { id: Id; name: string }[]
}
export interface Supervision {
  show_observers: boolean
  rev: number
}
export interface Wanted {
  sent?: boolean
  past?: boolean
  q?: string
}

export const staff = {
  messages: (query: Wanted & { after?: string }) => call<Page<SupervisorMessage>>('GET', '/supervisor-messages', { query: { ...query } }),
  send: (body: NewMessage, key: string) => call<SupervisorMessage>('POST', '/supervisor-messages', { body, key }),
  takeBack: (id: Id) => call<SupervisorMessage>('DELETE', `/supervisor-messages/${id}`),
  readers: (id: Id) => call<Page<Reader>>('GET', `/supervisor-messages/${id}/readers`),
  groups: () => call<Page<Named>>('GET', '/groups'),
  find: (q: string) => call<Page<Said>>('GET', '/staff-chats/entries', { query: { q } }),
  beside: (interaction: Id) => call<Beside>('GET', `/interactions/${interaction}/side-chat`),
  sayBeside: (interaction: Id, line: Line) => call<Entry>('POST', `/interactions/${interaction}/side-chat`, { body: line, key: line.client_id }),
  observe: (interaction: Id) => call<{ shown: boolean }>('POST', `/interactions/${interaction}/observe`),
  leave: (interaction: Id) => call<void>('DELETE', `/interactions/${interaction}/observe`),
  supervision: () => call<Supervision>('GET', '/admin/supervision'),
  setSupervision: (body: Supervision) => call<Supervision>('PUT', '/admin/supervision', { body }),
}
