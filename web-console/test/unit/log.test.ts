import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../src/api/types'
import { emptyLog, expect, forget, hole, merge, type Log, type Pending } from '../../src/live/log'

const entry = (pos: number, clientId?: string): Entry => ({ conversation: '1', pos, kind: 'message', author: { kind: 'customer' }, channel: 'chat', text: `line ${pos}`, client_id: clientId, at: '2027-03-01T10:00:00Z' })
const line = (clientId: string): Pending => ({ client_id: clientId, interaction: '1', kind: 'message', text: 'hej', at: '', state: 'sending' })
const positions = (log: Log) => log.entries.map((e) => e.pos)

test('a line that comes back under its client id is no longer pending, whichever way comes first', () => {
  const answered = merge(expect(emptyLog, line('a')), [entry(1, 'a')])
  const early = expect(merge(emptyLog, [entry(1, 'a')]), line('a'))
  for (const log of [answered, early]) {
    assert.deepEqual(positions(log), [1])
    assert.deepEqual(log.pending, [])
  }
})

test('pending lines keep the order they were written in', () => {
  const log = expect(expect(emptyLog, line('b')), line('a'))
  assert.deepEqual(log.pending.map((p) => p.client_id), ['a', 'b'])
  assert.deepEqual(forget(log, 'a').pending.map((p) => p.client_id), ['b'])
})

test('a hole is found by the position before it', () => {
  assert.equal(hole(merge(emptyLog, [entry(4), entry(5)])), null)
  assert.equal(hole(merge(emptyLog, [entry(4), entry(7), entry(5)])), 5)
})

test('the beginning is known once the first entry or a short page was read', () => {
  assert.equal(merge(emptyLog, [entry(3)]).whole, false)
  assert.equal(merge(emptyLog, [entry(1)]).whole, true)
  assert.equal(merge(emptyLog, [entry(3)], true).whole, true)
})

test('drops, repeats and any order converge to what the server has', () => {
  const random = seeded(7)
  for (let round = 0; round < 300; round++) {
    const server = Array.from({ length: 1 + Math.floor(random() * 30) }, (_, i) => entry(i + 1, `c${i}`))
    let log = emptyLog
    for (const e of server) if (random() < 0.4) log = expect(log, line(e.client_id!))
    const frames = server.flatMap((e) => (random() < 0.3 ? [] : random() < 0.4 ? [e, e] : [e])).sort(() => random() - 0.5)
    for (const e of frames) log = merge(log, [e])
    // What was lost is fetched the way the hub does it, until nothing is missing.
    for (let after = hole(log); after !== null; after = hole(log)) log = merge(log, server.filter((e) => e.pos > after!).slice(0, 3))
    log = merge(log, server.slice(-30))
    assert.deepEqual(positions(log), server.map((e) => e.pos))
    assert.deepEqual(log.pending, [])
  }
})

function seeded(seed: number) {
  return () => {
    seed = (seed * 1664525 + 1013904223) % 4294967296
    return seed / 4294967296
  }
}
