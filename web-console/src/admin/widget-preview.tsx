import { useEffect, useRef, useState } from 'react'
import type { Widget } from '../api/admin'
import { useLanguage, useWords } from '../i18n'
import { Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Pick } from '../ui/form'
import { named, type Side } from './widget'

/**
 * The real widget with what is not saved yet, in a frame that may do nothing else: no cookie, no storage, no socket, no
 * way up. It is told anew when the draft has rested for a moment.
 */
export function Preview({ t, side }: { t: Widget; side: Side }) {
  const w = useWords()
  const own = useLanguage()
  const frame = useRef<HTMLIFrameElement>(null)
  const [ready, setReady] = useState(false)
  const [state, setState] = useState<'open' | 'closed'>('open')
  const [chosen, choose] = useState<string>(own)
  const lang = t.languages.includes(chosen) ? chosen : (t.languages[0] ?? 'sv')
  const draft = JSON.stringify({ key: t.key || 'preview', lang, left: side === 'left', site: { name: t.name || t.key, languages: t.languages, form: t.form, color: t.color || undefined, texts: t.texts, open: state === 'open', files: 1 } })
  useEffect(() => {
    const hear = (e: MessageEvent) => e.source === frame.current?.contentWindow && e.data === 'ready' && setReady(true)
    addEventListener('message', hear)
    return () => removeEventListener('message', hear)
  }, [])
  useEffect(() => {
    if (!ready) return
    // its origin is opaque, and what it is told is no secret
    const tell = setTimeout(() => frame.current?.contentWindow?.postMessage(JSON.parse(draft), '*'), 300)
    return () => clearTimeout(tell)
  }, [ready, draft])
  return (
    <>
      <div className="row">
        <h3 className="grow">{w.admin.preview}</h3>
        <Tabs as="seg" label={w.admin.previewState} chosen={state} choose={setState} tabs={(['open', 'closed'] as const).map((key) => ({ key, text: w.admin.previewStates[key] }))} />
      </div>
      {t.languages.length > 1 && <Pick label={w.side.language} value={lang} set={choose} of={t.languages.map((l) => [l, named(own, l)] as const)} />}
      <iframe ref={frame} className="widget-frame" src="/w/preview" sandbox="allow-scripts allow-forms" title={w.admin.preview} />
    </>
  )
}

/** What the website's page needs, to be copied. */
export function Tag({ t, side }: { t: Widget; side: Side }) {
  const w = useWords()
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const more = [t.color && ` data-color="${t.color}"`, side === 'left' && ' data-position="left"', (t.invites?.length ?? 0) > 0 && ' data-invite'].filter(Boolean).join('')
  const tag = `<script async src="${location.origin}/w/v1.js" data-key="${t.key}"${more}></script>`
  useEffect(() => setCopied(false), [tag])
  const copy = () => {
    field.current?.select()
    void navigator.clipboard?.writeText(tag).then(() => setCopied(true), () => {})
  }
  return (
    <>
      <textarea ref={field} className="area code" readOnly rows={3} aria-label={w.admin.tag} value={tag} onFocus={(e) => e.target.select()} />
      <div>
        <button className="btn btn--sm" onClick={copy}>
          {copied && <Icon name="check" />}
          {copied ? w.admin.copied : w.admin.copy}
        </button>
      </div>
    </>
  )
}
