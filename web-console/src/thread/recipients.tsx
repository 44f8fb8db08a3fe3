import { useState } from 'react'
import type { Address } from '../api/types'
import { useWords } from '../i18n'
import { Icon } from '../ui/icon'
import { Avatar } from '../ui/parts'

const same = (a: Address, b: Address) => a.value.toLowerCase() === b.value.toLowerCase()

/** The mail addresses in what somebody typed or pasted: bare, or behind a name in angle brackets. What stands in quotes is not parted. */
export function addressesIn(text: string): Address[] {
  return (text.match(/(?:"(?:[^"\\\n]|\\.)*"|[^,;\n])+/g) ?? [])
    .map((part) => part.match(/^\s*(?:"?([^"<]*?)"?\s*<)?((?:"(?:[^"\\]|\\.)+"|[^\s<>"@]+)@[^\s<>"@]+)>?\s*$/))
    .flatMap((m) => (m ? [{ kind: 'email' as const, value: m[2]!, ...(m[1] ? { name: m[1] } : {}) }] : []))
}

/** Whom a mail goes to, each on a chip that can be taken away, and a field for more. */
export function Recipients(props: { label: string; add: string; list: Address[]; set: (list: Address[]) => void; end?: React.ReactNode; autoFocus?: boolean }) {
  const w = useWords()
  const [text, setText] = useState('')
  const take = () => {
    const more = addressesIn(text).filter((a) => !props.list.some((o) => same(a, o)))
    if (more.length > 0) props.set([...props.list, ...more])
    if (addressesIn(text).length > 0) setText('')
  }
  const keys = (e: React.KeyboardEvent<HTMLInputElement>) => {
    if (e.key === 'Enter' && !e.ctrlKey && !e.metaKey) {
      e.preventDefault()
      take()
    } else if (e.key === 'Backspace' && text === '') props.set(props.list.slice(0, -1))
  }
  return (
    <div className="ed-row ed-row--wrap">
      <span className="overline">{props.label}</span>
      {props.list.map((a) => (
        <span className="rcpt" key={a.value} title={a.value}>
          <Avatar name={a.name || a.value} size="sm" />
          <span className="ell">{a.name || a.value}</span>
          <button type="button" className="ibtn" aria-label={w.mail.detach(a.name || a.value)} onClick={() => props.set(props.list.filter((o) => o !== a))}>
            <Icon name="x" size={12} />
          </button>
        </span>
      ))}
      <input className="ed-input" type="text" inputMode="email" aria-label={props.add} placeholder={props.list.length === 0 ? props.add : ''} value={text} onChange={(e) => setText(e.target.value)} onKeyDown={keys} onBlur={take} autoFocus={props.autoFocus} />
      {props.end}
    </div>
  )
}
