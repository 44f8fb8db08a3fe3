import type { Envelope, Welcome } from './frames'

/** The part of a WebSocket that we use; tests give one of their own. */
export interface Wire {
  send(data: string): void
  close(code?: number, reason?: string): void
  onopen: (() => void) | null
  onmessage: ((e: { data: string }) => void) | null
  onclose: ((e: { code: number; reason: string }) => void) | null
}

export interface Surroundings {
  open(): Wire
  ticket(): Promise<string>
  now(): number
  random(): number
  later(f: () => void, ms: number): unknown
  cancel(timer: unknown): void
}

export interface Hears {
  frame(f: Envelope): void
  /** The link is up; not resumed means that a snapshot follows and lists are to be fetched anew. */
  up(w: Welcome): void
  down(since: number): void
  /** The server won't have us: signed out, or the console was taken over elsewhere. */
  refused(code: number): void
}

const firstDelay = 500 // ms
const longestDelay = 30_000
const silence = 3 // heartbeats without a frame before the link counts as dead
const unwanted = new Set([4001, 4003, 4009])
const moving = new Set([1012, 4010]) // the node restarts or drains: another one is there already
const spread = 1000 // ms over which its consoles come back

/**
 * The console's one socket:
 *
 *	closed → asking (ticket) → opening → greeting (hello sent) → live
 *	  ↑__________________________________________________________|
 *
 * It promises that `frame` sees each numbered frame of a connection once and in order: a
 * gap closes the connection, and the next one resumes from the last cursor.
 */
export class Socket {
  private wire: Wire | null = null
  private n = 0
  private at = ''
  private tries = 0
  private downSince: number | null
  private stopped = true
  private heartbeat = 5_000
  private retry: unknown
  private watch: unknown
  private topics = new Set<string>()
  private live = false
  private answers = false

  constructor(
    private readonly around: Surroundings,
    private readonly hears: Hears,
  ) {
    this.downSince = around.now()
  }

  start() {
    this.stopped = false
    void this.open()
  }

  stop() {
    this.stopped = true
    this.drop(1000)
  }

  /** Try at once: the machine is online again, or the person says so. */
  nudge() {
    if (this.stopped || this.wire) return
    this.around.cancel(this.retry)
    this.tries = 0
    void this.open()
  }

  /** Follow exactly these topics besides the agent's own. */
  follow(topics: Iterable<string>) {
    const wanted = new Set(topics)
    const gone = [...this.topics].filter((t) => !wanted.has(t))
    const fresh = [...wanted].filter((t) => !this.topics.has(t))
    this.topics = wanted
    if (gone.length || fresh.length) this.send('subs', { add: fresh, remove: gone })
  }

  /** Says something that may be lost: typing, seen. */
  send(t: string, more: object = {}) {
    if (this.live) this.wire?.send(JSON.stringify({ t, ...more }))
  }

  private async open() {
    let ticket: string
    try {
      ticket = await this.around.ticket()
    } catch (err) {
      if ((err as { status?: number }).status === 401) this.hears.refused(4001)
      else this.again()
      return
    }
    if (this.stopped || this.wire) return
    const wire = this.around.open()
    this.wire = wire
    this.n = 0
    this.answers = false
    wire.onopen = () => wire.send(JSON.stringify({ t: 'hello', ticket, at: this.at, subs: [...this.topics] }))
    wire.onmessage = (e) => this.wire === wire && this.hear(JSON.parse(e.data) as Envelope)
    wire.onclose = (e) => this.wire === wire && this.closed(e.code)
    this.listen()
  }

  private hear(f: Envelope) {
    this.listen()
    if (f.n !== undefined) {
      if (f.n !== this.n + 1) {
        this.drop(4000)
        return this.again()
      }
      this.n = f.n
    }
    if (f.at) this.at = f.at
    if (f.t === 'welcome') this.welcome(f.data as Welcome)
    else if (f.t === 'pong') this.answers = true
    else this.hears.frame(f)
  }

  private welcome(w: Welcome) {
    this.tries = 0
    this.live = true
    this.downSince = null
    this.heartbeat = (w.heartbeat_s || 5) * 1000
    if (!w.resumed) this.at = ''
    this.hears.up(w)
    this.listen()
  }

  // Whatever comes is a sign of life. A browser never sees the pings of a WebSocket, so after a
  // silent heartbeat we ask; a server that has answered once must answer again, else the link
  // is half-open.
  private listen(silent = 0) {
    this.around.cancel(this.watch)
    this.watch = this.around.later(() => {
      if (silent + 1 >= silence && (this.answers || !this.live)) {
        this.drop(4000)
        return this.again()
      }
      this.send('ping')
      this.listen(silent + 1)
    }, this.heartbeat)
  }

  private closed(code: number) {
    this.drop(code)
    if (unwanted.has(code)) this.hears.refused(code)
    else if (moving.has(code)) this.move()
    else this.again()
  }

  private drop(code: number) {
    const wire = this.wire
    this.wire = null
    this.live = false
    this.around.cancel(this.watch)
    this.around.cancel(this.retry)
    if (!wire) return
    wire.onclose = null
    wire.close(code === 1000 ? 1000 : 4000)
  }

  // Nothing is wrong with the network: what was tried before says nothing about the next node.
  private move() {
    this.tries = 0
    this.again(spread)
  }

  // Full jitter keeps a thousand consoles from coming back in the same instant.
  private again(within?: number) {
    if (this.stopped) return
    this.downSince ??= this.around.now()
    this.hears.down(this.downSince)
    const longest = within ?? Math.min(longestDelay, firstDelay * 2 ** this.tries++)
    this.retry = this.around.later(() => void this.open(), this.around.random() * longest)
  }
}
