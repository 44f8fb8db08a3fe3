import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useFormat, useWords } from '../i18n'
import { Icon } from '../ui/icon'
import { Chip, Failure } from '../ui/parts'
import { collaborate, type Collaboration } from './api'
import { Link, type PageFrame } from './link'
import { useCollaborateWords } from './words'

type Said = { t: 'ready' } | { t: 'shown' } | { t: 'broken' } | { t: 'point'; x: number; y: number } | { t: 'press'; id: number } | { t: 'field'; id: number; name: string } | { t: 'scroll'; y: number }

/** The page, and what the agent may do there. */
export function Pane({ c }: { c: Collaboration }) {
  const w = useCollaborateWords()
  const f = useFormat()
  const [large, setLarge] = useState(false)
  const [page, setPage] = useState<PageFrame>()
  const [control, setControl] = useState(c.control)
  const [trouble, setTrouble] = useState(w.loading)
  const [said, setSaid] = useState('')
  const [field, setField] = useState<{ id: number; name: string }>()
  const frame = useRef<HTMLIFrameElement>(null)
  const link = useRef<Link>(undefined)
  const given = useRef(false)
  given.current = control === 'given'
  const ask = useMutation({ mutationFn: (on: boolean) => collaborate.control(c.id, on) })
  const end = useMutation({ mutationFn: () => collaborate.end(c.id) })

  useEffect(() => {
    const tell = (m: object) => frame.current?.contentWindow?.postMessage(m, location.origin)
    const hear = (p: PageFrame) => {
      if (p.t === 'events') tell({ t: 'events', events: p.events, whole: p.whole })
      else if (p.t === 'page') setPage(p)
      else if (p.t === 'lost') setTrouble(w.lost)
      else if (p.t === 'acted') setSaid(p.ok ? '' : (w.refused[p.why ?? ''] ?? p.why ?? ''))
      else if (p.t === 'error') setSaid(w.refused[p.code ?? ''] ?? p.detail ?? '')
      else if (p.t === 'state' && p.control) {
        setControl(p.control)
        tell({ t: 'control', on: p.control === 'given' })
        if (p.control !== 'given') setField(undefined)
      }
    }
    const heard = (e: MessageEvent<Said>) => {
      if (e.source !== frame.current?.contentWindow || e.origin !== location.origin) return
      const m = e.data
      const l = link.current
      if (m.t === 'ready') l ?? (link.current = new Link(c.id, hear, (up) => setTrouble(up ? w.loading : w.down)))
      else if (m.t === 'shown') setTrouble('')
      else if (m.t === 'broken') setTrouble(w.broken)
      else if (m.t === 'point') l?.point(m.x, m.y)
      else if (m.t === 'scroll') given.current && l?.act({ do: 'scroll', y: m.y })
      else if (!given.current) l?.mark(m.id)
      else if (m.t === 'press') l?.act({ do: 'click', id: m.id })
      else setField({ id: m.id, name: m.name })
    }
    addEventListener('message', heard)
    return () => {
      removeEventListener('message', heard)
      link.current?.stop()
      link.current = undefined
    }
  }, [c.id, w])

  return (
    <section className={`collab${large ? ' collab--large' : ''}`} aria-label={w.page}>
      <div className="collab-head">
        <Chip tone={control === 'given' ? 'crit' : 'accent'} icon="screen">
          {control === 'given' ? w.control : w.page}
        </Chip>
        <span className="meta ell grow">{page?.url}</span>
        {control === 'off' && (
          <button className="btn btn--xs" disabled={ask.isPending} onClick={() => ask.mutate(true)}>
            {w.askControl}
          </button>
        )}
        {control === 'asked' && <span className="meta">{w.controlAsked}</span>}
        {control === 'given' && (
          <button className="btn btn--xs" disabled={ask.isPending} onClick={() => ask.mutate(false)}>
            {w.giveBack}
          </button>
        )}
        <button className="btn btn--xs" aria-pressed={large} onClick={() => setLarge(!large)}>
          {large ? w.smaller : w.larger}
        </button>
        <button className="btn btn--xs btn--danger" disabled={end.isPending} onClick={() => end.mutate()}>
          {w.stop}
        </button>
      </div>
      {field && <Fill field={field} fill={(value) => (link.current?.act({ do: 'fill', id: field.id, value }), setField(undefined))} close={() => setField(undefined)} />}
      <div className="collab-page">
        <iframe ref={frame} src="/collaborate.html" sandbox="allow-scripts allow-same-origin" title={w.page} />
        {trouble && (
          <span className="collab-note" role="status">
            {trouble}
          </span>
        )}
      </div>
      <div className="collab-foot meta" role="status">
        {said || (page?.large ? w.large(f.number(page.nodes ?? 0)) : control === 'given' ? '' : w.point)}
        {(ask.error ?? end.error) != null && <Failure error={ask.error ?? end.error} />}
      </div>
    </section>
  )
}

/** What is to be written into a field of the customer's page: it is masked there, so it is written here. */
function Fill({ field, fill, close }: { field: { id: number; name: string }; fill: (value: string) => void; close: () => void }) {
  const w = useCollaborateWords()
  const { common } = useWords()
  const [text, setText] = useState('')
  return (
    <form
      className="collab-fill"
      onSubmit={(e) => {
        e.preventDefault()
        fill(text)
      }}
    >
      <label className="row row-1 grow">
        <span className="ell">{w.fill(field.name)}</span>
        <span className="field grow">
          <input autoFocus value={text} onChange={(e) => setText(e.target.value)} onKeyDown={(e) => e.key === 'Escape' && close()} maxLength={2000} autoComplete="off" />
        </span>
      </label>
      <button className="btn btn--sm btn--primary">{w.fillGo}</button>
      <button className="ibtn" type="button" aria-label={common.close} onClick={close}>
        <Icon name="x" />
      </button>
    </form>
  )
}
