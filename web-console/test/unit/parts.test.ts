import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uuid } from '../../src/api/client'
import type { Entry, InteractionView, PhoneLine } from '../../src/api/types'
import { groupOf, matches, rowsOf } from '../../src/inbox/group'
import { linesOf } from '../../src/phone/lines'
import { phoneAddress, recordingOf, telephone } from '../../src/phone/number'
import { addressesIn } from '../../src/thread/recipients'
import { slashWord } from '../../src/thread/slash'
import { local, usual } from '../../src/thread/usual'
import { blocksOf } from '../../src/thread/entries'
import { headsOf } from '../../src/thread/timeline'

const interaction = (id: string, more: Partial<InteractionView> = {}): InteractionView => ({ id, channel: 'chat', queue: '1', case: '2', conversation: '3', customer: '4', state: 'active', agent: '1', offer_no: 1, arrived_at: `2027-03-01T10:00:${id.padStart(2, '0')}Z`, due_at: '', rev: 1, ...more })
const entry = (pos: number, more: Partial<Entry> = {}): Entry => ({ conversation: '3', pos, kind: 'message', author: { kind: 'customer', id: '4' }, channel: 'chat', text: '', at: '2027-03-01T10:00:00Z', ...more })

test('a UUIDv7 carries its time, version and variant, and sorts by time', () => {
  const id = uuid(0x0190_0000_0001, new Uint8Array(10).fill(255))
  assert.equal(id, '01900000-0001-7fff-bfff-ffffffffffff')
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.ok(uuid(1000) < uuid(2000))
})

test('an interaction stands where it waits', () => {
  assert.equal(groupOf(interaction('1'), '1'), 'now')
  assert.equal(groupOf(interaction('1', { channel: 'email', unread: 1 }), '1'), 'you')
  assert.equal(groupOf(interaction('1', { channel: 'email' }), '1'), 'now')
  assert.equal(groupOf(interaction('1', { state: 'parked' }), '1'), 'parked')
  assert.equal(groupOf(interaction('1', { state: 'waiting', agent: '0' }), '1'), 'queued')
  assert.equal(groupOf(interaction('1', { agent: '2' }), '1'), 'others')
  assert.equal(groupOf(interaction('1', { state: 'finished' }), '1'), 'finished')
})

test('rows have a heading for each group that has something, the oldest first', () => {
  const rows = rowsOf([interaction('2'), interaction('3', { state: 'parked' }), interaction('1')], '1')
  assert.deepEqual(rows.map((r) => ('heading' in r ? r.heading : r.item.id)), ['now', '1', '2', 'parked', '3'])
})

test('addresses are read as people type and paste them; what stands in quotes is not parted', () => {
  const read = (text: string) => addressesIn(text).map(({ name, value }) => [name ?? '', value])
  assert.deepEqual(read('anna@kund.example, Bo <bo@kund.example>;"Ek, Cia" <cia@kund.example>\ndan@kund.example'), [['', 'anna@kund.example'], ['Bo', 'bo@kund.example'], ['Ek, Cia', 'cia@kund.example'], ['', 'dan@kund.example']])
  assert.deepEqual(read('"john doe"@kund.example, John <"doe, \\"j\\""@kund.example>'), [['', '"john doe"@kund.example'], ['John', '"doe, \\"j\\""@kund.example']])
  assert.deepEqual(read('john doe@kund.example, "@kund.example, anna'), [])
})

test('the filter looks at name, subject, number and queue', () => {
  const i = interaction('1', { customer_name: 'Anna Andersson', case_number: 1042, subject: 'Faktura efter retur' })
  assert.ok(matches(i, 'anna'))
  assert.ok(matches(i, '#1042'))
  assert.ok(matches(i, ' RETUR '))
  assert.ok(!matches(i, 'Per'))
})

test('a slash begins a word only where a word may begin', () => {
  assert.deepEqual(slashWord('/åter', 5), { word: 'åter', from: 0 })
  assert.deepEqual(slashWord('Se här: /åter', 13), { word: 'åter', from: 8 })
  assert.deepEqual(slashWord('rad\n/', 5), { word: '', from: 4 })
  assert.equal(slashWord('och/eller', 9), null)
  assert.equal(slashWord('https://hjalp', 13), null)
  assert.equal(slashWord('/åter köp', 9), null)
})

test('numbers are read as people write them', () => {
  assert.equal(telephone('070-174 06 12'), '+46701740612')
  assert.equal(telephone('0046 70 174 06 12'), '+46701740612')
  assert.equal(telephone('+44 20 7946 0958'), '+442079460958')
  assert.equal(telephone('214'), '214')
  assert.equal(telephone('Anna'), '')
  assert.equal(telephone('070'), '070')
})

test('a phone is a number or a SIP address', () => {
  assert.deepEqual(phoneAddress('sip:alva@pbx.example'), { kind: 'sip', address: 'sip:alva@pbx.example' })
  assert.deepEqual(phoneAddress('031-390 06 12'), { kind: 'pstn', address: '+46313900612' })
  assert.equal(phoneAddress('214'), null)
  assert.equal(phoneAddress('sip:alva'), null)
})

test('lines carry the names of their interactions', () => {
  const i = interaction('8', { channel: 'voice', customer_name: 'Anna' })
  const lines = linesOf([{ no: 2, state: 'talking', interaction: '8', number: '+46701740612' }, { no: 1, state: 'idle' }], { '8': i })
  assert.equal(lines[0], undefined)
  assert.deepEqual([lines[1]?.name, lines[1]?.state, lines[1]?.address], ['Anna', 'live', '+46701740612'])
})

test('a call whose interaction is over, or no longer mine, is on no line, whatever the telephone still says', () => {
  const i = interaction('8', { channel: 'voice', customer_name: 'Anna' })
  const told: PhoneLine[] = [{ no: 1, state: 'talking', interaction: '8' }]
  assert.equal(linesOf(told, { '8': i })[0]?.state, 'live')
  assert.deepEqual(linesOf(told, { '8': { ...i, state: 'wrap_up' } }), [undefined, undefined])
  assert.deepEqual(linesOf(told, {}), [undefined, undefined])
  assert.equal(linesOf([{ no: 1, state: 'ringing', interaction: '8' }], {})[0]?.state, 'ringing', 'it is not mine before I answer')
})

test('when the customer has hung up, those who are left are the only lines', () => {
  const i = interaction('8', { channel: 'voice', phase: 'colleagues', agent: '1', others: ['2'], colleagues: [{ id: '2', name: 'Erik' }], customer_name: 'Anna', ended_at: '2026-01-01T00:00:00Z' })
  const told: PhoneLine[] = [{ no: 1, state: 'talking', interaction: '8' }]
  assert.deepEqual(linesOf(told, { '8': i }, '1').map((l) => l?.name), [undefined, 'Erik'])
  assert.deepEqual(linesOf([...told, { no: 2, state: 'failed', interaction: '8', outside: true, failure: 'busy' }], { '8': i }, '1').map((l) => l?.state), [undefined, 'live'])
})

test('of two lines the one that hears music is parked, whoever the second one is', () => {
  const states = (told: PhoneLine[], i: InteractionView) => linesOf(told, { '8': i }, '1').map((l) => l?.state)
  const first = (state: PhoneLine['state']): PhoneLine => ({ no: 1, state, interaction: '8' })
  const out: PhoneLine = { no: 2, state: 'talking', interaction: '8', number: '+46701112233', outside: true }
  const call = interaction('8', { channel: 'voice', phase: 'consult', line_2: 'outside', outside: true, agent: '1', customer_name: 'Anna' })
  assert.deepEqual(states([first('held'), out], call), ['held', 'live'])
  assert.deepEqual(states([first('talking'), out], call), ['live', 'held'], 'swapped')
  assert.deepEqual(states([first('talking'), out], { ...call, phase: 'conference' }), ['live', 'live'])
  assert.equal(linesOf([first('held'), out], { '8': call }, '1')[1]?.name, '+46701112233', 'who is outside has no name of the customer')
  const erik = { others: ['2'], colleagues: [{ id: '2', name: 'Erik' }] }
  assert.deepEqual(states([first('talking'), out], { ...call, ...erik, phase: 'conference', line_2: undefined }), ['live', 'live', 'live'], 'a colleague and somebody outside')
  assert.deepEqual(linesOf([first('held'), out], { '8': { ...call, ...erik, line_2: 'colleague' } }, '1').map((l) => l?.name), ['Anna', 'Erik'], 'asked from a conference that has somebody outside')
  const asked: InteractionView = { ...call, ...erik, line_2: 'colleague', outside: undefined }
  assert.deepEqual(states([first('held')], asked), ['held', 'live'])
  assert.deepEqual(states([first('talking')], asked), ['live', 'held'], 'swapped')
  const guest = { ...asked, agent: '2', agent_name: 'Erik', others: ['1'], colleagues: [{ id: '1', name: 'Alva' }] }
  assert.deepEqual(states([first('talking')], guest), ['held', 'held'], 'the colleague talks to the customer')
})

test('the sound of an interaction is its own, else the last one', () => {
  const sounds = [entry(1, { kind: 'recording', interaction: '7' }), entry(2, { kind: 'recording', interaction: '8' })]
  assert.equal(recordingOf(sounds, '7')?.pos, 1)
  assert.equal(recordingOf(sounds, '9')?.pos, 2)
  assert.equal(recordingOf([], '9'), undefined)
})

test('lines of one author close together share a name; a note stands alone', () => {
  const me = { kind: 'agent' as const, id: '1' }
  const blocks = blocksOf([entry(1), entry(2), entry(3, { author: me }), entry(4, { kind: 'note', author: me }), entry(5, { author: me, at: '2027-03-01T10:06:00Z' })])
  assert.deepEqual(blocks.map((b) => (b.kind === 'lines' ? b.entries.map((e) => e.pos) : b.entry.pos)), [[1, 2], [3], 4, [5]])
})

test('on a timeline a chat is one item, its last line; mails and notes are each their own', () => {
  const at = (s: number) => `2027-03-01T10:00:0${s}Z`
  const heads = headsOf([entry(1, { at: at(1) }), entry(2, { at: at(2) }), entry(3, { kind: 'event', at: at(3) }), entry(4, { kind: 'note', at: at(4) }), entry(1, { conversation: '9', kind: 'mail', at: at(0) })])
  assert.deepEqual(heads.map((e) => [e.conversation, e.pos]), [['3', 4], ['3', 2], ['9', 1]])
})

test('a mail is put off to times that people mean', () => {
  const said = (now: string) => usual(new Date(now)).map((u) => `${u.name} ${local(u.at)}`)
  assert.deepEqual(said('2026-11-25T16:20:30'), ['hour 2026-11-25T17:21', 'morning 2026-11-26T08:00', 'monday 2026-11-30T08:00'])
  assert.deepEqual(said('2026-11-30T07:00:00'), ['hour 2026-11-30T08:00', 'morning 2026-12-01T08:00', 'monday 2026-12-07T08:00'])
  assert.deepEqual(said('2026-12-27T23:30:00'), ['hour 2026-12-28T00:30', 'morning 2026-12-28T08:00'])
})
