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
  wrap_ups?: WrapUpLeft[]
  rev: number
}

/** A wrap-up of mine; after a transfer the interaction itself is somebody else's. */
export interface WrapUpLeft {
  interaction: Id
  queue: Id // in which I served it, whose codes it asks for
  until?: string
  overtime?: boolean
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
  kind: 'sip' | 'pstn'
  address: string
  verified_at?: string
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
  queues?: (Named & { from?: string })[] // from: the address that its mails are from, where it has one of its own
  costs?: Partial<Record<Channel, number>> // of 100 units, where the house differs from the usual
}

export interface Named {
  id: string
  name: string
}
/** The reasons of each status and of declining; the id is what goes along. */
export type StatusCodes = Partial<Record<Intent | 'decline', Named[]>>

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
  actions?: string[]
  phase?: Phase
  line_2?: 'colleague' | 'outside' // in a consultation
  outside?: boolean // a number outside is on it, on line 2 or in the conference
  others?: Id[] // colleagues who are on it, by id
  colleagues?: Named[] // the same with names
  agent_name?: string
  asked?: Asked
}

/** An interaction as the console keeps it. */
export type Kept = InteractionView & { gaveAway?: boolean; codesOf?: Id } // its wrap-up is mine, the rest somebody else's
/** Where an interaction is sent, or who is asked: one of them. */
export interface Target {
  to_agent?: Id
  to_queue?: Id
  to_number?: string // of a call: somebody outside
}
export type Phase = 'talking' | 'hold' | 'consult' | 'conference' | 'colleagues'

/** Whom a colleague rang for it last, and what became of that. */
export interface Asked {
  agent: Id
  name: string
  kind: Offer['kind']
  expires_at: string
  outcome?: 'accepted' | 'declined' | 'missed' | 'withdrawn' | 'failed' // absent while it rings
  cause?: string
}

export interface Offer {
  interaction: Id
  no: number
  agent: Id
  kind: 'queue' | 'transfer' | 'recall' | 'consult'
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
  case_number?: number
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
  language?: string // of the text, where it is known
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
  bcc?: Address[]
  reply_to?: Address[]
  html?: string
  quoted?: number
  attachments?: Attachment[]
  defects?: string[]
  outbound?: string
  forwards?: number
  authentication?: Authentication
  invitation?: Invitation
  spam?: string // what a filter on the way said, in its own words
}
/** A meeting that a mail asks to (RFC 5546), or tells of; in a mail of ours, what we answered. */
export interface Invitation {
  method: string // request, publish, add, cancel, reply, counter, declinecounter, refresh
  uid: string
  summary?: string
  place?: string
  start?: string
  end?: string
  all_day?: boolean
  repeats?: string
  organizer: Address
  attendees?: Attendee[]
  answer?: Coming
}
export interface Attendee extends Address {
  answer?: string // Coming, needs_action, delegated, or what their calendar writes
}
export type Coming = 'accepted' | 'tentative' | 'declined'
/** What a server on the way found out about the sender (RFC 8601). */
export interface Authentication {
  server: string
  spf?: string
  dkim?: string
  dmarc?: string
}
export interface Answering {
  pos: number
  author: { to: Address[]; cc: Address[] }
  all: { to: Address[]; cc: Address[] }
}
export interface Written {
  case: Id
  case_number: number
  customer: Id
  entry: Entry
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
  case?: Id // the other one, of merged and split
  number?: number // and what people call it
  agent?: Id
  queue?: Id
  cause?: string
  score?: number // rated: 1 to 5
}
export interface CallSummary {
  from: string
  to: string
  outbound?: boolean
  wait_ms: number
  talk_ms: number
  cause?: string
  failure?: CallFailure
}
/** Why somebody outside did not answer. */
export type CallFailure = 'busy' | 'no_answer' | 'refused' | 'unknown_number' | 'unreachable'
export interface Recording {
  blob: string
  duration_ms: number
}

/** One line of the agent's phone. */
export interface PhoneLine {
  no: 1 | 2
  interaction?: Id
  state: 'idle' | 'ringing' | 'talking' | 'held' | 'failed'
  number?: string
  name?: string
  since?: string
  outside?: boolean // somebody outside, on line 2
  failure?: CallFailure // of one that failed
}

export interface QueueRow {
  id: Id
  name: string
  mine: boolean
  favourite: boolean
  recent_at?: string
  waiting: Partial<Record<Channel, number>>
  in_progress: number
  serving?: Partial<Record<Channel, number>>
  longest_since?: string
  oldest_due?: string
  expected_wait_s?: Partial<Record<Channel, number>>
  agents: Partial<Record<Status, number>>
  routable: number // members who are available
  ready: number // of them, those with room now
  service_level?: number // today's, 0 to 1
  abandoned_today: number
  answered_today: number
  asa_s?: number
}
/** What the floor tells supervisors. */
export interface Alert {
  id: Id
  kind: 'unanswered' | 'max_wait' | 'no_members' | 'wrap_up_overtime' | 'silent'
  interaction: Id
  channel: Channel
  case: Id
  queue: Id
  agent?: Id // whose wrap-up it is
  at: string
  open: boolean
  queue_name: string
  agent_name?: string
  customer_name: string
  case_number: number
}

export interface AgentRow {
  id: Id
  name: string
  group?: Id
  favourite: boolean
  recent_at?: string
  presence: Presence
  code_name?: string // of the presence's code, also where it is not mine to choose
  queues: Id[]
  holds: { channel: Channel; count: number }[]
  handled_today: number
  accepted: number
  declined: number
  aht_s?: number
}

/** A channel's figures of a few minutes. */
export interface Interval {
  start: string
  channel: Channel
  entered: number
}

/** Where an agent works, and what they know. */
export interface SkillLevel {
  skill: Id
  level: number // 1 to 5
}
export interface Workplace {
  memberships: { queue: Id; enabled: boolean; level: number }[]
  skills: SkillLevel[]
}

/** A name in several languages: { sv: …, en: … }. */
export type Label = Partial<Record<string, string>>

export interface TransactionCode {
  id: Id
  parent?: Id
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
export interface RelatedCase extends Case {
  because: string[] // reference, customer, subject
}
/** A signature as plain text and, if it has more to show, as HTML. */
export interface Signature {
  text?: string
  html?: string
}
/** Text and steps kept ready: everybody's, or an agent's own. */
export interface Macro {
  id: Id
  name: string
  own: boolean
  text?: string
  html?: string
  articles?: Id[]
  codes?: Id[]
  queue?: Id // whose the case becomes
  queues?: Id[] // where it is offered; none: everywhere
  state?: 'open' | 'pending' | 'closed'
  tags?: string[]
  rev: number
}
/** A macro with a customer's values in place of its variables. */
export interface Filled {
  text?: string
  html?: string
  gone?: Id[] // articles that are not public any more
  codes: Id[]
  case: Case
}
export interface Customer {
  id: Id
  name: string
  company?: string
  language?: string
  note?: string
  credit?: number // seconds that they are due earlier
  addresses?: (Address & { claimed?: boolean })[] // claimed: the customer said so; nothing has come from it
  rev: number
}
export interface Task {
  id: Id
  title: string
  note?: string
  due_at?: string
  done_at?: string
  case?: Id
  customer?: Id
  assignee?: Id
  rev: number
}
/** An article in a list; a whole one has its text and its public address too. */
export interface Article {
  id: Id
  number: number
  title: string
  shortcut?: string
  snippet: string
  language: string
  category?: string
  internal?: boolean // for agents only; it can't be inserted
  score?: number
  markdown?: string
  html?: string // made safe
  url?: string
  tags?: string[]
}
/** What may answer a customer, and the language that they are answered in. */
export interface Suggestions {
  items: Article[]
  language: string
}
export interface StaffChat {
  id: Id
  title: string // empty between two
  members: { id: Id; name: string; pos: number }[]
  last_at: string
  preview: string
  unread: number
  interaction?: Id // that it is beside
}
export interface SupervisorMessage {
  id: Id
  author_name: string
  text: string
  at: string
  seen: boolean
  urgent?: boolean // over everything until it was read
  expires_at?: string
  withdrawn_at?: string
  recipients: number
  seen_by: number
}

/** Why an interaction was offered to whom. */
export interface Reasons {
  now?: Explanation // only while it waits or is offered
  decisions: Decision[]
}
export interface Explanation {
  at: string
  queue: Id
  offer_no?: number // absent: nobody could take it
  strategy: string
  candidates: Candidate[] | null
  strangers: number
}
export interface Decision extends Explanation {
  offers: Offered[]
}
/** What became of one offer. */
export interface Offered {
  agent: Id
  outcome?: string
  cause?: string // of a decline the agent's reason
}
export interface Candidate {
  agent: Id
  chosen?: boolean
  free?: boolean
  rule: string
  words: string
}

/** An agent's figures of today. */
export interface Figures {
  offered: number
  accepted: number
  declined: number
  missed: number
  handled: Partial<Record<Channel, number>>
  handled_today: number
  aht_s?: number
  talk_s: number
  wrap_up_s: number
  signed_in_s: number
  occupancy?: number
}

/** What a channel's customers waited for; a figure of nothing is absent. */
export interface ChannelTimes {
  channel: Channel
  handled: number
  first_responses: number
  first_response_s?: number
  next_responses: number
  next_response_s?: number
  resolved: number
  resolution_s?: number
  reopen_rate?: number
  link_rate?: number
  rated: number
  csat?: number // 1 to 5, on average
}
export interface QueueTimes extends ChannelTimes {
  queue: Id
}

/** How far a mail of ours has come. */
export interface Outbound {
  id: Id
  conversation: Id
  pos: number
  state: 'queued' | 'sending' | 'sent' | 'deferred' | 'failed' | 'cancelled' | 'unknown'
  send_at?: string // not before this
  response?: string
  recipients?: Reached[]
  rev: number
}
/** What became of a mail at one of those it went to. */
export interface Reached {
  address: string
  state: Outbound['state']
  response?: string
}
export interface Receipt {
  reader: Author
  pos: number
}

export interface CaseTimeline {
  items: Entry[]
  conversations: Conversation[]
  interactions: InteractionView[]
}

export interface Conversation {
  id: Id
  channel: Channel
  last_pos: number
  created_at: string
}

export interface Page<T> {
  items: T[]
  after?: string
}

/** What a blocked visitor is known by. */
export type BlockBy = 'browser' | 'identity' | 'network'

/** A visitor who may not chat. */
export interface BlockedVisitor {
  id: string
  by: BlockBy
  who: string
  reason: string
  agent: Id
  conversation: Id
  until?: string
  at: string
}

/** Where the visitor of a chat is. */
export interface Visit {
  widget: string
  name?: string
  topic?: string
  language: string
  identity?: string
  url?: string
  title?: string
  referrer?: string
  facts?: Record<string, string>
  here: boolean
  began: string
}
