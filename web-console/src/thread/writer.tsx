import { useState, type ReactNode, type RefObject } from 'react'
import type { Article } from '../api/types'
import { slashWord, useSlash } from './slash'

/**
 * The field where an agent writes, with the FAQ menu that a slash opens. What is chosen
 * replaces the word: as text where asked for, else the caller makes a link of it.
 */
export function Writer(props: {
  label: string
  text: string
  set: (t: string) => void
  placeholder: string
  field: RefObject<HTMLTextAreaElement | null>
  pick?: (a: Article, asText: boolean) => string | Promise<string> // what stands in the word's place
  language?: string // the customer's, in which articles are looked for
  send: () => void
  sendEnd?: () => void
  rows?: number
  around: (text: ReactNode, slash: ReactNode) => ReactNode
}) {
  const { field } = props
  const [caret, setCaret] = useState(0)
  const found = props.pick ? slashWord(props.text, caret) : null

  const choose = (a: Article, asText: boolean) => {
    if (!found || a.internal) return
    const before = props.text.slice(0, found.from)
    const after = props.text.slice(caret)
    const insert = (put: string) => {
      const end = before.length + put.length
      props.set(before + put + after)
      setCaret(end)
      requestAnimationFrame(() => {
        field.current?.focus()
        field.current?.setSelectionRange(end, end)
      })
    }
    const put = props.pick!(a, asText)
    if (typeof put === 'string') return insert(put)
    slash.close()
    put.then(insert, () => insert(a.title)) // the title is there whatever the network does
  }
  const slash = useSlash(found, props.language ?? '', choose)

  const keys = (e: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (e.nativeEvent.isComposing) return
    const sends = e.key === 'Enter' && (e.metaKey || e.ctrlKey)
    if (sends) {
      e.preventDefault()
      if (e.shiftKey) props.sendEnd?.()
      else props.send()
    } else if (slash.key(e)) e.preventDefault()
  }
  const place = (e: { currentTarget: HTMLTextAreaElement }) => setCaret(e.currentTarget.selectionStart)
  const text = (
    <textarea
      ref={field}
      className="composer-text"
      aria-label={props.label}
      aria-autocomplete={props.pick ? 'list' : undefined}
      aria-controls={slash.controls}
      aria-activedescendant={slash.descendant}
      placeholder={props.placeholder}
      rows={props.rows ?? 1}
      value={props.text}
      onChange={(e) => {
        props.set(e.target.value)
        place(e)
      }}
      onSelect={place}
      onKeyDown={keys}
    />
  )
  return <>{props.around(text, slash.menu)}</>
}

/** Puts a slash at the caret, as if it had been typed. */
export function typeSlash(field: HTMLTextAreaElement | null, text: string, set: (t: string) => void) {
  if (!field) return
  const at = field.selectionStart
  const gap = at > 0 && !/\s$/.test(text.slice(0, at)) ? ' /' : '/'
  set(text.slice(0, at) + gap + text.slice(at))
  const end = at + gap.length
  requestAnimationFrame(() => {
    field.focus()
    field.setSelectionRange(end, end)
  })
}
