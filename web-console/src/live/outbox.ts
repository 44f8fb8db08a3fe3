import { api, Problem, uuid, type Forward, type Reply } from '../api/client'
import type { ArticleCard, Attachment, Entry, Id } from '../api/types'
import { serverNow } from './clock'
import { change, changeLog, getLive } from './hub'
import { emptyLog, expect, forget, last, merge, type Pending } from './log'
import { withMail } from './state'

// What an agent has said is kept here until the server has it, also over a reload. Each
// conversation's lines go in the order they were written, one at a time.

interface Job {
  client_id: Id
  conversation: Id
  interaction: Id
  do: 'message' | 'note' | 'article' | 'file' | 'reply' | 'forward'
  text: string
  article?: { article: Id; language: string; card?: ArticleCard }
  file?: Attachment // stored already
  reply?: Omit<Reply, 'client_id' | 'text'>
  forward?: Omit<Forward, 'client_id' | 'text'>
  at: string
  refused?: boolean // it waits for the person, and holds nobody up
}

const place = 'vaxel.outbox.'
let jobs: Job[] = []
const busy = new Set<Id>()

// A key for each job: two tabs never write over each other, and sending twice is harmless.
const keep = (j: Job) => localStorage.setItem(place + j.client_id, JSON.stringify(j))

function drop(j: Job) {
  jobs = jobs.filter((o) => o !== j)
  localStorage.removeItem(place + j.client_id)
}

/** Shows again what an earlier page left unsent. */
export function restore() {
  const keys = Object.keys(localStorage).filter((k) => k.startsWith(place))
  jobs = keys.sort().map((k) => JSON.parse(localStorage.getItem(k)!) as Job)
  for (const j of jobs) show(j, j.refused ? 'refused' : 'waiting')
}

export const unsent = () => jobs.length

export function send(job: Omit<Job, 'client_id' | 'at'>): Id {
  const j: Job = { ...job, client_id: uuid(), at: new Date(serverNow()).toISOString() }
  jobs.push(j)
  keep(j)
  show(j, 'sending')
  void next(j.conversation)
  return j.client_id
}

export function retry(clientId: Id) {
  const j = jobs.find((o) => o.client_id === clientId)
  if (!j) return
  j.refused = false
  if (j.reply) j.reply.seen_pos = last(getLive().logs[j.conversation] ?? emptyLog)?.pos ?? 0 // the person has seen what came since
  show(j, 'sending')
  void next(j.conversation)
}

export function discard(clientId: Id): string {
  const j = jobs.find((o) => o.client_id === clientId)
  if (!j) return ''
  drop(j)
  changeLog(j.conversation, (log) => forget(log, clientId))
  return j.text
}

/** Sends what waits; called when the link is back. */
export async function flush() {
  await Promise.all([...new Set(jobs.map((j) => j.conversation))].map((c) => next(c)))
}

async function next(conversation: Id): Promise<void> {
  if (busy.has(conversation)) return
  busy.add(conversation)
  try {
    for (let j = first(conversation); j; j = first(conversation)) if (!(await attempt(j))) return
  } finally {
    busy.delete(conversation)
  }
}

const first = (conversation: Id) => jobs.find((j) => j.conversation === conversation && !j.refused)

// True when the conversation's next line may go.
async function attempt(j: Job): Promise<boolean> {
  try {
    const entry = await request(j)
    drop(j)
    if (j.reply ?? j.forward) void learn(j.conversation)
    changeLog(j.conversation, (log) => (entry?.pos ? merge(log, [entry]) : forget(log, j.client_id)))
    return true
  } catch (err) {
    const p = err instanceof Problem ? err : new Problem(0, 'offline', String(err))
    j.refused = !p.passing
    if (jobs.includes(j)) keep(j)
    show(j, j.refused ? 'refused' : 'waiting', p)
    return j.refused
  }
}

// No frame tells of a mail that only waits to leave.
async function learn(conversation: Id) {
  const page = await api.deliveries(conversation).catch(() => null)
  if (page) change((l) => page.items.reduce(withMail, l))
}

function request(j: Job): Promise<Entry | undefined> {
  const line = { client_id: j.client_id, text: j.text }
  switch (j.do) {
    case 'message':
      return api.message(j.interaction, line)
    case 'note':
      return api.note(j.interaction, line)
    case 'file':
      return api.file(j.interaction, { client_id: j.client_id, file: j.file! })
    case 'reply':
      return api.reply(j.interaction, { ...line, seen_pos: 0, ...j.reply })
    case 'forward':
      return api.forward(j.interaction, { ...line, to: [], ...j.forward })
    case 'article':
      return api.article(j.interaction, { client_id: j.client_id, article: j.article?.article, language: j.article?.language ?? 'sv' })
  }
}

const kinds = { message: 'message', note: 'note', article: 'article', file: 'file', reply: 'mail', forward: 'mail' } as const

function show(j: Job, state: Pending['state'], p?: Problem) {
  const problem = p && p.status > 0 ? [p.detail, p.requestId].filter(Boolean).join(' · ') : undefined
  changeLog(j.conversation, (log) =>
    expect(log, { client_id: j.client_id, interaction: j.interaction, kind: kinds[j.do], text: j.text, body: j.article?.card, at: j.at, state, problem }),
  )
}
