import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry, InteractionView, Offer, Presence } from '../../src/api/types'
import type { Envelope } from '../../src/live/frames'
import { apply, nothing, withInteraction, withView, withViews, type Live } from '../../src/live/state'

const offer = (no: number): Offer => ({ interaction: '9', no, agent: '1', kind: 'queue', channel: 'chat', queue: '1', created_at: '', expires_at: '' })
const interaction = (rev: number, more: Partial<InteractionView> = {}): InteractionView => ({ id: '5', channel: 'chat', queue: '1', case: '2', conversation: '3', customer: '4', state: 'active', agent: '1', offer_no: 1, arrived_at: '', due_at: '', rev, ...more })
const presence = (rev: number, more: Partial<Presence> = {}): Presence => ({ agent: '1', intent: 'available', status: 'available', since: '', units: 0, live: true, rev, ...more })
const entry = (pos: number, more: Partial<Entry> = {}): Entry => ({ conversation: '3', pos, kind: 'message', author: { kind: 'customer', id: '4' }, channel: 'chat', text: `line ${pos}`, at: '2027-03-01T10:00:00Z', ...more })

const after = (frames: Omit<Envelope, 'v'>[], from: Live = nothing) => frames.reduce((live, f) => apply(live, f, '1', 0), from)

test('an offer that has closed never comes back, in whichever order the frames come', () => {
  const closed = { t: 'offer.closed', data: { ...offer(2), outcome: 'missed' } }
  assert.deepEqual(Object.keys(after([{ t: 'offer.created', data: offer(2) }]).offers), ['9'])
  assert.deepEqual(after([{ t: 'offer.created', data: offer(2) }, closed]).offers, {})
  assert.deepEqual(after([closed, { t: 'offer.created', data: offer(2) }]).offers, {})
  assert.deepEqual(after([closed, { t: 'offer.created', data: offer(1) }]).offers, {})
  assert.equal(after([closed, { t: 'offer.created', data: offer(3) }]).offers['9']?.no, 3)
})

test('a snapshot brings back no offer that was answered here', () => {
  const live = after([{ t: 'offer.closed', data: offer(2) }])
  const snapshot = { presence: presence(3), offers: [offer(2)], interactions: [] }
  assert.deepEqual(after([{ t: 'snapshot', data: snapshot }], live).offers, {})
})

test('only a larger rev changes an interaction, and names that a bare frame lacks are kept', () => {
  const live = after([{ t: 'interaction.changed', data: interaction(2, { customer_name: 'Anna' }) }])
  const later = after([{ t: 'interaction.changed', data: interaction(3, { state: 'wrap_up' }) }], live)
  assert.equal(later.interactions['5']?.state, 'wrap_up')
  assert.equal(later.interactions['5']?.customer_name, 'Anna')
  assert.equal(after([{ t: 'interaction.changed', data: interaction(2) }], later), later)
  const bare = after([{ t: 'interaction.changed', data: interaction(2) }])
  assert.equal(after([{ t: 'interaction.changed', data: interaction(2, { customer_name: 'Anna' }) }], bare).interactions['5']?.customer_name, 'Anna')
})

test('an interaction that goes to someone else, or is finished, leaves my list', () => {
  const live = after([{ t: 'interaction.changed', data: interaction(2) }])
  assert.deepEqual(after([{ t: 'interaction.changed', data: interaction(3, { agent: '2' }) }], live).interactions, {})
  assert.deepEqual(after([{ t: 'interaction.changed', data: interaction(3, { state: 'finished' }) }], live).interactions, {})
  assert.deepEqual(after([{ t: 'interaction.changed', data: interaction(3, { state: 'waiting', agent: '0' }) }], live).interactions, {})
})

test('what has left my list does not come back by an old frame or an old list', () => {
  const mine = interaction(2)
  const live = after([{ t: 'interaction.changed', data: mine }, { t: 'interaction.changed', data: interaction(3, { state: 'finished' }) }])
  assert.deepEqual(after([{ t: 'interaction.changed', data: mine }], live).interactions, {})
  assert.deepEqual(withViews(live, [mine], '1').interactions, {})
  assert.equal(after([{ t: 'interaction.changed', data: interaction(4) }], live).interactions['5']?.rev, 4, 'given to me anew')
})

test('a customer line counts as unread once, a line of mine clears it', () => {
  const live = after([{ t: 'interaction.changed', data: interaction(2, { last_pos: 0 }) }])
  const one = after([{ t: 'message.created', data: entry(1) }, { t: 'message.created', data: entry(1) }], live)
  assert.equal(one.interactions['5']?.unread, 1)
  assert.equal(one.interactions['5']?.preview, 'line 1')
  const mine = after([{ t: 'message.created', data: entry(2, { author: { kind: 'agent', id: '1' } }) }], one)
  assert.equal(mine.interactions['5']?.unread, 0)
})

test('presence of others is not mine', () => {
  assert.equal(after([{ t: 'agent.status', data: { ...presence(1), agent: '2' } }]).presence, null)
  const mine = after([{ t: 'agent.status', data: presence(4, { status: 'busy' }) }])
  assert.equal(after([{ t: 'agent.status', data: presence(3) }], mine).presence?.status, 'busy')
})

test('what a customer is writing goes with the line', () => {
  const typing = (on: boolean, text?: string): Envelope => ({ t: 'typing', conversation: '3', data: { author: { kind: 'customer' }, on, text } })
  assert.equal(after([typing(true, 'Hej'), typing(true)]).typed['3'], 'Hej')
  assert.equal(after([typing(true, 'Hej'), typing(false)]).typed['3'], '')
  assert.equal(after([typing(true, 'Hej'), { t: 'message.created', data: entry(1) }]).typed['3'], undefined)
})

test('typing ends by itself, by word, and with the line', () => {
  const typing = (on: boolean): Envelope => ({ t: 'typing', conversation: '3', data: { author: { kind: 'customer' }, on } })
  assert.equal(after([typing(true)]).typing['3'], 6000)
  assert.equal(after([typing(true), typing(false)]).typing['3'], 0)
  assert.equal(after([typing(true), { t: 'message.created', data: entry(1) }]).typing['3'], undefined)
  assert.deepEqual(after([{ ...typing(true), data: { author: { kind: 'agent' }, on: true } }]).typing, {})
})

test('a view that is older than what is known changes nothing', () => {
  const live = after([{ t: 'interaction.changed', data: interaction(5) }])
  assert.equal(withView(live, interaction(4, { customer_name: 'Anna' })), live)
  assert.equal(withView(live, interaction(5, { customer_name: 'Anna' })).interactions['5']?.customer_name, 'Anna')
})

test('an unknown frame is no error', () => {
  assert.equal(after([{ t: 'cobrowse.started', data: {} }]), nothing)
})

test('what I gave away is back for its wrap-up, whichever of the two is told first', () => {
  let live = apply(nothing, { t: 'interaction.changed', data: interaction(2, { id: '7' }) }, '1', 0)
  const given = interaction(3, { id: '7', agent: '2' })
  live = apply(live, { t: 'interaction.changed', data: given }, '1', 0)
  assert.equal(live.interactions['7'], undefined)
  live = apply(live, { t: 'agent.status', data: presence(5, { status: 'wrap_up', wrap_ups: [{ interaction: '7', queue: '3' }] }) }, '1', 0)
  assert.equal(withInteraction(live, given, '1').interactions['7']?.state, 'wrap_up')
})

test('a wrap-up of what I gave away is mine, until my presence says that it is over', () => {
  const mine = { agent: '1', intent: 'available' as const, status: 'wrap_up' as const, since: '', units: 0, live: true, rev: 5, wrap_ups: [{ interaction: '7', queue: '3', until: '2027-03-01T10:01:00Z' }] }
  const given = interaction(9, { id: '7', agent: '2' })
  let live = apply(nothing, { t: 'agent.status', data: mine }, '1', 0)
  live = apply(live, { t: 'interaction.changed', data: given }, '1', 0)
  assert.equal(live.interactions['7']?.state, 'wrap_up')
  assert.equal(live.interactions['7']?.wrap_up_until, '2027-03-01T10:01:00Z')
  assert.equal(live.interactions['7']?.codesOf, '3', 'the codes are those of the queue in which I served it')
  live = apply(live, { t: 'interaction.changed', data: { ...given, rev: 10 } }, '1', 0)
  assert.equal(live.interactions['7']?.state, 'wrap_up', 'what the colleague does with it changes nothing of mine')
  live = apply(live, { t: 'agent.status', data: { ...mine, rev: 6, wrap_ups: undefined } }, '1', 0)
  assert.equal(live.interactions['7'], undefined)
})

test('one that a colleague asked me about is here while I am on it, and what a frame leaves out is over', () => {
  let live = apply(nothing, { t: 'interaction.changed', data: interaction(2, { id: '7', agent: '2', others: ['1'], phase: 'consult' }) }, '1', 0)
  assert.equal(live.interactions['7']?.phase, 'consult')
  live = apply(live, { t: 'interaction.changed', data: interaction(3, { id: '7', agent: '1' }) }, '1', 0)
  assert.equal(live.interactions['7']?.phase, undefined)
  live = apply(live, { t: 'interaction.changed', data: interaction(4, { id: '7', agent: '2' }) }, '1', 0)
  assert.equal(live.interactions['7'], undefined)
})

test('a platform switch is shown until it is over, and only its own node ends it', () => {
  const notice = (phase: string, node = 'a') => ({ t: 'drain.notice', data: { phase, node, deadline: '2027-03-01T10:10:00Z' } })
  const live = after([notice('final')])
  assert.equal(live.drain?.phase, 'final')
  assert.equal(after([notice('over', 'b')], live).drain?.phase, 'final')
  assert.equal(after([notice('over')], live).drain, null)
})
