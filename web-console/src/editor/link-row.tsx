import type { EditorView } from 'prosemirror-view'
import { useState } from 'react'
import { dropLink, hrefOf, linkAt, setLink } from './commands'
import { useEditorWords } from './words'

/** Asks for the address of a link, in a line above the text; Escape leaves it. */
export function LinkRow({ view, close }: { view: EditorView; close: () => void }) {
  const w = useEditorWords()
  const [had] = useState(() => linkAt(view.state)?.href.replace(/^mailto:/, '') ?? '')
  const [typed, type] = useState(had)
  const [bad, setBad] = useState(false)
  const leave = () => {
    close()
    view.focus()
  }
  const set = () => {
    const href = hrefOf(typed)
    setBad(!href)
    if (!href) return
    setLink(href)(view.state, view.dispatch)
    leave()
  }
  const keys = (e: React.KeyboardEvent) => {
    if (e.key !== 'Enter' && e.key !== 'Escape') return
    e.preventDefault()
    e.stopPropagation() // a form or a dialog around it means something else by these
    if (e.key === 'Enter') set()
    else leave()
  }
  return (
    <div className="ed-row ed-row--wrap">
      <input className="ed-input" type="text" inputMode="url" aria-label={w.address} aria-invalid={bad || undefined} placeholder={w.addressHint} value={typed} onChange={(e) => (type(e.target.value), setBad(false))} onKeyDown={keys} autoFocus />
      <button type="button" className="btn btn--xs" onClick={set}>
        {w.setLink}
      </button>
      {had && (
        <button
          type="button"
          className="btn btn--xs btn--quiet"
          onClick={() => {
            dropLink(view.state, view.dispatch)
            leave()
          }}
        >
          {w.dropLink}
        </button>
      )}
      {bad && (
        <span className="hint t-crit" role="alert">
          {w.noAddress}
        </span>
      )}
    </div>
  )
}
