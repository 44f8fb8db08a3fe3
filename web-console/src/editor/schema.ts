import { DOMParser, DOMSerializer, Schema, type Mark, type Node, type Slice } from 'prosemirror-model'
import { bulletList, listItem, orderedList } from 'prosemirror-schema-list'
import { parsed } from './tidy'

/** Addresses that a link in a mail may have; nothing that acts. */
export const linkable = /^(https?:\/\/|mailto:|tel:)\S+$/i
const address = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g

/**
 * What a mail may hold that is written here: as much as every mail program shows alike. It is
 * also what makes pasted HTML safe: what has no place in it is dropped, its words stay.
 */
export const schema = new Schema({
  nodes: {
    doc: { content: 'block+' },
    paragraph: { group: 'block', content: 'inline*', parseDOM: [{ tag: 'p' }], toDOM: () => ['p', 0] },
    heading: { group: 'block', content: 'inline*', defining: true, parseDOM: [{ tag: 'h1, h2, h3, h4, h5, h6' }], toDOM: () => ['h3', 0] },
    blockquote: { group: 'block', content: 'block+', defining: true, parseDOM: [{ tag: 'blockquote' }], toDOM: () => ['blockquote', 0] },
    bullet_list: { ...bulletList, group: 'block', content: 'list_item+' },
    ordered_list: { ...orderedList, group: 'block', content: 'list_item+' },
    list_item: { ...listItem, content: 'paragraph block*', defining: true },
    text: { group: 'inline' },
    hard_break: { group: 'inline', inline: true, selectable: false, parseDOM: [{ tag: 'br' }], toDOM: () => ['br'] },
    // A picture goes along as a file of the mail, which its cid names (RFC 2392). One of another server has no place.
    picture: {
      group: 'inline',
      inline: true,
      draggable: true,
      attrs: { cid: {}, alt: { default: '' } },
      parseDOM: [{ tag: 'img[src^="cid:"]', getAttrs: (e) => ({ cid: e.getAttribute('src')!.slice(4), alt: e.getAttribute('alt') ?? '' }) }],
      toDOM: (n) => ['img', { src: `cid:${n.attrs.cid as string}`, alt: n.attrs.alt as string, style: 'max-width: 100%' }],
    },
  },
  marks: {
    link: {
      attrs: { href: {} },
      inclusive: false,
      parseDOM: [{ tag: 'a[href]', getAttrs: (e) => linkable.test(e.getAttribute('href')!.trim()) && { href: e.getAttribute('href')!.trim() } }],
      toDOM: (m) => ['a', { href: m.attrs.href as string }, 0],
    },
    strong: { parseDOM: [{ tag: 'strong, b' }], toDOM: () => ['strong', 0] },
    em: { parseDOM: [{ tag: 'em, i' }], toDOM: () => ['em', 0] },
    underline: { parseDOM: [{ tag: 'u' }], toDOM: () => ['u', 0] },
  },
})

const childrenOf = (n: Node) => Array.from({ length: n.childCount }, (_, k) => n.child(k))

export const fromHTML = (html: string): Node => DOMParser.fromSchema(schema).parse(parsed(html))
/** As the field would show it: for HTML of others that is only looked at. */
export const shownAs = (html: string): DocumentFragment | HTMLElement => DOMSerializer.fromSchema(schema).serializeFragment(fromHTML(html).content)
/** The same to be put into a text, where its ends may join what stands there. */
export const pieceOf = (html: string): Slice => DOMParser.fromSchema(schema).parseSlice(parsed(html))

/** A text as it was typed: empty lines between paragraphs. */
export function fromText(text: string): Node {
  const line = (l: string) => (l ? [schema.text(l)] : [])
  const paragraph = (p: string) => schema.node('paragraph', null, p.split('\n').flatMap((l, k) => [...(k > 0 ? [schema.node('hard_break')] : []), ...line(l)]))
  return schema.node('doc', null, text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split(/\n{2,}/).map(paragraph))
}

/** As HTML where it has more to show than its text; addresses that stand in it are links. */
export function htmlOf(doc: Node): string {
  if (isPlain(doc)) return ''
  const apart = document.implementation.createHTMLDocument() // where no picture is fetched
  DOMSerializer.fromSchema(schema).serializeFragment(linked(doc).content, { document: apart }, apart.body)
  for (const p of apart.body.querySelectorAll('li > p:first-child')) if (p.nextElementSibling?.tagName !== 'P') p.replaceWith(...p.childNodes) // mail programs put paragraphs far apart
  return apart.body.innerHTML
}

const isPlain = (doc: Node) => childrenOf(doc).every((n) => n.type === schema.nodes.paragraph && childrenOf(n).every((c) => c.marks.length === 0 && c.type !== schema.nodes.picture))

function linked(n: Node): Node {
  if (n.isText) return n
  const fresh = childrenOf(n).flatMap((c) => (c.isText ? withLinks(c) : [linked(c)]))
  return n.type.create(n.attrs, fresh, n.marks)
}

function withLinks(n: Node): Node[] {
  if (linkOf(n)) return [n]
  const out: Node[] = []
  let from = 0
  for (const m of n.text!.matchAll(address)) {
    if (m.index > from) out.push(n.cut(from, m.index))
    from = m.index + m[0].length
    out.push(n.cut(m.index, from).mark(schema.mark('link', { href: m[0] }).addToSet(n.marks)))
  }
  return from < n.text!.length ? [...out, n.cut(from)] : out
}

const linkOf = (n: Node): Mark | undefined => n.marks.find((m) => m.type === schema.marks.link)

/** The same as plain text, for those who see no HTML: lists with dashes and numbers, quotes behind ">", links with their addresses. */
export const textOf = (doc: Node): string => blocks(doc).replace(/\n{3,}/g, '\n\n').trim()

const blocks = (n: Node, between = '\n\n'): string => childrenOf(n).map(block).join(between)

function block(n: Node): string {
  switch (n.type.name) {
    case 'bullet_list':
      return items(n, () => '- ')
    case 'ordered_list':
      return items(n, (k) => `${(n.attrs.order as number) + k}. `)
    case 'blockquote':
      return blocks(n).replace(/^.*$/gm, (l) => (l ? `> ${l}` : '>'))
    default:
      return words(n)
  }
}

const items = (list: Node, sign: (k: number) => string) =>
  childrenOf(list)
    .map((item, k) => sign(k) + blocks(item, '\n').replace(/\n(?=.)/g, '\n' + ' '.repeat(sign(k).length)))
    .join('\n')

/** The words of a line; the address of a link stands behind those that it has. */
function words(n: Node): string {
  let out = ''
  let label = ''
  const parts = childrenOf(n)
  for (const [k, c] of parts.entries()) {
    const said = c.isText ? c.text! : c.type.name === 'hard_break' ? '\n' : `[${c.attrs.alt as string}]`
    out += said
    const href = linkOf(c)?.attrs.href as string | undefined
    if (!href) continue
    label += said
    const next = parts[k + 1]
    if (next && linkOf(next)?.attrs.href === href) continue
    const shown = href.replace(/^(mailto|tel):/i, '')
    if (!shown.includes(label.trim())) out += ` (${shown})`
    label = ''
  }
  return out
}

export type Loss = 'look' | 'links' | 'pictures'

/** What of it plain text cannot say, in the order in which one would miss it. */
export function lossOf(doc: Node): Loss[] {
  const found = new Set<Loss>()
  doc.descendants((n) => {
    if (n.type.name === 'picture') found.add('pictures')
    if (n.type.name === 'heading' || n.marks.some((m) => m.type !== schema.marks.link)) found.add('look')
    if (linkOf(n)) found.add('links')
  })
  return (['look', 'links', 'pictures'] as const).filter((l) => found.has(l))
}
