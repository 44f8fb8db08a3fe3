// What a formatted mail says to those who see no HTML.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hrefOf } from '../../src/editor/commands'
import { fromText, lossOf, schema, textOf } from '../../src/editor/schema'

const p = (...words: (string | ReturnType<typeof schema.text>)[]) => schema.node('paragraph', null, words.map((w) => (typeof w === 'string' ? schema.text(w) : w)))
const link = (words: string, href: string) => schema.text(words, [schema.mark('link', { href })])
const list = (type: 'bullet_list' | 'ordered_list', ...items: ReturnType<typeof p>[][]) => schema.node(type, null, items.map((blocks) => schema.node('list_item', null, blocks)))
const doc = (...blocks: ReturnType<typeof p>[]) => schema.node('doc', null, blocks)

test('lists, quotes and links are written out', () => {
  const said = doc(
    p('Hej Per'),
    list('ordered_list', [p('Gå till butiken'), list('bullet_list', [p('ta med kvittot')], [p('och stången')])], [p('Vi byter den')]),
    schema.node('blockquote', null, [p('Den är av.'), p('Tyget med.')]),
    p('Läs ', link('om retur', 'https://nordvind.example/retur'), ', ', link('nordvind.example', 'https://nordvind.example'), ' eller ', link('skriv', 'mailto:kund@nordvind.example'), '.'),
  )
  assert.equal(
    textOf(said),
    `Hej Per

1. Gå till butiken
   - ta med kvittot
   - och stången
2. Vi byter den

> Den är av.
>
> Tyget med.

Läs om retur (https://nordvind.example/retur), nordvind.example eller skriv (kund@nordvind.example).`,
  )
})

test('a link of several looks has its address once', () => {
  const [strong, href] = [schema.mark('strong'), schema.mark('link', { href: 'https://a.example' })]
  assert.equal(textOf(doc(p(schema.text('Se ', [href]), schema.text('här', [href, strong]), '!'))), 'Se här (https://a.example)!')
})

test('a text comes back as it was', () => {
  for (const text of ['Hej\nAlva', 'Hej\n\nAlva\n\n- ett\n- två', '', 'https://a.example/x?y=1']) assert.equal(textOf(fromText(text)), text)
  assert.equal(textOf(fromText('Hej\r\n\r\n\r\nAlva\n\n')), 'Hej\n\nAlva')
})

test('what plain text loses is named', () => {
  assert.deepEqual(lossOf(doc(p('Hej'), list('bullet_list', [p('ett')]))), [])
  assert.deepEqual(lossOf(doc(p(schema.text('Hej', [schema.mark('em')]), link('x', 'https://a.example'), schema.node('picture', { cid: 'c', alt: 'bild' }) as never))), ['look', 'links', 'pictures'])
})

test('addresses are understood as people type them', () => {
  assert.equal(hrefOf(' exempel.se/retur '), 'https://exempel.se/retur')
  assert.equal(hrefOf('namn@exempel.se'), 'mailto:namn@exempel.se')
  assert.equal(hrefOf('tel:+46701740605'), 'tel:+46701740605')
  for (const bad of ['', 'retur', 'javascript:alert(1)', 'data:text/html,x', 'två ord.se', 'ftp://a.example']) assert.equal(hrefOf(bad), '', bad)
})
