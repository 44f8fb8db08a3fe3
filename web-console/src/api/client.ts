import type * as A from './types'

export const root = '/api/v1'

/** A refusal of the server in its own words (RFC 9457), or our word that it wasn't reached. */
export class Problem extends Error {
  constructor(
    readonly status: number, // 0 when no answer came
    readonly code: string,
    readonly detail: string,
    readonly requestId = '',
    readonly data?: unknown,
  ) {
    super(`${code}: ${detail}`)
  }

  /** True when the same request may work later without a change. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 502
  }
}

interface Options {
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  key?: string // the client's id of this write; a repeat gets the first answer
  rev?: number // If-Match
  signal?: AbortSignal
}

/** A UUIDv7 (RFC 9562 §5.7): sorted by time, so an outbox keeps its order by id. */
export function uuid(now = Date.now(), random = crypto.getRandomValues(new Uint8Array(10))): string {
  const time = now.toString(16).padStart(12, '0')
  const rest = [...random].map((b) => b.toString(16).padStart(2, '0')).join('')
  const variant = ((parseInt(rest.slice(4, 5), 16) & 3) | 8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(1, 4)}-${variant}${rest.slice(5, 8)}-${rest.slice(8, 20)}`
}

export async function call<T>(method: string, path: string, o: Options = {}): Promise<T> {
  const url = new URL(root + path, location.origin)
  for (const [k, v] of Object.entries(o.query ?? {})) if (v !== undefined && v !== '') url.searchParams.set(k, String(v))
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (o.body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['Idempotency-Key'] = o.key ?? uuid()
  if (o.rev !== undefined) headers['If-Match'] = String(o.rev)

  let answer: Response
  try {
    answer = await fetch(url, { method, headers, body: o.body === undefined ? null : JSON.stringify(o.body), credentials: 'same-origin', signal: o.signal ?? null })
  } catch (err) {
    if (o.signal?.aborted) throw err
    throw new Problem(0, 'offline', '')
  }
  if (!answer.ok) throw await problem(answer)
  if (answer.status === 204) return undefined as T
  const text = await answer.text()
  return (text ? JSON.parse(text) : undefined) as T
}

async function problem(answer: Response): Promise<Problem> {
  const body = await answer.json().catch(() => ({}))
  const id = body.request_id ?? answer.headers.get('X-Request-Id') ?? ''
  return new Problem(answer.status, body.code ?? 'unexpected', body.detail ?? body.title ?? answer.statusText, id, body.data)
}

const get = <T>(path: string, query?: Options['query'], signal?: AbortSignal) => call<T>('GET', path, { query, signal })
const post = <T>(path: string, body?: unknown, key?: string) => call<T>('POST', path, { body, key })
const put = <T>(path: string, body?: unknown, rev?: number) => call<T>('PUT', path, { body, rev })
const patch = <T>(path: string, body: unknown, rev?: number) => call<T>('PATCH', path, { body, rev })
const on = (interaction: A.Id, verb: string) => `/interactions/${interaction}/${verb}`

export interface Line {
  client_id: string
  text: string
}
/** When a mail leaves: at once, after seconds in which it can be taken back, or at a time. */
export interface Leaving {
  hold?: number
  send_at?: string
}
/** What a mail says that is being written, and to whom. */
export interface DraftWords {
  text: string
  html?: string // the same with its looks
  to?: A.Address[]
  cc?: A.Address[]
  bcc?: A.Address[]
  attachments?: A.Attachment[]
}
export type DraftKind = 'reply' | 'forward'
export interface MailDraft extends DraftWords {
  conversation: A.Id
  kind: DraftKind
  agent: A.Id // who wrote last
  rev: number // 0: there is none
  saved_at: string
}
export interface Reply extends Line, Leaving {
  from?: A.Id // a queue whose identity it has
  draft?: number // the rev of the draft that it was
  html?: string
  sign?: boolean // with the signature of the queue, or your own
  to?: A.Address[]
  cc?: A.Address[]
  bcc?: A.Address[] // nobody else hears of them
  attachments?: A.Attachment[]
  seen_pos: number
}
export interface Forward extends Line, Leaving {
  draft?: number
  html?: string
  sign?: boolean
  to: A.Address[]
  cc?: A.Address[]
  bcc?: A.Address[]
  pos?: number
  attachments?: A.Attachment[]
}
export interface NewMail extends Leaving {
  to: A.Address[]
  cc?: A.Address[]
  bcc?: A.Address[]
  case?: A.Id
  customer?: A.Id
  subject: string
  text: string
  html?: string
  sign?: boolean
  attachments?: A.Attachment[]
}

/** What is taken out of a case: conversations whole, or single entries of others. */
export interface Split {
  subject: string
  conversations: A.Id[]
  entries: { conversation: A.Id; pos: number }[]
  offer?: boolean
}

/** What GET /me answers: the agent's own row stands inside. */
interface MeAnswer extends Omit<A.Me, 'agent'> {
  agent?: { id: A.Id; group?: A.Id; language?: A.Language; phones?: A.Phone[] }
}

const meOf = ({ agent, ...me }: MeAnswer): A.Me => ({ ...me, agent: agent?.id ?? '0', group: agent?.group, language: agent?.language, phones: agent?.phones })

/** Every request that the console makes, by resource. */
export const api = {
  signIn: (login: string, password: string) => post<A.Session>('/session', { login, password }),
  signOut: () => call<void>('DELETE', '/session'),
  changePassword: (old: string, fresh: string) => put<void>('/me/password', { old, new: fresh }),
  me: async () => meOf(await get<MeAnswer>('/me')),
  changeMe: (body: { name?: string; language?: A.Language; phones?: A.Phone[] }) => patch<unknown>('/me', body),
  setStatus: (status: A.Intent, code?: string) => put<A.Presence>('/me/status', { status, code }),
  setAgentStatus: (agent: A.Id, body: { status: A.Intent; code?: string; force?: boolean }) => put<A.Presence>(`/agents/${agent}/status`, body),
  statusCodes: () => get<A.StatusCodes>('/status-codes'),
  statusCodesOf: (agent: A.Id) => get<A.StatusCodes>(`/agents/${agent}/status-codes`),
  why: (id: A.Id) => get<A.Reasons>(`/interactions/${id}/why`),
  statistics: () => get<A.Figures>('/me/statistics'),
  houseStatistics: () => get<{ channels: A.ChannelTimes[]; queues: A.QueueTimes[] }>('/statistics'),
  lines: () => get<A.Page<A.PhoneLine>>('/me/lines'),
  ticket: () => post<{ ticket: string }>('/socket-ticket'),

  accept: (interaction: A.Id, no: number) => post<A.InteractionView | undefined>(`/offers/${interaction}/${no}/accept`),
  decline: (interaction: A.Id, no: number, code?: string) => post<void>(`/offers/${interaction}/${no}/decline`, { code }),

  mine: () => get<A.Page<A.InteractionView>>('/interactions', { scope: 'mine' }),
  interactions: (query: { scope: 'mine' | 'queues' | 'all'; state?: A.State; after?: string }) => get<A.Page<A.InteractionView>>('/interactions', query),
  interaction: (id: A.Id) => get<A.InteractionView>(`/interactions/${id}`),
  entries: (conversation: A.Id, query: { before?: number; after?: number; limit?: number }) =>
    get<A.Page<A.Entry>>(`/conversations/${conversation}/entries`, query),
  visit: (conversation: A.Id) => get<A.Visit>(`/conversations/${conversation}/visit`),
  blockVisitor: (conversation: A.Id, body: { by: A.BlockBy; reason: string; until?: string }) => post<A.BlockedVisitor>(`/conversations/${conversation}/block-visitor`, body),
  deliveries: (conversation: A.Id) => get<A.Page<A.Outbound>>(`/conversations/${conversation}/deliveries`),
  cancelMail: (conversation: A.Id, pos: number) => post<void>(`/conversations/${conversation}/entries/${pos}/cancel`),
  drafts: (conversation: A.Id) => get<A.Page<MailDraft>>(`/conversations/${conversation}/drafts`),
  saveDraft: (conversation: A.Id, kind: DraftKind, words: DraftWords, rev: number) => put<MailDraft>(`/conversations/${conversation}/drafts/${kind}`, words, rev),
  dropDraft: (conversation: A.Id, kind: DraftKind, rev: number) => call<void>('DELETE', `/conversations/${conversation}/drafts/${kind}`, { rev }),
  seen: (conversation: A.Id, pos: number) => post<void>(`/conversations/${conversation}/seen`, { pos }),
  message: (id: A.Id, line: Line) => post<A.Entry | undefined>(on(id, 'messages'), line, line.client_id),
  note: (id: A.Id, line: Line) => post<A.Entry | undefined>(on(id, 'notes'), line, line.client_id),
  article: (id: A.Id, body: { client_id: string; article?: A.Id; shortcut?: string; language: string }) =>
    post<A.Entry | undefined>(on(id, 'articles'), body, body.client_id),
  file: (id: A.Id, body: { client_id: string; file: A.Attachment }) => post<A.Entry | undefined>(on(id, 'files'), body, body.client_id),
  reply: (id: A.Id, reply: Reply) => post<A.Entry | undefined>(on(id, 'reply'), reply, reply.client_id),
  recipients: (id: A.Id) => get<A.Answering>(`/interactions/${id}/recipients`),
  forward: (id: A.Id, mail: Forward) => post<A.Entry | undefined>(on(id, 'forward'), mail, mail.client_id),
  answerInvitation: (id: A.Id, body: { client_id: string; answer: A.Coming; pos: number; seen_pos: number }) => post<A.Entry | undefined>(on(id, 'invitation'), body, body.client_id),
  signature: (id: A.Id) => get<A.Signature>(`/interactions/${id}/signature`),
  mySignature: () => get<A.Signature>('/me/signature'),
  setMySignature: (words: A.Signature) => put<A.Signature>('/me/signature', words),
  macros: (queue?: A.Id) => get<A.Page<A.Macro>>('/macros', { queue }),
  useMacro: (id: A.Id, macro: A.Id) => post<A.Filled>(`/interactions/${id}/macros/${macro}`),
  writeMail: (mail: NewMail, key: string) => post<A.Written>('/mails', mail, key),
  end: (id: A.Id, pending?: boolean) => post<A.InteractionView | undefined>(on(id, 'end'), pending ? { pending } : undefined),
  finish: (id: A.Id, codes: A.Id[], note?: string) => post<A.InteractionView | undefined>(on(id, 'finish'), { codes, note }),
  extend: (id: A.Id) => post<A.InteractionView | undefined>(on(id, 'extend')),
  skills: () => get<A.Page<A.Named>>('/skills'),
  transfer: (id: A.Id, to: A.Target & { note?: string; skills?: A.SkillLevel[] }) => post<A.InteractionView | undefined>(on(id, 'transfer'), to),
  consult: (id: A.Id, to: A.Target & { even_if_busy?: boolean; note?: string }) => post<A.InteractionView | undefined>(on(id, 'consult'), to),
  joinLines: (id: A.Id) => post<A.InteractionView | undefined>(on(id, 'join-lines')),
  transferLines: (id: A.Id) => post<A.InteractionView | undefined>(on(id, 'transfer-lines')),
  dropLine: (id: A.Id, who?: { colleague?: A.Id; outside?: boolean }) => post<A.InteractionView | undefined>(on(id, 'drop-line'), who),
  swapLines: (id: A.Id, line: 1 | 2) => post<A.InteractionView | undefined>(on(id, 'swap-lines'), { line }),
  keys: (id: A.Id, keys: string) => post<void>(on(id, 'keys'), { keys }),
  assign: (id: A.Id, agent: A.Id) => post<A.InteractionView | undefined>(on(id, 'assign'), { agent }),
  pull: (id: A.Id) => post<A.InteractionView | undefined>(on(id, 'pull')),
  hold: (id: A.Id) => post<void>(on(id, 'hold')),
  resume: (id: A.Id) => post<A.InteractionView | undefined>(on(id, 'resume')),
  callBack: (id: A.Id) => post<A.InteractionView | undefined>(on(id, 'call-back')),
  dial: (number: string, queue?: A.Id) => post<A.InteractionView>('/calls', { number, queue }),

  queues: () => get<A.Page<A.QueueRow>>('/queues'),
  alerts: () => get<A.Page<A.Alert>>('/alerts', { open: true }),
  intervals: (query: { queue: A.Id; from: string; to: string; step_s: number }) => get<A.Page<A.Interval>>('/statistics/intervals', query),
  work: (agent: A.Id) => get<A.Workplace>(`/agents/${agent}/work`),
  setMembership: (agent: A.Id, queue: A.Id, body: { enabled: boolean; level?: number }) => put<A.Workplace>(`/agents/${agent}/queues/${queue}`, body),
  setSkill: (agent: A.Id, skill: A.Id, level: number) => put<A.Workplace>(`/agents/${agent}/skills/${skill}`, { level }),
  agents: () => get<A.Page<A.AgentRow>>('/agents'),
  transactionCodes: (queue: A.Id) => get<A.Page<A.CodeList>>('/transaction-codes', { queue }),

  cases: (query: { q?: string; after?: string; state?: string; assignee?: A.Id; customer?: A.Id }) => get<A.Page<A.Case>>('/cases', query),
  case: (id: A.Id) => get<A.Case>(`/cases/${id}`),
  changeCase: (id: A.Id, body: Partial<A.Case>, rev: number) => patch<A.Case>(`/cases/${id}`, body, rev),
  mergeCases: (into: A.Id, from: A.Id) => post<A.Case>(`/cases/${into}/merge`, { from }),
  splitCase: (id: A.Id, part: Split, key: string) => post<A.Case>(`/cases/${id}/split`, part, key),
  related: (id: A.Id) => get<A.Page<A.RelatedCase>>(`/cases/${id}/related`),
  timeline: (id: A.Id) => get<A.CaseTimeline>(`/cases/${id}/timeline`),
  search: (q: string, limit = 20) => get<{ cases: A.Case[]; customers: A.Customer[] }>('/search', { q, limit }),
  customers: (q: string, after?: string) => get<A.Page<A.Customer>>('/customers', { q, after }),
  customer: (id: A.Id) => get<A.Customer>(`/customers/${id}`),
  changeCustomer: (id: A.Id, body: Partial<A.Customer>, rev: number) => patch<A.Customer>(`/customers/${id}`, body, rev),
  tasks: (query: { case?: A.Id; customer?: A.Id }) => get<A.Page<A.Task>>('/tasks', query),
  newTask: (body: Partial<A.Task>, key?: string) => post<A.Task>('/tasks', body, key),
  changeTask: (id: A.Id, body: { done?: boolean; title?: string }, rev: number) => patch<A.Task>(`/tasks/${id}`, body, rev),

  articles: (q: string, language: string, signal?: AbortSignal) => get<A.Page<A.Article>>('/articles', { q, language }, signal),
  shortcut: (word: string, language: string) => get<A.Article>(`/articles/shortcut/${encodeURIComponent(word)}`, { language }),
  readArticle: (id: A.Id, language?: string) => get<A.Article>(`/articles/${id}`, { language }),
  suggest: (conversation: A.Id) => get<A.Suggestions>('/articles/suggest', { conversation }),

  staffChats: () => get<A.Page<A.StaffChat>>('/staff-chats'),
  newStaffChat: (agents: A.Id[]) => post<A.StaffChat>('/staff-chats', { members: agents }),
  staffEntries: (id: A.Id) => get<A.Page<A.Entry>>(`/staff-chats/${id}/entries`),
  seenStaffChat: (id: A.Id, pos: number) => post<void>(`/staff-chats/${id}/seen`, { pos }),
  staffMessage: (id: A.Id, line: Line) => post<A.Entry>(`/staff-chats/${id}/messages`, line, line.client_id),
  supervisorMessages: () => get<A.Page<A.SupervisorMessage>>('/supervisor-messages'),
  seenSupervisorMessage: (id: A.Id) => post<void>(`/supervisor-messages/${id}/seen`),

  favour: (kind: 'agent' | 'queue', id: A.Id, yes: boolean) => call<void>(yes ? 'PUT' : 'DELETE', `/me/favourites/${kind}/${id}`),
}

const entryURL = (e: { conversation: A.Id; pos: number }) => `${root}/entries/${e.conversation}/${e.pos}`
export const fileURL = (e: { conversation: A.Id; pos: number }, blob: string) => `${entryURL(e)}/files/${encodeURIComponent(blob)}`
/** A file of a mail that is being written. */
export const draftFileURL = (conversation: A.Id, kind: DraftKind, blob: string) => `${root}/conversations/${conversation}/drafts/${kind}/files/${encodeURIComponent(blob)}`
/** A mail as it came. */
export const rawURL = (e: { conversation: A.Id; pos: number }) => `${entryURL(e)}/raw`
export const mailURL = (e: A.Entry, images: boolean) => `${entryURL(e)}/html${images ? '?images=remote' : ''}`

/** Stores a file that a reply will carry. */
export async function upload(file: File): Promise<A.Attachment> {
  const form = new FormData()
  form.set('file', file)
  const answer = await fetch(`${root}/attachments`, { method: 'POST', body: form, credentials: 'same-origin' }).catch(() => {
    throw new Problem(0, 'offline', '')
  })
  if (!answer.ok) throw await problem(answer)
  return (await answer.json()) as A.Attachment
}

export const socketURL = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${root}/socket`
