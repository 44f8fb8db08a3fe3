import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { en } from '../../src/i18n/en'
import { figure, format, full, initials, short } from '../../src/i18n/format'
import { sv } from '../../src/i18n/sv'

type Tree = { [key: string]: unknown }

/** Every key with what stands there: a text, or a function of so many arguments. */
function keys(tree: Tree, path = ''): string[] {
  return Object.entries(tree).flatMap(([k, v]) => {
    const here = path ? `${path}.${k}` : k
    if (typeof v === 'function') return [`${here}(${v.length})`]
    return typeof v === 'object' ? keys(v as Tree, here) : [here]
  })
}

test('Swedish and English have the same keys and the same arguments', () => {
  assert.deepEqual(keys(en as unknown as Tree).sort(), keys(sv as unknown as Tree).sort())
})

test('no text is empty, and none is left in the other language', () => {
  const texts = (t: Tree): [string, string][] => Object.entries(t).flatMap(([k, v]) => (typeof v === 'string' ? [[k, v] as [string, string]] : typeof v === 'object' ? texts(v as Tree) : []))
  for (const [key, text] of [...texts(sv as unknown as Tree), ...texts(en as unknown as Tree)]) assert.ok(text.trim(), key)
  for (const [key, text] of texts(en as unknown as Tree)) if (key !== 'language') assert.doesNotMatch(text.replaceAll('Växel', ''), /[åäöÅÄÖ]/, `${key}: ${text}`)
})

test('durations', () => {
  assert.equal(short(38_000), '0:38')
  assert.equal(short(3_727_000), '1:02:07')
  assert.equal(short(-5000), '0:00')
  assert.equal(figure(192_000), '03:12')
  assert.equal(figure(3_727_000), '1:02:07')
  assert.equal(full(761_000), '00:12:41')
})

test('waits are short below an hour and in words above', () => {
  const f = format('sv', sv)
  assert.equal(f.wait(252_000), '4:12')
  assert.equal(f.wait(72 * 60_000), '1 tim 12 min')
  assert.equal(f.wait(-38_000), '0:38')
  assert.equal(f.wait(3 * 86_400_000), '3 dagar')
  assert.equal(format('en', en).wait(72 * 60_000), '1 h 12 min')
})

test('days, numbers and sizes are written as people do', () => {
  const f = format('sv', sv)
  const now = Date.parse('2027-03-04T10:06:00')
  assert.equal(f.when('2027-03-04T09:41:00', now), '09:41')
  assert.equal(f.when('2027-03-03T23:59:00', now), 'i går')
  assert.match(f.when('2027-02-20T12:00:00', now), /^20 feb/)
  assert.equal(f.number(1204).replace(/\s/, ' '), '1 204')
  assert.equal(f.percent(0.78).replace(/\s/, ' '), '78 %')
  assert.equal(f.size(1_812_000), '1,8 MB')
  assert.equal(f.size(96_000), '96 kB')
})

test('a Swedish number is grouped as it is read aloud', () => {
  const f = format('sv', sv)
  assert.equal(f.address('+46701740612'), '+46 70 174 06 12')
  assert.equal(f.address('+46313900612'), '+46 31 390 06 12')
  assert.equal(f.address('anna@post.example'), 'anna@post.example')
  assert.equal(f.address(undefined), '')
})

test('a label is shown in the language, else in any', () => {
  assert.equal(format('sv', sv).label({ sv: 'Retur', en: 'Return' }), 'Retur')
  assert.equal(format('sv', sv).label({ en: 'Return' }), 'Return')
  assert.equal(format('en', en).label({ de: 'Rückgabe' }), 'Rückgabe')
})

test('initials', () => {
  assert.equal(initials('Anna Andersson'), 'AA')
  assert.equal(initials('Karin Öst'), 'KÖ')
  assert.equal(initials('anna@post.example'), 'A')
  assert.equal(initials('+46 70 174'), '#')
})

test('what the floor refuses has words', () => {
  const room = fileURLToPath(new URL('../../../gateway/routing/', import.meta.url))
  const source = readdirSync(room).filter((f) => f.endsWith('.go') && !f.endsWith('_test.go')).map((f) => readFileSync(room + f, 'utf8')).join('')
  const given = [...source.matchAll(/(?:Conflict|Invalid|NotFound|Forbidden|refused|unprocessed)\("([a-z_]+)"|"(queue_[a-z]+)":/g)].map((m) => m[1] ?? m[2]!)
  // What only a program can do wrong, and what customers are told in words of their own.
  const others = new Set(['no_callback', 'no_interaction_id', 'repeated', 'unknown_channel', 'unknown_end', 'unknown_event', 'unknown_status'])
  assert.ok(given.length > 40, `only ${given.length} refusals found`)
  for (const codes of [sv.problem.codes, en.problem.codes]) assert.deepEqual(given.filter((c) => !others.has(c) && !codes[c]), [])
})

test('what the mail parser had to mend has words', () => {
  const room = fileURLToPath(new URL('../../../channels/email/letter/', import.meta.url))
  const found = readdirSync(room).filter((f) => f.endsWith('.go') && !f.endsWith('_test.go')).flatMap((f) => [...readFileSync(room + f, 'utf8').matchAll(/\.defect\("([^"]+)"\)/g)].map((m) => m[1]!))
  assert.deepEqual(Object.keys(sv.mail.defects).sort(), [...new Set(found)].sort())
  assert.deepEqual(Object.keys(en.mail.defects).sort(), Object.keys(sv.mail.defects).sort())
})
