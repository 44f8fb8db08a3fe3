import { api, root } from '../api/client'
import type { Id } from '../api/types'

/** What comes of the customer's page; docs/frames.json has the rest. */
export interface PageFrame {
  t: 'state' | 'page' | 'events' | 'lost' | 'acted' | 'error' | 'ping'
  state?: 'asked' | 'shared' | 'ended'
  control?: 'off' | 'asked' | 'given'
  cause?: string
  url?: string
  nodes?: number
  large?: boolean
  events?: unknown[]
  whole?: boolean
  n?: number
  ok?: boolean
  why?: string
  code?: string
  detail?: string
}

/** The socket of one shown page. It comes back after every cut, until the session is over. */
export class Link {
  private ws: WebSocket | undefined
  private tries = 0
  private stopped = false
  private timer = 0
  private acts = 0

  constructor(
    private readonly id: Id,
    private readonly hear: (f: PageFrame) => void,
    private readonly up: (is: boolean) => void,
  ) {
    void this.open()
  }

  stop() {
    this.stopped = true
    clearTimeout(this.timer)
    this.ws?.close()
  }

  point = (x: number, y: number) => this.send({ t: 'point', x, y })
  mark = (id: number) => this.send({ t: 'mark', id })
  act(act: { do: 'click' | 'fill' | 'scroll'; id?: number; value?: string; x?: number; y?: number }) {
    this.send({ t: 'act', n: ++this.acts, id: 0, ...act })
  }

  private send(f: object) {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(f))
  }

  private async open() {
    let ticket: string
    try {
      ticket = (await api.ticket()).ticket
    } catch {
      return this.again()
    }
    if (this.stopped) return
    const ws = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${root}/collaborations/${this.id}/socket`, 'vaxel.v1')
    this.ws = ws
    ws.onopen = () => {
      this.send({ t: 'hello', ticket })
      this.tries = 0
      this.up(true)
    }
    ws.onmessage = (e) => {
      const f = JSON.parse(e.data as string) as PageFrame
      if (f.t === 'ping') this.send({ t: 'pong' })
      else this.hear(f)
    }
    ws.onclose = (e) => {
      if (e.code === 1000 || e.code === 4001 || this.stopped) return
      this.up(false)
      this.again()
    }
  }

  private again() {
    if (!this.stopped) this.timer = window.setTimeout(() => void this.open(), Math.random() * Math.min(30_000, 500 * 2 ** this.tries++))
  }
}
