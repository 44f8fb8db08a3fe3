import type { Entry, Mail } from '../api/types'

const utf8 = { encode: new TextEncoder(), decode: new TextDecoder() }

/** A mail's text: what was written in it, and what is quoted below of earlier mails. */
interface Parts {
  own: string
  quoted: string
}

/** `quoted` of a mail counts bytes of UTF-8. */
export function parted(e: Entry): Parts {
  const at = (e.body as Mail | undefined)?.quoted
  if (!at) return { own: e.text, quoted: '' }
  const bytes = utf8.encode.encode(e.text)
  return { own: utf8.decode.decode(bytes.subarray(0, at)).trimEnd(), quoted: utf8.decode.decode(bytes.subarray(at)).trim() }
}

export const linesOf = (quoted: string) => quoted.split('\n').length

/**
 * Folds in a mail's page what its text says is quoted. Every client marks a quotation in its own way, or not at all: so its place
 * is where the same letters stand, once half of the writer's own have been. Where they do not, all stays open.
 */
export function foldQuoted(body: HTMLElement, parts: Parts, show: string, hide: string) {
  const place = placeOf(body, parts)
  if (!place) return
  const doc = body.ownerDocument
  const rest = doc.createRange()
  rest.setStart(...place)
  rest.setEnd(body, body.childNodes.length)
  const details = doc.createElement('details')
  const summary = details.appendChild(doc.createElement('summary'))
  for (const words of [show, hide]) summary.appendChild(doc.createElement('span')).textContent = words
  details.append(rest.extractContents())
  body.append(details)
}

const letter = /[\p{L}\p{N}]/u
const letters = (text: string) => text.replace(/[^\p{L}\p{N}]+/gu, '')

/** How many of its first letters have to be the same; the fewer where text and page write an address differently. */
const enough = [48, 16]

function placeOf(body: HTMLElement, { own, quoted }: Parts): [Node, number] | undefined {
  const nodes: { node: Text; from: number }[] = []
  let all = ''
  for (const walk = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT); walk.nextNode(); ) {
    nodes.push({ node: walk.currentNode as Text, from: all.length })
    all += letters(walk.currentNode.textContent ?? '')
  }
  const wanted = letters(quoted)
  const past = letters(own).length >> 1
  const at = wanted.length < enough[1]! ? (all.endsWith(wanted) ? all.length - wanted.length : -1) : Math.max(...enough.map((n) => all.indexOf(wanted.slice(0, n), past)))
  if (!wanted || at < 1) return // nothing of the writer's own would be left
  const { node, from } = nodes.findLast((n) => n.from <= at)!
  if (from === at) return before(body, node)
  return [node, placeIn(node.data, at - from)]
}

/** Where a text's letter of that number stands, with the marks before it. */
function placeIn(text: string, number: number): number {
  let before = 0 // the end of the letter before
  let units = 0 // of UTF-16, in which letters() counts too
  for (const c of text.matchAll(/[\p{L}\p{N}]/gu)) {
    if (units === number) return Math.max(before, text.lastIndexOf('\n', c.index) + 1)
    units += c[0].length
    before = c.index + c[0].length
  }
  return text.length
}

/** The place before all that begins with a node: a quotation's frame and its lines belong to it. */
function before(body: HTMLElement, first: Node): [Node, number] {
  let top = first
  while (top.parentNode && top.parentNode !== body && !saysBefore(top)) top = top.parentNode
  return [top.parentNode!, [...top.parentNode!.childNodes].indexOf(top as ChildNode)]
}

function saysBefore(node: Node): boolean {
  for (let n = node.previousSibling; n; n = n.previousSibling) if (letter.test(n.textContent ?? '') || n.nodeName === 'IMG') return true
  return false
}
