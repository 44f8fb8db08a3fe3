import type { RefObject } from 'react'
import { history } from 'prosemirror-history'
import { Slice, type Node } from 'prosemirror-model'
import { EditorState, Selection } from 'prosemirror-state'
import { EditorView } from 'prosemirror-view'
import { slashWord } from '../thread/slash'
import { keys, rules, setLink } from './commands'
import { held, hold, isPicture } from './pictures'
import { fromHTML, fromText, linkable, schema } from './schema'
import { tidy } from './tidy'

/** What is said, as plain text and as HTML; without HTML it was written as plain text. */
export interface Words {
  text?: string
  html?: string
}

/** Where files of a mail go, and where those are seen that its text names by their cid. */
export interface Files {
  take: (file: File, cid?: string) => Promise<unknown>
  url: (cid: string) => string | undefined
}

/** What the field asks of who has it, at the moment when it asks. */
export interface Owner {
  files?: Files
  wrote: (doc: Node) => void
  drawn: () => void
  link: () => void
  sends: (later: boolean) => boolean
  key: (e: KeyboardEvent) => boolean
  yields: () => boolean
}

export const docOf = ({ text, html }: Words): Node => (html ? fromHTML(html) : fromText(text ?? ''))

/** A text that was just begun, or comes from elsewhere: there is nothing of before to go back to. */
export const stateOf = (words: Words, owner: RefObject<Owner>) =>
  EditorState.create({ doc: docOf(words), plugins: [history(), rules(), ...keys(() => owner.current.link())] })

/** The pictures that were put into a text here: they may not be stored yet. */
const putIn = new WeakMap<EditorView, Set<string>>()

export function fieldIn(place: HTMLElement, words: Words, owner: RefObject<Owner>): EditorView {
  const view: EditorView = new EditorView(place, {
    state: stateOf(words, owner),
    nodeViews: { picture: (n) => ({ dom: pictureOf(n, owner) }) },
    transformPastedHTML: (html) => tidy(html, (cid) => Boolean(putIn.get(view)?.has(cid) || owner.current.files?.url(cid))), // one of another mail would not go along
    clipboardTextParser: (text) => new Slice(fromText(text).content, 1, 1),
    handleDOMEvents: { keydown: (_, e) => (heed(view), isUndo(e) && owner.current.yields()) }, // it is not ours, then
    handleKeyDown: (_, e) => pressed(e, owner.current),
    handlePaste: (_, e) => pasted(view, e.clipboardData, owner),
    handleDrop: (_, e, __, moved) => !moved && dropped(view, e, owner),
    dispatchTransaction: (tr) => {
      view.updateState(view.state.apply(tr))
      if (tr.docChanged) owner.current.wrote(view.state.doc)
      owner.current.drawn()
    },
  })
  return view
}

const addressOf = (cid: string, owner: RefObject<Owner>) => held(cid) ?? owner.current.files?.url(cid)

function pictureOf(n: Node, owner: RefObject<Owner>): HTMLElement {
  const img = document.createElement('img')
  img.dataset.cid = n.attrs.cid as string
  img.alt = n.attrs.alt as string
  draw(img, owner)
  return img
}

function draw(img: HTMLImageElement, owner: RefObject<Owner>) {
  const address = addressOf(img.dataset.cid!, owner)
  if (address && img.getAttribute('src') !== address) img.src = address
}

/** Draws the pictures whose addresses have become known: after a reload the text is there before its files. */
export const drawPictures = (view: EditorView, owner: RefObject<Owner>) => view.dom.querySelectorAll<HTMLImageElement>('img[data-cid]').forEach((img) => draw(img, owner))

/** A browser tells of a moved caret with its next frame; on a slow machine a key may come before that, and would act where the caret was. */
const heed = (view: EditorView) => (view as unknown as { domObserver: { flush(): void } }).domObserver.flush()

const isUndo = (e: KeyboardEvent) => e.code === 'KeyZ' && (e.metaKey || e.ctrlKey) && !e.shiftKey

function pressed(e: KeyboardEvent, owner: Owner): boolean {
  if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) return owner.sends(e.shiftKey)
  if (!owner.key(e)) return false
  e.stopPropagation() // what lies around the field means something else by Escape
  return true
}

function pasted(view: EditorView, data: DataTransfer | null, owner: RefObject<Owner>): boolean {
  const text = data?.getData('text/plain').trim() ?? ''
  const files = [...(data?.files ?? [])]
  if (files.length > 0 && text === '') return takeFiles(view, files, owner) // a table of a spreadsheet comes as a picture, too
  if (!linkable.test(text) || view.state.selection.empty) return false
  return setLink(text)(view.state, view.dispatch) // an address over words that are chosen
}

function dropped(view: EditorView, e: DragEvent, owner: RefObject<Owner>): boolean {
  const files = [...(e.dataTransfer?.files ?? [])]
  if (files.length === 0) return false
  const at = view.posAtCoords({ left: e.clientX, top: e.clientY })
  if (at) view.dispatch(view.state.tr.setSelection(Selection.near(view.state.doc.resolve(at.pos))))
  return takeFiles(view, files, owner)
}

/** Pictures stand where the caret is, while they are stored; other files go along beside the text. */
export function takeFiles(view: EditorView, list: File[], owner: RefObject<Owner>): boolean {
  const { files } = owner.current
  if (!files || list.length === 0) return false
  for (const file of list) {
    if (!isPicture(file)) {
      void files.take(file).catch(() => {}) // the list of files says why
      continue
    }
    const cid = hold(file)
    putIn.set(view, (putIn.get(view) ?? new Set()).add(cid))
    view.dispatch(view.state.tr.replaceSelectionWith(schema.node('picture', { cid, alt: file.name }), false).scrollIntoView())
    files.take(file, cid).catch(() => !view.isDestroyed && without(view, cid))
  }
  view.focus()
  return true
}

/** Takes a picture out that could not be stored. */
function without(view: EditorView, cid: string) {
  const { tr } = view.state
  view.state.doc.descendants((n, pos) => {
    if (n.attrs.cid === cid) tr.delete(tr.mapping.map(pos), tr.mapping.map(pos + n.nodeSize))
  })
  view.dispatch(tr)
}

export const isEmpty = ({ doc }: EditorState) => doc.childCount === 1 && doc.firstChild!.type === schema.nodes.paragraph && doc.firstChild!.content.size === 0

/** The word after a slash just before the caret, if the caret stands in one. */
export function slashAt(state: EditorState): { word: string; from: number } | null {
  const { empty, $from } = state.selection
  if (!empty) return null
  const before = $from.parent.textBetween(0, $from.parentOffset, null, '\ufffc')
  const found = slashWord(before, before.length)
  return found && { word: found.word, from: $from.start() + found.from }
}

/** Puts a slash at the caret, as if it had been typed. */
export function typeSlash(view: EditorView) {
  const { $from } = view.state.selection
  const gap = /\S$/.test($from.parent.textBetween(0, $from.parentOffset)) ? ' /' : '/'
  view.dispatch(view.state.tr.insertText(gap))
  view.focus()
}

/** Puts something below what is written, and the caret behind it. */
export function below(view: EditorView, words: Words) {
  const { doc, tr } = view.state
  const last = doc.lastChild!
  const from = last.type === schema.nodes.paragraph && last.content.size === 0 ? doc.content.size - last.nodeSize : doc.content.size
  tr.replaceWith(from, doc.content.size, docOf(words).content)
  view.dispatch(tr.setSelection(Selection.atEnd(tr.doc)).scrollIntoView())
  view.focus()
}
