// The words of the public API as JSON carries them. Ids are opaque strings, times are
// RFC 3339 in UTC; an absent time means "not yet".

export type Id = string
export type Channel = 'voice' | 'chat' | 'email' | 'voicemail' | 'callback'
export type Role = 'agent' | 'supervisor' | 'administrator'
export type Intent = 'logged_out' | 'available' | 'working_offline' | 'on_break'
export type Status = 'available' | 'offered' | 'busy' | 'wrap_up' | 'working_offline' | 'on_break' | 'logged_out'
export type State = 'waiting' | 'offered' | 'active' | 'parked' | 'wrap_up' | 'finished'
export type Language = 'sv' | 'en'

export interface Presence {
  agent: Id
  intent: Intent
  status_code?: string
  next?: Intent
  next_code?: string
  status: Status
  since: string
  units: number // of 100 in use
  live: boolean
  holds?: Id[]
  rev: number
}

export interface Session {
  agent: Id
  login: string
  role: Role
  name: string
  must_change_password: boolean
}

export interface Phone {
  id?: Id
  kind: 'sip' | 'number' | 'browser'
  address: string
  verified_at?: string
  preferred?: boolean
}

export interface Me {
  login: string
  name: string
  role: Role
  agent: Id
  group?: Id
  language?: Language
  presence: Presence
  phones?: Phone[]
  queues?: Named[]
}

export interface Named {
  id: string
  name: string
}
/** The reasons of each status; the id is what goes into the status. */
export type StatusCodes = Partial<Record<Intent, Named[]>>

export interface InteractionView {
  id: Id
  channel: Channel
  queue: Id
  case: Id
  conversation: Id
  customer: Id
  state: State
  agent: Id
  outbound?: boolean
  offer_no: number
  arrived_at: string
  due_at: string
  accepted_at?: string
  ended_at?: string
  wrap_up_until?: string
  overtime?: boolean
  finished_at?: string
  end?: string
  codes?: Id[]
  over_capacity?: boolean
  rev: number
  customer_name?: string
  customer_address?: string
  queue_name?: string
  subject?: string
  preview?: string
  case_number?: string | number
  unread?: number
  last_pos?: number
  last_at?: string
  phase?: string
  actions?: string[]
}

export interface Offer {
  interaction: Id
  no: number
  agent: Id
  kind: 'queue' | 'transfer' | 'recall'
  channel: Channel
  queue: Id
  created_at: string
  expires_at: string
  closed_at?: string
  outcome?: string
  cause?: string
  customer_name?: string
  customer_address?: string
  subject?: string
  waited_s?: number
  queue_name?: string
  open_cases?: number
  can_decline?: boolean
}

export type EntryKind = 'message' | 'mail' | 'note' | 'article' | 'event' | 'call' | 'recording' | 'file'
export interface Author {
  kind: 'customer' | 'agent' | 'system'
  id?: Id
  name?: string
}
export interface Entry {
  conversation: Id
  pos: number
  kind: EntryKind
  author: Author
  interaction?: Id
  channel: Channel
  client_id?: string
  text: string
  body?: unknown
  internal?: boolean
  at: string
}
export interface Address {
  kind: 'email' | 'phone' | 'visitor'
  value: string
  name?: string
}
export interface Attachment {
  blob: string
  name: string
  type: string
  size: number
  cid?: string
}
export interface Mail {
  subject: string
  from: Address
  to?: Address[]
  cc?: Address[]
  html?: string
  quoted?: number
  attachments?: Attachment[]
  defects?: string[]
  outbound?: string
}
export interface ArticleCard {
  article: Id
  number: number
  language: string
  title: string
  snippet: string
  url: string
}
export interface Happening {
  what: string
  agent?: Id
  queue?: Id
  cause?: string
}
export interface CallSummary {
  from: string
  to: string
  outbound?: boolean
  wait_ms: number
  talk_ms: number
  cause?: string
}
export interface Recording {
  blob: string
  duration_ms: number
}

export interface Call {
  id: Id
  interaction?: Id
  line: 1 | 2
  kind?: 'customer' | 'consult'
  state: 'ringing' | 'connected' | 'held' | 'ended'
  name?: string
  address?: string
  since: string
  held_at?: string
  rev: number
}

export interface QueueRow {
  id: Id
  name: string
  waiting: Partial<Record<Channel, number>>
  longest_since?: string
  expected_wait_s?: number
  in_progress?: number
  service_level?: number // 0 to 1
  abandoned_today?: number
  agents: Partial<Record<Status, number>>
}
export interface AgentRow {
  id: Id
  name: string
  group?: string
  presence: Presence
  holds?: { channel: Channel; count?: number; queue_name?: string; since?: string }[] | Id[]
  handled_today?: number
  aht_s?: number
}

/** A name in several languages: { sv: …, en: … }. */
export type Label = Partial<Record<string, string>>

export interface TransactionCode {
  id: Id
  name: Label
}
export interface CodeList {
  id: Id
  name: Label
  required: boolean // one of it must be chosen
  many: boolean // more than one may be
  codes: TransactionCode[]
}

export interface Case {
  id: Id
  number: string | number
  subject: string
  state: string
  customer?: Id
  customer_name?: string
  assignee?: Id
  assignee_name?: string
  queue_name?: string
  channel?: Channel
  interaction?: Id
  interaction_state?: State
  tags?: string[]
  created_at?: string
  last_activity_at?: string
  preview?: string
  rev: number
}
export interface Customer {
  id: Id
  name: string
  addresses?: Address[]
  language?: string
  verified?: boolean
  note?: string
  rev: number
  open_cases?: number
}
export interface Task {
  id: Id
  title: string
  due_at?: string
  done_at?: string
  case?: Id
  customer?: Id
  assignee?: Id
  rev: number
}
export interface Article {
  id: Id
  number?: number
  title: string
  shortcut?: string
  snippet?: string
  text?: string
  html?: string
  language: string
  url?: string
  internal?: boolean
  score?: number
  updated_at?: string
}
export interface StaffChat {
  id: Id
  title?: string
  members: { id: Id; name: string }[]
  preview?: string
  last_at?: string
  unread?: number
}
export interface StaffMessage {
  chat: Id
  pos: number
  author: Id
  author_name?: string
  client_id?: string
  text: string
  at: string
}
export interface SupervisorMessage {
  id: Id
  author_name?: string
  text: string
  at: string
  seen: boolean
}
export interface Favourite {
  kind: 'agent' | 'queue'
  id: Id
  name?: string
  at?: string
}
export interface Statistics {
  handled?: Partial<Record<Channel, number>>
  handled_today?: number
  aht_s?: number
  asa_s?: number
  talk_s?: number
  wrap_up_s?: number
  occupancy?: number
  missed?: number
  declined?: number
  transferred?: number
  signed_in_s?: number
  by_hour?: { hour: string; handled: number }[]
}

export interface Page<T> {
  items: T[]
  after?: string
}
