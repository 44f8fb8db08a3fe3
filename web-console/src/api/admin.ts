import { call, root } from './client'
import type * as A from './types'

// What administrators keep. Nothing is deleted: what is out of use is inactive, because finished work quotes it.

export interface AgentSettings {
  id: A.Id
  name: string
  group?: A.Id
  language: string
  email?: string
  channels: A.Channel[]
  caps?: Partial<Record<A.Channel, number>>
  memberships: Membership[]
  skills: A.SkillLevel[]
  phones: A.Phone[]
  active: boolean
  rev: number
}
export interface Membership {
  queue: A.Id
  enabled: boolean
  level: number // 1 to 3
  delay?: number // s
}
export interface QueueSettings {
  id: A.Id
  name: A.Label
  band: number // 0 to 9, higher goes first
  channels: Partial<Record<A.Channel, ChannelPlan>>
  max_wait?: number // s, then supervisors are told
  strategy?: Strategy
  max_len?: number // of a channel; 0: any number
  steps?: Step[]
  on_closed?: Step[]
  on_full?: Step[]
  on_unstaffed?: Step[]
  sticky?: Partial<Record<A.Channel, number>> // s, for which the agent who had it last is asked first
  calendar?: A.Id
  from_name?: string
  from_address?: string
  active: boolean
  rev: number
}
export type Strategy = 'longest_idle' | 'skill_first' | 'round_robin' | 'least_busy' | 'ring_all'
export type StepKind = 'lower_skills' | 'drop_skill' | 'drop_skills' | 'add_queue' | 'move' | 'offer_callback' | 'voicemail' | 'form' | 'external' | 'hang_up'
export interface Step {
  after: number // s
  do: StepKind
  by?: number
  skill?: A.Id
  queue?: A.Id
  to?: string
  channels?: A.Channel[] | null
}
export interface ChannelPlan {
  target?: number // s
  offer_timeout?: number // s
  decline?: 'vcc' | 'engage' | 'soft'
  clock?: 'wall' | 'calendar' // what the time to answer counts by
  interruptible?: boolean
  wrap_up?: WrapUpPlan // what a plan leaves out, the server fills in when it is saved
}
export interface WrapUpPlan {
  mode: 'none' | 'optional' | 'timed' | 'timed_extendable' | 'manual'
  seconds?: number
  code_required?: boolean
}
export interface Thing {
  id: A.Id
  name: string
  rev: number
}
export interface StatusCode {
  id: A.Id
  intent: A.Intent | 'decline'
  code: string
  name: A.Label
  group?: A.Id
  agents?: A.Id[] | null // for these alone
  position: number
  active: boolean
  rev: number
}
export interface TransactionList {
  id: A.Id
  name: A.Label
  queues: A.Id[] | null // none: every queue
  required: boolean
  many: boolean
  position: number
  active: boolean
  rev: number
  codes?: Outcome[] | null
}
export interface Outcome {
  id: A.Id
  list: A.Id
  parent?: A.Id
  name: A.Label
  position: number
  active: boolean
  rev: number
}
export interface Calendar {
  id: A.Id
  name: string
  zone: string
  hours: Hours[] | null
  holidays: string[] | null
  rev: number
}
export interface Hours {
  day: number // 1 Monday to 7 Sunday
  from: string
  to: string
}
/** What holds for every queue and agent. */
export interface Rules {
  order: 'edf' | 'fifo' | 'vcc'
  miss_keeps_place: boolean
  costs?: Partial<Record<A.Channel, number>> // units of 100
  caps?: Partial<Record<A.Channel, number>>
  break_lock: boolean
  min_break: number // s
  rev: number
}
export const rulesId = 'house' // there is one set of them
export interface Login {
  id: A.Id
  name: string
  display: string
  agent: A.Id
  role: A.Role
  must_change: boolean
  active: boolean
  created_at: string
  rev: number
}
export interface Mailbox {
  id: string
  address: string
  name?: string
  queue: A.Id
  folder: string
  enabled: boolean
  imap: string
  smtp: string
  synced_at?: string
  behind: number
  problem?: string
  backfill?: Backfill // while what lay there before is taken in, and after
}
export interface Backfill {
  since: string // a day
  done: number
  left: number
}
export interface Widget {
  id: string
  key: string
  name: string
  queue: A.Id
  origins: string[]
  languages: string[]
  form: WidgetForm
  color?: string
  texts?: Record<string, WidgetTexts> // by language
  invites?: Invite[]
  identity: { secret: boolean; key: boolean; bot: boolean }
  bot: { url?: string; name?: string; timeout?: number; queues?: A.Id[] }
  after: { transcript?: boolean; continue?: number }
  active: boolean
  rev: number
}
export type Need = 'off' | 'optional' | 'required'
export interface WidgetForm {
  question?: 'asked' | 'off'
  name?: Need
  email?: Need
  topics?: WidgetTopic[]
  fields?: WidgetField[]
  callback?: 'always'
  consent?: 'ask'
  privacy?: string
  months?: number
  preview?: boolean
}
export interface WidgetTopic {
  id: string
  label: Record<string, string>
  queue?: A.Id
  skills?: A.SkillLevel[]
}
export interface WidgetField {
  id: string
  kind: 'text' | 'choice' | 'tick'
  label: Record<string, string>
  required?: boolean
  options?: string[]
}
export interface WidgetTexts {
  greeting?: string
  closed?: string
  thanks?: string
}
export interface Invite {
  id: string
  text: Record<string, string>
  url?: string // a pattern
  after?: number // s
  visits?: number
}
export interface Trunk {
  id: string
  name: string
  number?: string
  sources: string[]
  queue: A.Id
  language: string
}
/** A mail that could not be read, or that of a blocked sender. */
export interface Quarantined {
  id: string
  mailbox: string
  from: string
  subject: string
  reason: string
  held: boolean // its sender is blocked
  at: string
}
export interface BlockedSender {
  id: string
  who: string // an address, or @example.org
  note?: string
  at: string
}
/** An address that gets no mail which is written by itself. */
export interface Unsubscribed {
  id: string
  address: string
  way: 'link' | 'mail' | 'staff'
  at: string
}
/** What a word of those who ask means besides itself. */
export interface Synonym {
  language: string
  word: string
  means: string[]
}
/** A process of the contact centre. */
export interface Node {
  name: string
  address: string
  roles: string[]
  started_at: string
  seen_at: string // renewed every 2 s
  drain?: NodeDrain
  remains?: Remains
}
/** That a node is emptied, from since on. */
export interface NodeDrain {
  since: string
  final: string
  deadline: string
}
/** What a node has in its hands. */
export interface Held {
  calls: number
  consoles: number
  visitors: number
  leads: boolean
  mailboxes: boolean
}
export interface Remains extends Held {
  drain_killed: number
  done: boolean
  at_deadline?: Held
}
export interface DrainPlan {
  at?: string // at once unless set
  deadline: number // s
  final: number // s before that
}
export interface AuditLine {
  id: A.Id
  at: string
  actor: string
  what: string
  subject: string
  detail?: unknown
}

/** Each kind of thing, by the last part of its path. */
export interface Kinds {
  agents: AgentSettings
  queues: QueueSettings
  groups: Thing
  skills: Thing
  'status-codes': StatusCode
  'transaction-lists': TransactionList
  'transaction-codes': Outcome
  calendars: Calendar
  rules: Rules & { id: A.Id }
  widgets: Widget
}
export type Kind = keyof Kinds

const at = (kind: Kind) => `/admin/${kind}`
const one = (kind: Kind, id: A.Id) => (kind === 'rules' ? at(kind) : `${at(kind)}/${id}`)

export const admin = {
  list: <K extends Kind>(kind: K) => call<A.Page<Kinds[K]>>('GET', at(kind), { query: { former: true } }),
  get: <K extends Kind>(kind: K, id: A.Id) => call<Kinds[K]>('GET', one(kind, id)),
  create: <K extends Kind>(kind: K, body: Partial<Kinds[K]>) => call<Kinds[K]>('POST', at(kind), { body }),
  change: <K extends Kind>(kind: K, id: A.Id, body: Partial<Kinds[K]>, rev: number) => call<Kinds[K]>('PATCH', one(kind, id), { body, rev }),

  mailboxes: () => call<A.Page<Mailbox>>('GET', '/admin/mailboxes'),
  quarantine: (after: string) => call<A.Page<Quarantined>>('GET', '/admin/quarantine', { query: { after, limit: 100 } }),
  release: (id: string) => call<{ case: A.Id }>('POST', `/admin/quarantine/${id}/release`),
  blockedSenders: (after: string) => call<A.Page<BlockedSender>>('GET', '/admin/blocked-senders', { query: { after, limit: 100 } }),
  block: (who: string, note: string) => call<BlockedSender>('POST', '/admin/blocked-senders', { body: { who, note: note || undefined } }),
  unblock: (id: string) => call<void>('DELETE', `/admin/blocked-senders/${id}`),
  blockedVisitors: (after: string) => call<A.Page<A.BlockedVisitor>>('GET', '/admin/blocked-visitors', { query: { after, limit: 100 } }),
  blockNetwork: (body: { network: string; reason: string; until?: string }) => call<A.BlockedVisitor>('POST', '/admin/blocked-visitors', { body }),
  unblockVisitor: (id: string) => call<void>('DELETE', `/admin/blocked-visitors/${id}`),
  unsubscribed: (q: string, after: string) => call<A.Page<Unsubscribed>>('GET', '/admin/unsubscribed', { query: { q, after, limit: 100 } }),
  unsubscribe: (address: string) => call<Unsubscribed>('POST', '/admin/unsubscribed', { body: { address } }),
  resubscribe: (id: string) => call<void>('DELETE', `/admin/unsubscribed/${id}`),
  synonyms: () => call<A.Page<Synonym>>('GET', '/admin/synonyms'),
  setSynonym: (body: Synonym) => call<Synonym>('PUT', '/admin/synonyms', { body }),
  dropSynonym: ({ language, word }: Synonym) => call<void>('DELETE', '/admin/synonyms', { query: { language, word } }),
  verifyPhone: (agent: A.Id, phone: A.Id) => call<AgentSettings>('POST', `/admin/agents/${agent}/phones/${phone}/verify`),
  makeWidgetSecret: (id: A.Id) => call<{ secret: string }>('POST', `/admin/widgets/${id}/identity-secret`),
  makeBotSecret: (id: A.Id) => call<{ secret: string }>('POST', `/admin/widgets/${id}/bot-secret`),
  dropBotSecret: (id: A.Id) => call<void>('DELETE', `/admin/widgets/${id}/bot-secret`),
  dropWidgetSecret: (id: A.Id) => call<void>('DELETE', `/admin/widgets/${id}/identity-secret`),
  setWidgetKey: (id: A.Id, key: string) => call<Widget>('PUT', `/admin/widgets/${id}/identity-key`, { body: { key } }),
  trunks: () => call<A.Page<Trunk>>('GET', '/admin/trunks'),
  signature: (queue: A.Id) => call<A.Signature>('GET', `/admin/queues/${queue}/signature`),
  setSignature: (queue: A.Id, words: A.Signature) => call<A.Signature>('PUT', `/admin/queues/${queue}/signature`, { body: words }),
  saveMacro: ({ id, rev, own, ...body }: Partial<A.Macro> & { own: boolean }) => {
    const at = own ? '/macros' : '/admin/macros'
    return id ? call<A.Macro>('PUT', `${at}/${id}`, { body, rev }) : call<A.Macro>('POST', at, { body })
  },
  dropMacro: (m: A.Macro) => call<void>('DELETE', `${m.own ? '/macros' : '/admin/macros'}/${m.id}`),
  logins: () => call<A.Page<Login>>('GET', '/admin/logins'),
  newLogin: (body: { name: string; display: string; agent?: A.Id; role: A.Role }) => call<Login & { password: string }>('POST', '/admin/logins', { body }),
  changeLogin: (id: A.Id, body: { role?: A.Role; active?: boolean }, rev: number) => call<Login>('PATCH', `/admin/logins/${id}`, { body, rev }),
  resetLogin: (id: A.Id) => call<{ password: string }>('POST', `/admin/logins/${id}/reset`),
  nodes: () => call<A.Page<Node>>('GET', '/admin/nodes'),
  drain: (name: string, body: DrainPlan) => call<Node>('POST', `/admin/nodes/${encodeURIComponent(name)}/drain`, { body }),
  undrain: (name: string) => call<Node>('DELETE', `/admin/nodes/${encodeURIComponent(name)}/drain`),
  audit: (after: string) => call<A.Page<AuditLine>>('GET', '/audit', { query: { after, limit: 100 } }),
}

export const sourceURL = (id: string) => `${root}/admin/quarantine/${id}/source`
