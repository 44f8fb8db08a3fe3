import { baseKeymap, lift, setBlockType, toggleMark, wrapIn } from 'prosemirror-commands'
import { redo, undo } from 'prosemirror-history'
import { inputRules, wrappingInputRule } from 'prosemirror-inputrules'
import { keymap } from 'prosemirror-keymap'
import type { MarkType, NodeType } from 'prosemirror-model'
import { liftListItem, sinkListItem, splitListItem, wrapInList } from 'prosemirror-schema-list'
import { Selection, TextSelection, type Command, type EditorState } from 'prosemirror-state'
import { schema } from './schema'

const { nodes: n, marks: m } = schema

/** Whether the selection, or what is typed next, has a mark. */
export function marked(state: EditorState, type: MarkType): boolean {
  const { from, to, empty, $from } = state.selection
  return empty ? Boolean(type.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, type)
}

/** Whether the selection begins within a node of a kind. */
export function within(state: EditorState, type: NodeType): boolean {
  const { $from } = state.selection
  return Array.from({ length: $from.depth + 1 }, (_, d) => $from.node(d)).some((o) => o.type === type)
}

// A list within a list is another kind of it where that was asked for, not a list in a list.
function toList(type: NodeType): Command {
  return (state, dispatch) => {
    if (within(state, type)) return liftListItem(n.list_item)(state, dispatch)
    const { $from } = state.selection
    for (let d = $from.depth; d > 0; d--) {
      if ($from.node(d).type !== n.bullet_list && $from.node(d).type !== n.ordered_list) continue
      dispatch?.(state.tr.setNodeMarkup($from.before(d), type))
      return true
    }
    return wrapInList(type)(state, dispatch)
  }
}

const toggle = (type: NodeType, on: Command, off: Command): Command => (state, dispatch) => (within(state, type) ? off : on)(state, dispatch)

/** What the bar does, by name. */
export const deeds = {
  bold: toggleMark(m.strong),
  italic: toggleMark(m.em),
  underline: toggleMark(m.underline),
  heading: toggle(n.heading, setBlockType(n.heading), setBlockType(n.paragraph)),
  bullets: toList(n.bullet_list),
  numbers: toList(n.ordered_list),
  quote: toggle(n.blockquote, wrapIn(n.blockquote), lift),
} satisfies Record<string, Command>
export type Deed = keyof typeof deeds

export const isOn: Record<Deed, (s: EditorState) => boolean> = {
  bold: (s) => marked(s, m.strong),
  italic: (s) => marked(s, m.em),
  underline: (s) => marked(s, m.underline),
  heading: (s) => within(s, n.heading),
  bullets: (s) => within(s, n.bullet_list),
  numbers: (s) => within(s, n.ordered_list),
  quote: (s) => within(s, n.blockquote),
}

const breakLine: Command = (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(n.hard_break.create()).scrollIntoView())
  return true
}

// Out of a list within a list; out of the outermost one Shift+Tab leaves the field, so that no keyboard is caught in it.
const outdent: Command = (state, dispatch) => {
  const { $from } = state.selection
  const depth = Array.from({ length: $from.depth + 1 }, (_, d) => $from.node(d)).filter((o) => o.type === n.list_item).length
  return depth > 1 && liftListItem(n.list_item)(state, dispatch)
}

// From the first letter to the last, so that what is done to words is done to all of them.
const everything: Command = (state, dispatch) => {
  dispatch?.(state.tr.setSelection(TextSelection.between(Selection.atStart(state.doc).$from, Selection.atEnd(state.doc).$to)))
  return true
}

/** The keys of the field, before those that every one has. */
export const keys = (link: () => void) => [
  keymap({
    'Mod-a': everything,
    'Mod-b': deeds.bold,
    'Mod-i': deeds.italic,
    'Mod-u': deeds.underline,
    'Mod-k': () => (link(), true),
    'Mod-Shift-7': deeds.numbers,
    'Mod-Shift-8': deeds.bullets,
    'Mod-Shift-9': deeds.quote,
    'Mod-z': undo,
    'Mod-y': redo,
    'Mod-Shift-z': redo,
    'Shift-Enter': breakLine,
    Enter: splitListItem(n.list_item),
    Tab: sinkListItem(n.list_item),
    'Shift-Tab': outdent,
  }),
  keymap(baseKeymap),
]

/** "- ", "1. " and "> " at the beginning of a line become what they look like. */
export const rules = () => inputRules({ rules: [wrappingInputRule(/^\s*[-*]\s$/, n.bullet_list), wrappingInputRule(/^(\d{1,3})\.\s$/, n.ordered_list, (found) => ({ order: Number(found[1]) })), wrappingInputRule(/^\s*>\s$/, n.blockquote)] })

/** The link that the selection begins in, whole. */
export function linkAt(state: EditorState): { from: number; to: number; href: string } | null {
  const { $from } = state.selection
  const runs: { from: number; to: number; href: string }[] = []
  $from.parent.forEach((c, offset) => {
    const href = m.link.isInSet(c.marks)?.attrs.href as string | undefined
    const from = $from.start() + offset
    const before = runs.at(-1)
    if (href === undefined) return
    if (before?.to === from && before.href === href) before.to += c.nodeSize
    else runs.push({ from, to: from + c.nodeSize, href })
  })
  return runs.find((r) => r.from <= $from.pos && $from.pos <= r.to) ?? null
}

/** Links what is chosen, or the link that one stands in; where there is neither, the address stands there itself. */
export const setLink = (href: string): Command => (state, dispatch) => {
  const here = linkAt(state)
  const { from, to } = here ?? state.selection
  const tr = state.tr
  if (from === to) tr.insertText(href.replace(/^(mailto|tel):/, ''), from)
  const end = from === to ? tr.selection.to : to
  tr.removeMark(from, end, m.link).addMark(from, end, m.link.create({ href }))
  dispatch?.(tr.setSelection(TextSelection.create(tr.doc, end)).removeStoredMark(m.link).scrollIntoView())
  return true
}

export const dropLink: Command = (state, dispatch) => {
  const { from, to } = linkAt(state) ?? state.selection
  dispatch?.(state.tr.removeMark(from, to, m.link))
  return true
}

/** What somebody types for an address, as one; nothing where it is none. */
export function hrefOf(typed: string): string {
  const t = typed.trim()
  if (/^(https?:\/\/|mailto:|tel:)\S+$/i.test(t)) return t
  if (/^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(t)) return `mailto:${t}`
  return /^[^\s@:/]+\.[^\s@.:/]{2,}(:\d+)?([/?#]\S*)?$/.test(t) ? `https://${t}` : ''
}
