import type { QueryClient } from '@tanstack/react-query'
import { useRef, useSyncExternalStore } from 'react'
import { api, socketURL } from '../api/client'
import type { Entry, Id, InteractionView, Presence } from '../api/types'
import { learn, relearn, serverNow } from './clock'
import type { Envelope } from './frames'
import { emptyLog, hole, merge, type Log } from './log'
import { flush, restore } from './outbox'
import { Socket, type Wire } from './socket'
import { apply, nothing, withInteraction, withPresence, withView, type Live } from './state'

// One state for all tabs of this console: the tab that holds the lock owns the socket and
// tells the others each frame; the others only read.

let state: Live = nothing
const listeners = new Set<() => void>()

export const getLive = () => state

export function change(f: (live: Live) => Live) {
  const next = f(state)
  if (next === state) return
  state = next
  for (const l of listeners) l()
}

const subscribe = (l: () => void) => {
  listeners.add(l)
  return () => listeners.delete(l)
}

/** Selects from the live state. A selection that is equal, member by member, renders nothing anew. */
export function useLive<T>(select: (live: Live) => T): T {
  const kept = useRef<T>(undefined)
  return useSyncExternalStore(subscribe, () => {
    const next = select(state)
    if (!same(kept.current, next)) kept.current = next
    return kept.current as T
  })
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((x, i) => Object.is(x, b[i]))
}

export const changeLog = (conversation: Id, f: (log: Log) => Log) =>
  change((l) => ({ ...l, logs: { ...l.logs, [conversation]: f(l.logs[conversation] ?? emptyLog) } }))

type Word = { frame: Envelope } | { live: Live } | { want: 'live' | 'retry' } | { follow: string[]; tab: string } | { say: [string, object] }

const tab = crypto.randomUUID()
const listEvents = /^(interaction|message|offer|call|case|customer|task|article|config|supervisor_message|staff_chat|queue|agent|alert|draft)\./

class Hub {
  private channel = new BroadcastChannel('vaxel')
  private socket: Socket | null = null
  private followed = new Map<string, string[]>()
  private stale = new Set<string>()
  private refresh: ReturnType<typeof setTimeout> | undefined
  private release: () => void = () => {}
  private board = ''

  constructor(
    private readonly me: Id,
    private readonly queries: QueryClient,
    private readonly signedOut: () => void,
  ) {}

  start() {
    restore()
    this.channel.onmessage = (e) => this.hear(e.data as Word)
    this.tell({ want: 'live' })
    void navigator.locks?.request('vaxel-console', () => this.lead())
    if (!navigator.locks) void this.lead()
    addEventListener('online', this.nudge)
    addEventListener('pageshow', this.nudge)
  }

  stop() {
    removeEventListener('online', this.nudge)
    removeEventListener('pageshow', this.nudge)
    this.socket?.stop()
    this.socket = null
    this.channel.close()
    clearTimeout(this.refresh)
    this.release()
    change(() => nothing)
  }

  nudge = () => {
    if (this.socket) this.socket.nudge()
    else this.tell({ want: 'retry' })
  }

  follow(topics: string[]) {
    this.followed.set(tab, topics)
    this.forget()
    if (this.socket) this.socket.follow(this.topics())
    else this.tell({ follow: topics, tab })
  }

  // What any tab shows, and what I hold: the server follows that by itself, and leaving a
  // page must not unfollow it.
  private topics(): string[] {
    const held = Object.values(state.interactions).map((i) => `conversation:${i.conversation}`)
    return [...new Set([...[...this.followed.values()].flat(), ...held])]
  }

  // A conversation that is neither held nor shown is read again when it is opened.
  private forget() {
    const kept = new Set(this.topics())
    change((l) => ({ ...l, logs: Object.fromEntries(Object.entries(l.logs).filter(([id, log]) => log.pending.length > 0 || kept.has(`conversation:${id}`))) }))
  }

  say(t: string, more: object) {
    if (this.socket) this.socket.send(t, more)
    else this.tell({ say: [t, more] })
  }

  get leads() {
    return this.socket !== null
  }

  private lead(): Promise<void> {
    this.socket = new Socket(
      {
        open: () => new WebSocket(socketURL(), 'vaxel.v1') as unknown as Wire,
        ticket: async () => (await api.ticket()).ticket,
        now: serverNow,
        random: Math.random,
        later: (f, ms) => setTimeout(f, ms),
        cancel: (t) => clearTimeout(t as number),
      },
      {
        frame: (f) => {
          this.tell({ frame: f })
          this.take(f)
        },
        up: (w) => {
          relearn()
          learn(w.server_time)
          this.link({ state: 'up', since: serverNow() })
          if (!w.resumed) void this.queries.invalidateQueries()
          void flush()
        },
        down: (since) => this.link({ state: 'down', since }),
        refused: (code) => (code === 4009 ? this.link({ state: 'down', since: serverNow(), taken: true }) : this.signedOut()),
      },
    )
    this.socket.follow(this.topics())
    this.socket.start()
    return new Promise((done) => (this.release = done))
  }

  private link(link: Live['link']) {
    change((l) => ({ ...l, link }))
    this.tell({ live: state })
  }

  private tell(w: Word) {
    this.channel.postMessage(w)
  }

  private hear(w: Word) {
    if ('frame' in w) this.take(w.frame)
    else if ('live' in w) change((l) => ({ ...nothing, ...w.live, logs: mergeLogs(l.logs, w.live.logs) }))
    else if (!this.socket) return
    else if ('follow' in w) {
      this.followed.set(w.tab, w.follow)
      this.follow(this.followed.get(tab) ?? [])
    } else if ('say' in w) this.say(...w.say)
    else if (w.want === 'live') this.tell({ live: state })
    else this.nudge()
  }

  private take(f: Envelope) {
    if (f.ts) learn(f.ts)
    change((l) => apply(l, f, this.me, serverNow()))
    if (f.t === 'snapshot' || f.t === 'agent.status') this.findGivenAway()
    if (f.t === 'interaction.changed') {
      const i = f.data as InteractionView
      this.complete(i.id)
      this.remember(i)
    }
    if (f.t === 'message.created') this.said(f.data as Entry)
    if (f.t === 'queue.stats' && this.sameBoard(f.data)) return
    if (listEvents.test(f.t)) this.age(f.t)
  }

  // What is said where no customer is, is said among the staff.
  private said(e: Entry) {
    if (this.topics().includes(`conversation:${e.conversation}`)) void fillHole(e.conversation)
    else this.age('staff_chat.')
  }

  // The board is told each second, changed or not.
  private sameBoard(data: unknown): boolean {
    const text = JSON.stringify(data)
    const same = text === this.board
    this.board = text
    return same
  }

  // A wrap-up of mine on what is another's by now comes with the presence alone.
  private findGivenAway() {
    for (const { interaction } of state.presence?.wrap_ups ?? [])
      if (!state.interactions[interaction]) void api.interaction(interaction).then((i) => change((l) => withInteraction(l, i, this.me)), () => {})
  }

  // A bare frame has no names: read them once.
  private complete(id: Id) {
    const i = state.interactions[id]
    if (i && i.customer_name === undefined) void api.interaction(id).then((v) => change((l) => withView(l, v)), () => {})
  }

  /** What was read of one interaction follows the news of it at once; what may be done is asked anew. */
  remember(i: InteractionView) {
    this.queries.setQueryData<InteractionView>(['interaction', i.id], (old) => (old && i.rev > old.rev ? { ...old, actions: undefined, ...i } : old))
  }

  // Lists on screen are read again at most once a second, however many events come.
  private age(kind: string) {
    this.stale.add(kind.slice(0, kind.indexOf('.')))
    this.refresh ??= setTimeout(() => {
      this.refresh = undefined
      const stale = [...this.stale].flatMap((s) => listsOf[s] ?? [])
      this.stale.clear()
      void this.queries.invalidateQueries({ predicate: (q) => stale.includes(String(q.queryKey[0])) })
    }, 1000)
  }
}

const listsOf: Record<string, string[]> = {
  interaction: ['interactions', 'interaction', 'lines', 'side-chat'],
  message: ['case'],
  offer: ['lines'],
  call: ['lines', 'cases'],
  case: ['cases', 'case'],
  customer: ['customers', 'customer'],
  task: ['tasks'],
  draft: ['drafts'],
  article: ['articles', 'article'],
  config: ['status-codes', 'transaction-codes', 'me'],
  supervisor_message: ['supervisor-messages'],
  staff_chat: ['staff-chats', 'staff-entries', 'side-chat'],
  queue: ['queues', 'interactions'],
  agent: ['agents', 'work'],
  alert: ['alerts'],
}

function mergeLogs(mine: Live['logs'], theirs: Live['logs']): Live['logs'] {
  const all = { ...mine }
  for (const [id, log] of Object.entries(theirs)) all[id] = merge(all[id] ?? emptyLog, log.entries, log.whole)
  return all
}

async function fillHole(conversation: Id) {
  const after = hole(state.logs[conversation] ?? emptyLog)
  if (after === null) return
  const page = await api.entries(conversation, { after, limit: 200 }).catch(() => null)
  if (page) changeLog(conversation, (log) => merge(log, page.items))
}

let hub: Hub | null = null

/** Starts the live state for the signed-in agent; the answer stops it. */
export function startHub(me: Id, queries: QueryClient, signedOut: () => void): () => void {
  const h = new Hub(me, queries, signedOut)
  hub = h
  h.start()
  return () => {
    h.stop()
    hub = null
  }
}

export const retryLink = () => hub?.nudge()
export const leads = () => hub?.leads ?? false
export const say = (t: string, more: object) => hub?.say(t, more)
export const follow = (topics: string[]) => hub?.follow(topics)

/** Takes what a request answered, the same way as a frame. */
export const takePresence = (p: Presence | undefined) => p && change((l) => withPresence(l, p))
export function takeInteraction(i: InteractionView | undefined, me: Id) {
  if (!i?.id) return
  change((l) => withInteraction(l, i, me))
  hub?.remember(i)
}
