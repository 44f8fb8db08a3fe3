import type { Entry, Id, InteractionView, Kept, Offer, Outbound, Presence } from '../api/types'
import type { Envelope, FrameData, Snapshot } from './frames'
import { emptyLog, merge, type Log } from './log'

/** A node that will stop: planned, for since; notice, then final, when minutes are left; or over. */
export interface Drain {
  phase: string
  node?: string
  since?: string
  deadline?: string
  heard?: number // ms; it is told again every 15 s, and one that isn't any more has stopped
}

export interface Link {
  state: 'opening' | 'up' | 'down'
  since: number // server ms
  taken?: boolean // the console was taken over elsewhere
}

/** Everything the socket tells, as plain JSON, so that one tab can hand it to another. */
export interface Live {
  link: Link
  presence: Presence | null
  offers: Record<Id, Offer>
  answered: Record<Id, number> // interaction → highest offer number known to be closed
  interactions: Record<Id, Kept>
  left: Record<Id, number> // interaction → the rev at which it was no longer mine
  logs: Record<Id, Log>
  typing: Record<Id, number> // conversation → until, ms
  typed: Record<Id, string> // conversation → what its customer has written so far, where they know that it is seen
  read: Record<Id, number> // conversation → how far its customer has read
  mails: Record<string, Outbound> // conversation/pos → how far a mail of ours has come
  drain: Drain | null
}

export const nothing: Live = {
  link: { state: 'opening', since: 0 },
  presence: null,
  offers: {},
  answered: {},
  interactions: {},
  left: {},
  logs: {},
  typing: {},
  typed: {},
  read: {},
  mails: {},
  drain: null,
}

const typingLasts = 6000 // ms, unless it is said again or ended

// What left me comes back by news alone: not by a frame that is told again, nor by a list that was read before.
const isPast = (live: Live, i: Kept) => !i.gaveAway && i.rev <= (live.left[i.id] ?? 0)

const newer = <T extends { rev: number }>(old: T | undefined | null, it: T) => !old || it.rev > old.rev

/** How far a mail of ours has come, unless something newer is known. */
export function withMail(live: Live, o: Outbound): Live {
  const key = `${o.conversation}/${o.pos}`
  return newer(live.mails[key], o) ? { ...live, mails: { ...live.mails, [key]: o } } : live
}

/** Takes one frame in. Meeting a frame again, or late, changes nothing: rev, pos and offer numbers decide. */
export function apply(live: Live, f: Envelope, me: Id, now: number): Live {
  const take = frames[f.t as keyof typeof frames] as ((live: Live, data: unknown, me: Id, now: number, f: Envelope) => Live) | undefined
  return take ? take(live, f.data, me, now, f) : live
}

type Takes = { [K in keyof FrameData]?: (live: Live, data: FrameData[K], me: Id, now: number, f: Envelope) => Live }

const frames: Takes = {
  snapshot: (live, s) => fromSnapshot(live, s),
  'agent.status': (live, p, me) => (p.agent === me ? withPresence(live, p) : live),
  'offer.created': (live, o) => withOffer(live, o),
  'offer.closed': (live, o) => withoutOffer(live, o.interaction, o.no),
  'interaction.changed': (live, i, me) => withInteraction(live, i, me),
  'message.created': (live, e, me) => withEntry(live, e, me),
  typing: (live, t, _me, now, f) =>
    f.conversation && t.author.kind === 'customer' ? { ...live, typing: { ...live.typing, [f.conversation]: t.on ? now + typingLasts : 0 }, typed: { ...live.typed, [f.conversation]: t.on ? (t.text ?? live.typed[f.conversation] ?? '') : '' } } : live,
  'message.receipt': (live, r, _me, _now, f) =>
    f.conversation && r.reader.kind === 'customer' && r.pos > (live.read[f.conversation] ?? 0) ? { ...live, read: { ...live.read, [f.conversation]: r.pos } } : live,
  'message.updated': (live, o) => withMail(live, o),
  'drain.notice': (live, d, _me, now) => (d.phase !== 'over' ? { ...live, drain: { ...d, heard: now } } : !live.drain || live.drain.node === d.node ? { ...live, drain: null } : live),
}

// A snapshot is the whole truth of what is mine: what it doesn't name is gone.
function fromSnapshot(live: Live, s: Snapshot): Live {
  const offers: Live['offers'] = {}
  for (const o of s.offers ?? []) if (o.no > (live.answered[o.interaction] ?? 0)) offers[o.interaction] = o
  const interactions: Live['interactions'] = {}
  for (const i of s.interactions ?? []) interactions[i.id] = newer(live.interactions[i.id], i) ? { ...live.interactions[i.id], ...i } : live.interactions[i.id]!
  const presence = s.presence && newer(live.presence, s.presence) ? s.presence : live.presence
  return settle({ ...live, presence, offers, interactions })
}

export function withPresence(live: Live, p: Presence): Live {
  return newer(live.presence, p) ? settle({ ...live, presence: p }) : live
}

// After a transfer my wrap-up goes on while the interaction is somebody else's: my presence knows of it, and to me it
// looks like any wrap-up.
function toMe(live: Live, i: InteractionView): Kept {
  const me = live.presence?.agent ?? ''
  const left = i.agent !== me && live.presence?.wrap_ups?.find((x) => x.interaction === i.id)
  return left ? { ...i, agent: me, state: 'wrap_up', wrap_up_until: left.until, overtime: left.overtime, gaveAway: true, codesOf: left.queue } : i
}

// What I gave away and have finished with is gone.
function settle(live: Live): Live {
  const left = new Set(live.presence?.wrap_ups?.map((x) => x.interaction))
  const over = Object.values(live.interactions).filter((i) => i.gaveAway && !left.has(i.id))
  if (over.length === 0) return live
  const interactions = { ...live.interactions }
  for (const i of over) delete interactions[i.id]
  return { ...live, interactions }
}

function withOffer(live: Live, o: Offer): Live {
  const closed = live.answered[o.interaction] ?? 0
  const open = live.offers[o.interaction]
  if (o.no <= closed || o.outcome || (open && open.no > o.no)) return live
  return { ...live, offers: { ...live.offers, [o.interaction]: { ...open, ...o } } }
}

export function withoutOffer(live: Live, interaction: Id, no: number): Live {
  const offers = { ...live.offers }
  if ((offers[interaction]?.no ?? Infinity) <= no) delete offers[interaction]
  return { ...live, offers, answered: { ...live.answered, [interaction]: Math.max(no, live.answered[interaction] ?? 0) } }
}

const open = new Set<InteractionView['state']>(['active', 'parked', 'wrap_up'])
const isMine = (i: InteractionView, me: Id) => open.has(i.state) && (i.agent === me || (i.others?.includes(me) ?? false))

/** An interaction that is no longer mine leaves the list; names that a bare frame lacks are kept. */
export function withInteraction(live: Live, told: InteractionView, me: Id): Live {
  const i = toMe(live, told)
  const old = live.interactions[i.id]
  const named = old?.rev === i.rev && i.customer_name !== undefined // the same news, now with names
  if ((!newer(old, i) && !named) || isPast(live, i)) return live
  const interactions = { ...live.interactions }
  if (!isMine(i, me)) {
    delete interactions[i.id]
    return { ...live, interactions, left: { ...live.left, [i.id]: i.rev } }
  }
  // What may be done was said of the state before; it is asked for anew.
  interactions[i.id] = { ...old, ...unless(old), actions: named ? old?.actions : undefined, ...i }
  return { ...live, interactions }
}

// What a frame leaves out is not so any more.
const unless = (old: InteractionView | undefined) => old && { phase: undefined, others: undefined, colleagues: undefined, line_2: undefined, outside: undefined, asked: undefined, gaveAway: undefined, codesOf: undefined }

/** Replaces the names and counts of an interaction that a list or a read brought, at the same rev or a newer one. */
export function withView(live: Live, told: InteractionView): Live {
  const old = live.interactions[told.id]
  if (!old || told.rev < old.rev) return live
  const i = toMe(live, told)
  return { ...live, interactions: { ...live.interactions, [i.id]: { ...old, ...i } } }
}

/** The same for a whole list, in one step. */
export function withViews(live: Live, list: InteractionView[], me: Id): Live {
  const interactions = { ...live.interactions }
  for (const told of list) {
    const i = toMe(live, told)
    const old = interactions[i.id]
    if (isMine(i, me) && !isPast(live, i) && (!old || i.rev >= old.rev)) interactions[i.id] = { ...old, ...i }
  }
  return { ...live, interactions }
}

function withEntry(live: Live, e: Entry, me: Id): Live {
  const logs = { ...live.logs, [e.conversation]: merge(live.logs[e.conversation] ?? emptyLog, [e]) }
  const typing = { ...live.typing }
  const typed = { ...live.typed }
  if (e.author.kind === 'customer') {
    delete typing[e.conversation]
    delete typed[e.conversation]
  }
  const interactions = { ...live.interactions }
  for (const i of Object.values(interactions)) {
    if (i.conversation !== e.conversation || e.pos <= (i.last_pos ?? 0)) continue
    interactions[i.id] = headOf(i, e, me)
  }
  return { ...live, logs, typing, typed, interactions }
}

function headOf(i: InteractionView, e: Entry, me: Id): InteractionView {
  const head = { ...i, last_pos: e.pos, last_at: e.at }
  if (e.kind === 'event' || e.kind === 'note') return head
  const mine = e.author.kind === 'agent' && e.author.id === me
  return { ...head, preview: e.text || i.preview, unread: mine ? 0 : e.author.kind === 'customer' ? (i.unread ?? 0) + 1 : i.unread }
}
