import type { ArticleCard, Entry, EntryKind, Id } from '../api/types'

/** Something of ours that the server hasn't answered for yet. */
export interface Pending {
  client_id: Id
  interaction: Id
  kind: EntryKind
  text: string
  body?: ArticleCard
  at: string
  state: 'sending' | 'waiting' | 'refused' // waiting: for the link to come back
  problem?: string
}

/** What this console knows of one conversation. Entries stand by pos, which is the only order. */
export interface Log {
  entries: Entry[]
  pending: Pending[]
  whole: boolean // the beginning has been read
}

export const emptyLog: Log = { entries: [], pending: [], whole: false }

/** Takes entries in, in any order and any number of times. */
export function merge(log: Log, news: Entry[], whole = log.whole): Log {
  const known = new Map(log.entries.map((e) => [e.pos, e]))
  for (const e of news) known.set(e.pos, e)
  const written = new Set(news.map((e) => e.client_id).filter(Boolean))
  return {
    entries: [...known.values()].sort((a, b) => a.pos - b.pos),
    pending: log.pending.filter((p) => !written.has(p.client_id)),
    whole: whole || known.has(1),
  }
}

/** Shows a line before the server has it. A line that has come back meanwhile isn't shown twice. */
export function expect(log: Log, p: Pending): Log {
  if (log.entries.some((e) => e.client_id === p.client_id)) return log
  const others = log.pending.filter((o) => o.client_id !== p.client_id)
  return { ...log, pending: [...others, p].sort((a, b) => (a.client_id < b.client_id ? -1 : 1)) }
}

export function forget(log: Log, clientId: Id): Log {
  return { ...log, pending: log.pending.filter((p) => p.client_id !== clientId) }
}

/** The last pos before the first hole, if there is a hole: what follows it is to be fetched. */
export function hole(log: Log): number | null {
  for (let i = 1; i < log.entries.length; i++) {
    const before = log.entries[i - 1]!.pos
    if (log.entries[i]!.pos !== before + 1) return before
  }
  return null
}

export const last = (log: Log): Entry | undefined => log.entries.at(-1)
