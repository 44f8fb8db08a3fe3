// The console's words against the committed contract: a name that the API doesn't know is
// a fault here, before anyone sees an empty field.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import ts from 'typescript'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

interface Schema {
  properties?: Record<string, unknown>
}
const contract = JSON.parse(read('../../../docs/openapi.json')) as { paths: Record<string, Record<string, unknown>>; components: { schemas: Record<string, Schema> } }

// Our word → the contract's.
const same: Record<string, string> = {
  Presence: 'Presence',
  WrapUpLeft: 'WrapUpLeft',
  Asked: 'Asked',
  Reasons: 'Reasons',
  Explanation: 'Explanation',
  Decision: 'Decision',
  Candidate: 'Candidate',
  Phone: 'Phone',
  InteractionView: 'Interaction',
  Entry: 'Entry',
  Visit: 'Visit',
  Author: 'Author',
  Attachment: 'Attachment',
  PhoneLine: 'Line',
  QueueRow: 'QueueRow',
  Alert: 'Alert',
  AgentRow: 'AgentRow',
  CodeList: 'TransactionList',
  TransactionCode: 'TransactionCode',
  Case: 'Case',
  CaseTimeline: 'CaseTimeline',
  Customer: 'Customer',
  Task: 'Task',
  Article: 'Article',
  Suggestions: 'Suggestions',
  Mail: 'Mail',
  Authentication: 'Authentication',
  Happening: 'Happening',
  Conversation: 'Conversation',
  Outbound: 'Outbound',
  Reached: 'Recipient',
  Backfill: 'Backfill',
  Invitation: 'Invitation',
  Attendee: 'Attendee',
  RelatedCase: 'RelatedCase',
  Signature: 'Words',
  Macro: 'Macro',
  Filled: 'Filled',
  StaffChat: 'StaffChat',
  SupervisorMessage: 'SupervisorMessage',
  Figures: 'MyFigures',
  ChannelTimes: 'ChannelFigures',
  QueueTimes: 'QueueFigures',
  Named: 'Named',
  AgentSettings: 'AgentSettings',
  QueueSettings: 'QueueSettings',
  ChannelPlan: 'ChannelPlan',
  Step: 'Step',
  WrapUpPlan: 'WrapUpPlan',
  Membership: 'Membership',
  SkillLevel: 'SkillLevel',
  Thing: 'Group',
  StatusCode: 'StatusCode',
  Calendar: 'Calendar',
  Hours: 'Hours',
  Login: 'Login',
  AuditLine: 'AuditLine',
  Mailbox: 'Mailbox',
  Quarantined: 'Quarantined',
  BlockedSender: 'BlockedSender',
  BlockedVisitor: 'BlockedVisitor',
  Unsubscribed: 'Unsubscribed',
  Synonym: 'Synonym',
  Node: 'Node',
  NodeDrain: 'Drain',
  Held: 'Held',
  Remains: 'Remains',
  Widget: 'Widget',
  Trunk: 'Trunk',
  Rules: 'Rules',
  Interval: 'Interval',
  Workplace: 'Workplace',
  Answering: 'Answering',
  Written: 'Written',
}

function interfaces(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const files = ['types.ts', 'admin.ts'].map((name) => ts.createSourceFile(name, read(`../../src/api/${name}`), ts.ScriptTarget.ES2022))
  for (const s of files.flatMap((f) => [...f.statements])) if (ts.isInterfaceDeclaration(s)) found.set(s.name.text, s.members.map((m) => (m.name as ts.Identifier).text))
  return found
}

test('every field that the console reads is in the contract', () => {
  const ours = interfaces()
  for (const [name, schema] of Object.entries(same)) {
    const known = Object.keys(contract.components.schemas[schema]?.properties ?? {})
    assert.ok(known.length > 0, `the contract has no ${schema}`)
    for (const field of ours.get(name) ?? assert.fail(`there is no ${name} any more`)) assert.ok(known.includes(field), `${name}.${field} is not in ${schema}: ${known.join(' ')}`)
  }
})

test('every request that the console makes is in the contract', () => {
  const source = read('../../src/api/client.ts')
  const calls = [...source.matchAll(/\b(get|post|put|patch)<[^(]*\(\s*(['`])(\/[^'`]*)\2/g)].map((m) => [m[1]!, m[3]!])
  const verbs = [...source.matchAll(/on\(id, '([a-z-]+)'\)/g)].map((m) => ['post', `/interactions/{id}/${m[1]}`])
  assert.ok(calls.length > 25 && verbs.length > 10)
  const plain = (path: string) => path.replace(/\$?\{[^}]*\}/g, '{}')
  const known = new Map(Object.entries(contract.paths).map(([p, methods]) => [plain(p.replace('/api/v1', '')), Object.keys(methods)]))
  for (const [verb, path] of [...calls, ...verbs]) assert.ok(known.get(plain(path!))?.includes(verb!), `${verb} ${path} is not in the contract`)
})

test('everything that the server says one may do has its control', () => {
  const listed = [...read('../../../gateway/api/actions.go').split('\nfunc ').slice(1).join().matchAll(/"([a-z]+(?:_[a-z]+)*)"/g)].map((m) => m[1]!)
  const pages = ['inbox/inbox', 'phone/line-card', 'phone/second', 'pages/phone', 'thread/composer', 'thread/mail-composer', 'thread/thread', 'thread/transfer', 'thread/wrap-up'].map((p) => read(`../../src/${p}.tsx`)).join()
  const asked = new Set([...pages.matchAll(/(?:mayDo\(i, |may\(|can\()'([a-z_]+)'/g)].map((m) => m[1]!))
  assert.ok(listed.includes('swap_lines') && listed.length > 15)
  assert.deepEqual([...new Set(listed)].filter((verb) => !asked.has(verb)), ['finish'], 'a wrap-up’s way out is always there')
})

test('every kind of thing that administrators keep is in the contract', () => {
  const kinds = [...read('../../src/api/admin.ts').matchAll(/^ {2}'?([a-z-]+)'?: [A-Z]\w+$/gm)].map((m) => m[1]!).filter((k) => contract.paths[`/api/v1/admin/${k}`])
  assert.deepEqual(kinds, ['agents', 'queues', 'groups', 'skills', 'status-codes', 'transaction-lists', 'transaction-codes', 'calendars', 'widgets'])
})
