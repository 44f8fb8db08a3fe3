import type { EditorView } from 'prosemirror-view'
import { useRef, useState, type ReactNode } from 'react'
import { Icon } from '../ui/icon'
import { announced, spelled } from '../ui/keys'
import { deeds, isOn, linkAt, type Deed } from './commands'
import { useEditorWords } from './words'

type Item = { key: string; name: string; sign: ReactNode; chord?: string; on?: boolean; run: () => void }

const signs: Record<Deed, ReactNode> = {
  bold: <b>B</b>,
  italic: <i>I</i>,
  underline: <u>U</u>,
  bullets: <Icon name="list" />,
  numbers: <Icon name="numbers" />,
  quote: <Icon name="quote" />,
  heading: <b>H</b>,
}
const chords: Partial<Record<Deed | 'link', string>> = { bold: 'mod+KeyB', italic: 'mod+KeyI', underline: 'mod+KeyU', numbers: 'mod+shift+Digit7', bullets: 'mod+shift+Digit8', quote: 'mod+shift+Digit9', link: 'mod+KeyK' }

/** What can be done to the text: one stop of the Tab key, within which the arrows move (ARIA's toolbar). */
export function Bar({ view, link, picture, plain, more }: { view: EditorView; link: () => void; picture?: (files: File[]) => void; plain?: () => void; more?: Item[] }) {
  const w = useEditorWords()
  const [at, setAt] = useState(0)
  const bar = useRef<HTMLDivElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const { state } = view
  const deed = (key: Deed): Item => ({
    key,
    name: w[key],
    sign: signs[key],
    chord: chords[key],
    on: isOn[key](state),
    run: () => {
      deeds[key](state, view.dispatch)
      view.focus()
    },
  })
  const items: Item[] = [
    ...(Object.keys(signs) as Deed[]).map(deed),
    { key: 'link', name: w.link, sign: <Icon name="link" />, chord: chords.link, on: linkAt(state) !== null, run: link },
    ...(picture ? [{ key: 'picture', name: w.picture, sign: <Icon name="image" />, run: () => picker.current?.click() }] : []),
    ...(more ?? []),
    ...(plain ? [{ key: 'plain', name: w.plain, sign: <span aria-hidden="true">T</span>, run: plain }] : []),
  ]
  const move = (e: React.KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[e.key]
    if (to === undefined) return
    e.preventDefault()
    const next = (to + items.length) % items.length
    setAt(next)
    bar.current?.querySelectorAll('button')[next]?.focus()
  }
  return (
    <>
      <div className="row row-1 rich-bar" role="toolbar" aria-label={w.bar} ref={bar} onKeyDown={move}>
        {items.map((t, n) => (
          <button
            key={t.key}
            type="button"
            className={`ibtn${t.on ? ' is-on' : ''}`}
            aria-label={t.name}
            aria-pressed={t.on}
            aria-keyshortcuts={t.chord && announced(t.chord)}
            title={t.chord ? `${t.name} (${spelled(t.chord)})` : t.name}
            tabIndex={n === Math.min(at, items.length - 1) ? 0 : -1}
            onFocus={() => setAt(n)}
            onMouseDown={(e) => e.preventDefault()}
            onClick={t.run}
          >
            {t.sign}
          </button>
        ))}
      </div>
      {picture && (
        <input
          ref={picker}
          type="file"
          accept="image/png,image/jpeg,image/gif,image/webp"
          multiple
          hidden
          onChange={(e) => {
            picture([...(e.target.files ?? [])])
            e.target.value = '' // the same one may be chosen again
          }}
        />
      )}
    </>
  )
}
