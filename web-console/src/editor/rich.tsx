import type { EditorView } from 'prosemirror-view'
import { useImperativeHandle, useLayoutEffect, useReducer, useRef, useState, type ReactNode, type Ref } from 'react'
import { flushSync } from 'react-dom'
import type { Article } from '../api/types'
import { useSlash } from '../thread/slash'
import { articlePiece } from './article'
import { Bar } from './bar'
import { below, drawPictures, fieldIn, isEmpty, slashAt, stateOf, takeFiles, typeSlash, type Files, type Owner, type Words } from './field'
import { LinkRow } from './link-row'
import { PlainWarning } from './plain'
import { htmlOf, lossOf, pieceOf, textOf } from './schema'
import { Variables } from './variables'

export type { Files, Words }

/** What others may do to the field. */
export interface Handle {
  focus(): void
  /** Opens the FAQ menu, as if a slash had been typed. */
  slash(): void
  /** Puts something below what is written. */
  add(words: Words): void
}

export interface RichProps {
  label: string
  describedBy?: string
  words: Words
  set: (text: string, html: string) => void
  placeholder?: string
  handle?: Ref<Handle>
  faq?: boolean
  language?: string // the customer's, in which articles are looked for
  send?: (later: boolean) => void
  yields?: boolean // Ctrl+Z in an empty field is somebody else's
  files?: Files
  plain?: () => void // the way to plain text
  focused?: boolean // from its beginning
  variables?: readonly string[]
  around: (text: ReactNode, slash: ReactNode, tools: ReactNode) => ReactNode
}

/** The field where formatted words are written. What it says goes to its owner with each change, as text and as HTML. */
export default function Rich(props: RichProps) {
  const { words } = props
  const place = useRef<HTMLDivElement>(null)
  const [view, setView] = useState<EditorView | null>(null)
  const [, drawn] = useReducer((n: number) => n + 1, 0)
  const [linking, setLinking] = useState(false)
  const [warns, warn] = useState(false)
  const said = useRef({ text: '', html: '' })

  const found = view && props.faq ? slashAt(view.state) : null
  const choose = (a: Article, whole: boolean) => {
    if (!view || !found || a.internal) return
    const { from: to } = view.state.selection
    slash.close()
    void articlePiece(a, whole).then((html) => {
      view.dispatch(view.state.tr.replaceRange(found.from, Math.min(to, view.state.doc.content.size), pieceOf(html)).scrollIntoView())
      view.focus()
    })
  }
  const slash = useSlash(found, props.language ?? '', choose)

  const send = useRef(props.send)
  send.current = props.send
  const owner = useRef<Owner>(null!)
  owner.current = {
    files: props.files,
    wrote: (doc) => {
      said.current = { text: textOf(doc), html: htmlOf(doc) }
      props.set(said.current.text, said.current.html)
    },
    drawn,
    link: () => setLinking(true),
    sends: (later) => {
      if (!send.current) return false
      flushSync(() => props.set(said.current.text, said.current.html)) // what was put in a moment ago is not drawn yet, and whoever sends takes what is
      send.current(later)
      return true
    },
    key: slash.key,
    yields: () => Boolean(props.yields) && said.current.text === '',
  }
  useLayoutEffect(() => {
    const v = fieldIn(place.current!, {}, owner)
    setView(v)
    if (props.focused) v.focus()
    return () => v.destroy()
  }, [])
  useLayoutEffect(() => {
    const { text = '', html = '' } = words
    if (!view || (said.current.text === text && said.current.html === html)) return
    said.current = { text, html }
    view.updateState(stateOf(words, owner))
    drawn()
  }, [view, words.text, words.html])
  useLayoutEffect(() => {
    if (view) drawPictures(view, owner)
  })
  useLayoutEffect(() => {
    view?.setProps({ attributes: attributesOf(props, slash) })
  }, [view, props.label, props.describedBy, props.placeholder, props.faq, slash.controls, slash.descendant])
  useImperativeHandle(props.handle, () => ({ focus: () => view?.focus(), slash: () => view && typeSlash(view), add: (w) => view && below(view, w) }), [view])

  const plain = () => (view && lossOf(view.state.doc).length > 0 ? warn(true) : props.plain?.())
  const text = (
    <>
      {view && linking && <LinkRow view={view} close={() => setLinking(false)} />}
      {view && warns && <PlainWarning loss={lossOf(view.state.doc)} go={() => (warn(false), props.plain?.())} stay={() => (warn(false), view.focus())} />}
      <div className={`rich-in${view && isEmpty(view.state) ? ' is-empty' : ''}`} data-placeholder={props.placeholder} ref={place} />
    </>
  )
  const tools = view && (
    <>
      <Bar view={view} link={() => setLinking(true)} picture={props.files && ((list) => takeFiles(view, list, owner))} plain={props.plain && plain} />
      {props.variables && <Variables names={props.variables} pick={(name) => (view.dispatch(view.state.tr.insertText(`{{${name}}}`)), view.focus())} />}
    </>
  )
  return <>{props.around(text, slash.menu, tools)}</>
}

const attributesOf = (p: RichProps, slash: { controls?: string; descendant?: string }): Record<string, string> => ({
  role: 'textbox',
  class: 'rich',
  'aria-multiline': 'true',
  'aria-label': p.label,
  ...(p.describedBy && { 'aria-describedby': p.describedBy }),
  ...(p.placeholder && { 'aria-placeholder': p.placeholder }),
  ...(p.faq && { 'aria-autocomplete': 'list' }),
  ...(slash.controls && { 'aria-controls': slash.controls }),
  ...(slash.descendant && { 'aria-activedescendant': slash.descendant }),
})
