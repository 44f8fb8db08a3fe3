import { lazy, Suspense, useEffect, useImperativeHandle, useRef, type ReactNode, type Ref } from 'react'
import type { Article } from '../api/types'
import type { Files, Handle, Words } from '../editor/rich'
import { useEditorWords } from '../editor/words'
import { Icon } from '../ui/icon'
import { useSetting } from '../ui/settings'
import { withText } from './macros'
import { articleLink, articleText } from './slash'
import { typeSlash, Writer } from './writer'

const Rich = lazy(() => import('../editor/rich'))

export type { Handle, Words }

const asHTML = ({ text, html }: Words) => {
  const paragraph = (words: string) => Object.assign(document.createElement('p'), { innerText: words }).outerHTML
  return html || (text ? text.split(/\n{2,}/).map(paragraph).join('') : '')
}

/** One below the other; with looks if either of them has any. */
export const joined = (a: Words, b: Words): Words => ({ text: withText(a.text ?? '', b.text ?? ''), html: a.html || b.html ? asHTML(a) + asHTML(b) : undefined })

export interface MailTextProps {
  label: string
  words: Words
  set: (text: string, html?: string) => void
  placeholder: string
  field: Ref<Handle>
  faq?: boolean
  language?: string
  send: () => void
  later?: () => void
  yields?: boolean // Ctrl+Z in an empty field is somebody else's
  files?: Files & { beside: () => void } // beside: pictures of the text become files of the mail
  rows?: number
  around: (text: ReactNode, slash: ReactNode, tools: ReactNode) => ReactNode
}

/** Where a mail is written: with its looks, or as plain text where the agent would rather. What has looks already is shown with them. */
export function MailText(props: MailTextProps) {
  const [rich, setRich] = useSetting('rich')
  const { words } = props
  const moved = useRef(false) // from one form to the other: the focus goes along
  const change = (to: boolean) => {
    moved.current = true
    setRich(to)
  }
  const plain = () => {
    props.files?.beside()
    props.set(words.text ?? '')
    change(false)
  }
  if (!rich && !words.html) return <Plain {...props} focused={moved.current} rich={() => change(true)} />
  return (
    <Suspense fallback={props.around(<div className="composer-text rich-in" aria-busy="true" />, null, null)}>
      <Rich {...props} focused={moved.current} handle={props.field} send={(later) => (later ? props.later : props.send)?.()} plain={plain} />
    </Suspense>
  )
}

function Plain(props: MailTextProps & { focused: boolean; rich: () => void }) {
  const w = useEditorWords()
  const text = props.words.text ?? ''
  const area = useRef<HTMLTextAreaElement>(null)
  const latest = useRef(props)
  latest.current = props
  useImperativeHandle(props.field, () => {
    const now = () => latest.current.words.text ?? ''
    const set = (t: string) => latest.current.set(t)
    return { focus: () => area.current?.focus(), slash: () => typeSlash(area.current, now(), set), add: (more) => set(withText(now(), more.text ?? '')) }
  }, [])
  useEffect(() => {
    if (props.focused) area.current?.focus()
  }, [])
  const pick = (a: Article, whole: boolean) => (whole ? articleText(a) : articleLink(a))
  const tools = (
    <button type="button" className="btn btn--xs btn--quiet" onClick={props.rich}>
      <Icon name="pen" size={12} />
      {w.rich}
    </button>
  )
  return (
    <Writer
      label={props.label}
      text={text}
      set={(t) => props.set(t)}
      placeholder={props.placeholder}
      field={area}
      pick={props.faq ? pick : undefined}
      language={props.language}
      send={props.send}
      sendEnd={props.later}
      rows={props.rows}
      around={(field, slash) => props.around(field, slash, tools)}
    />
  )
}
