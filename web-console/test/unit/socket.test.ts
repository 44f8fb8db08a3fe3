import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Envelope } from '../../src/live/frames'
import { Socket, type Wire } from '../../src/live/socket'

/** A server end that a test holds, and a clock that a test turns. */
class Bench {
  now = 0
  wires: Peer[] = []
  frames: Envelope[] = []
  ups = 0
  downs: number[] = []
  refused: number[] = []
  private timers = new Map<number, { at: number; f: () => void }>()
  private last = 0
  ticketFails: { status: number } | null = null

  socket = new Socket(
    {
      open: () => {
        const peer = new Peer()
        this.wires.push(peer)
        return peer
      },
      ticket: async () => {
        if (this.ticketFails) throw this.ticketFails
        return 'ticket'
      },
      now: () => this.now,
      random: () => 1,
      later: (f, ms) => {
        this.timers.set(++this.last, { at: this.now + ms, f })
        return this.last
      },
      cancel: (t) => this.timers.delete(t as number),
    },
    {
      frame: (f) => this.frames.push(f),
      up: () => this.ups++,
      down: (since) => this.downs.push(since),
      refused: (code) => this.refused.push(code),
    },
  )

  async begin(): Promise<Peer> {
    this.socket.start()
    return this.next()
  }

  /** The newest connection, greeted and welcomed. */
  async next(resumed = false): Promise<Peer> {
    await settle()
    const peer = this.wires.at(-1)!
    peer.onopen?.()
    peer.give({ t: 'welcome', data: { node: 'n', server_time: '', heartbeat_s: 5, resumed } })
    return peer
  }

  /** Lets time pass, and what it wakes finish. */
  async pass(ms: number) {
    const end = this.now + ms
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0]
      if (!due) break
      this.timers.delete(due[0])
      this.now = due[1].at
      due[1].f()
      await settle()
    }
    this.now = end
  }
}

class Peer implements Wire {
  said: Record<string, unknown>[] = []
  closed: number | undefined
  onopen: (() => void) | null = null
  onmessage: ((e: { data: string }) => void) | null = null
  onclose: ((e: { code: number; reason: string }) => void) | null = null
  send(data: string) {
    this.said.push(JSON.parse(data) as Record<string, unknown>)
  }
  close(code?: number) {
    this.closed = code
  }
  give(f: Envelope) {
    this.onmessage?.({ data: JSON.stringify(f) })
  }
}

const settle = () => new Promise((done) => setImmediate(done))

test('the first frame is hello with the ticket; numbered frames come through in order', async () => {
  const b = new Bench()
  const peer = await b.begin()
  assert.deepEqual(peer.said[0], { t: 'hello', ticket: 'ticket', at: '', subs: [] })
  peer.give({ t: 'a', n: 1 })
  peer.give({ t: 'typing' })
  peer.give({ t: 'b', n: 2 })
  assert.deepEqual(b.frames.map((f) => f.t), ['a', 'typing', 'b'])
  assert.equal(b.ups, 1)
})

test('a gap closes the connection, and the next one resumes from the last cursor', async () => {
  const b = new Bench()
  const peer = await b.begin()
  peer.give({ t: 'a', n: 1, at: 'cursor-1' })
  peer.give({ t: 'c', n: 3, at: 'cursor-3' })
  assert.equal(peer.closed, 4000)
  assert.deepEqual(b.frames.map((f) => f.t), ['a'])
  await b.pass(500)
  const again = await b.next(true)
  assert.equal(again.said[0]?.at, 'cursor-1')
  again.give({ t: 'b', n: 1, at: 'cursor-2' })
  assert.deepEqual(b.frames.map((f) => f.t), ['a', 'b'])
})

test('what a closed connection still says is not heard', async () => {
  const b = new Bench()
  const peer = await b.begin()
  peer.give({ t: 'x', n: 7 })
  peer.give({ t: 'y', n: 8 })
  assert.deepEqual(b.frames, [])
})

test('waits grow to thirty seconds and start anew after a welcome', async () => {
  const b = new Bench()
  const peer = await b.begin()
  peer.onclose?.({ code: 1006, reason: '' })
  assert.deepEqual(b.downs, [0])
  const opened: number[] = []
  for (let i = 0; i < 8; i++) {
    const count = b.wires.length
    const from = b.now
    while (b.wires.length === count) await b.pass(100)
    opened.push(b.now - from)
    b.wires.at(-1)!.onclose?.({ code: 1006, reason: '' })
  }
  assert.deepEqual(opened, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000])
  assert.ok(b.downs.every((since) => since === 0), 'the outage began once')
})

test('a nudge tries at once', async () => {
  const b = new Bench()
  const peer = await b.begin()
  peer.onclose?.({ code: 1006, reason: '' })
  b.socket.nudge()
  await settle()
  assert.equal(b.wires.length, 2)
})

test('a half-open link is found by its silence, once the server has answered a ping', async () => {
  const b = new Bench()
  const peer = await b.begin()
  await b.pass(5000)
  assert.equal(peer.said.at(-1)?.t, 'ping')
  peer.give({ t: 'pong' })
  await b.pass(14_000)
  assert.equal(peer.closed, undefined)
  await b.pass(2000)
  assert.equal(peer.closed, 4000)
})

test('a server that answers no pings is left alone while it is quiet', async () => {
  const b = new Bench()
  const peer = await b.begin()
  await b.pass(120_000)
  assert.equal(peer.closed, undefined)
})

test('topics are followed from the hello on, and changed with one frame', async () => {
  const b = new Bench()
  b.socket.follow(['board'])
  const peer = await b.begin()
  assert.deepEqual(peer.said[0]?.subs, ['board'])
  b.socket.follow(['conversation:7'])
  assert.deepEqual(peer.said.at(-1), { t: 'subs', add: ['conversation:7'], remove: ['board'] })
})

test('signed out and taken over are told and not retried', async () => {
  const b = new Bench()
  const peer = await b.begin()
  peer.onclose?.({ code: 4009, reason: '' })
  await b.pass(60_000)
  assert.deepEqual(b.refused, [4009])
  assert.equal(b.wires.length, 1)

  const c = new Bench()
  c.ticketFails = { status: 401 }
  c.socket.start()
  await settle()
  assert.deepEqual(c.refused, [4001])
})

test('without a ticket it tries again later', async () => {
  const b = new Bench()
  b.ticketFails = { status: 0 }
  b.socket.start()
  await settle()
  b.ticketFails = null
  await b.pass(500)
  assert.equal(b.wires.length, 1)
})

test('a node that restarts or drains is left within a second, whatever was tried before', async () => {
  for (const code of [1012, 4010]) {
    const b = new Bench()
    const peer = await b.begin()
    peer.onclose?.({ code, reason: '' })
    assert.deepEqual(b.refused, [])
    assert.equal(b.wires.length, 1, 'not at once: all the consoles of the node come')
    await b.pass(1000)
    assert.equal(b.wires.length, 2)
  }
})
