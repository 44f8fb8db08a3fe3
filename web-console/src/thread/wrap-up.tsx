import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useVerb } from '../actions'
import { api } from '../api/client'
import type { CodeList, Id, InteractionView, Kept, TransactionCode } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { figure } from '../i18n/format'
import { mayDo } from '../inbox/interaction'
import { useNow } from '../live/clock'
import { useCodeName } from '../live/codes'
import { takeInteraction, useLive } from '../live/hub'
import { useMe } from '../session'
import { Field } from '../ui/controls'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'
import { useKeys } from '../ui/keys'
import { Bar, Chip, Failure, Fetched, Kbd } from '../ui/parts'
import { StatusGlyph } from '../ui/presence'
import { FollowUpButton } from './follow-up-button'
import { proposed } from './macros'

/** The work after: codes, a note, and the way out, which is named and says what it waits for. */
export function WrapUp({ i, close }: { i: Kept; close: () => void }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<Id[]>(i.codes ?? proposed(i.id))
  const note = useDraft(`${i.id}.wrap-up`)
  const find = useRef<HTMLInputElement>(null)
  useKeys({ F4: () => find.current?.focus() })
  const queue = i.codesOf ?? i.queue // given away to another queue, it still asks for the codes of mine
  const query = useQuery({ queryKey: ['transaction-codes', queue], queryFn: () => api.transactionCodes(queue), staleTime: 60_000 })
  const lists = query.data?.items ?? []
  const known = chosen.filter((id) => lists.some((l) => l.codes.some((c) => c.id === id))) // a macro may name codes of other queues
  const missing = lists.find((l) => l.required && !l.codes.some((c) => chosen.includes(c.id)))
  const finish = useMutation({
    mutationFn: () => api.finish(i.id, known, note.text.trim() || undefined),
    onSuccess: (answer) => {
      note.clear()
      takeInteraction(answer ?? { ...i, state: 'finished', rev: i.rev + 1 }, me.agent)
    },
  })
  const toggle = (list: CodeList, id: Id) =>
    setChosen((c) => {
      if (c.includes(id)) return c.filter((o) => o !== id)
      const rest = list.many ? c : c.filter((o) => !list.codes.some((k) => k.id === o)) // one of a list replaces another
      return [...rest, id]
    })
  const ready = query.data !== undefined && !missing
  return (
    <>
      <Countdown i={i} close={close} />
      <div className="side-scroll">
        <div className="sec">
          <Field label={w.wrapUp.find} placeholder={w.wrapUp.find} icon="search" value={text} set={setText} input={find} end={<Kbd>F4</Kbd>} />
        </div>
        <Fetched query={query} what={w.wrapUp.what}>
          {() =>
            lists.length === 0 ? (
              <p className="sec meta">{w.wrapUp.noCodes}</p>
            ) : (
              lists.map((l) => <List key={l.id} list={l} text={text} chosen={chosen} toggle={(id) => toggle(l, id)} tried={finish.isError || chosen.length > 0} />)
            )
          }
        </Fetched>
        <div className="sec">
          <div className="sec-h">
            <h3 className="grow">{w.wrapUp.after}</h3>
            <FollowUpButton named about={{ case: i.case, customer: i.customer, title: i.subject ?? '' }} />
          </div>
        </div>
        <div className="sec">
          <label className="label" htmlFor="wrap-up-note">
            {w.wrapUp.note}
          </label>
          <textarea id="wrap-up-note" className="area" rows={3} value={note.text} onChange={(e) => note.set(e.target.value)} />
          {note.kept && <span className="hint">{w.composer.kept}</span>}
        </div>
      </div>
      <div className="pane-foot">
        <div className="col grow row-1">
          {finish.error && <Failure error={finish.error} />}
          <button className={`btn btn--block${ready ? ' btn--primary' : ''}`} aria-disabled={!ready} disabled={finish.isPending} onClick={() => ready && finish.mutate()}>
            {w.wrapUp.finish}
          </button>
          <span className="hint">{missing ? w.wrapUp.why(f.label(missing.name) || w.wrapUp.codes) : w.wrapUp.ready}</span>
        </div>
      </div>
    </>
  )
}

function Countdown({ i, close }: { i: InteractionView; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const now = useNow()
  const extend = useVerb('extend')
  const then = useThen(i.id)
  const until = i.wrap_up_until ? Date.parse(i.wrap_up_until) : 0
  const whole = until - Date.parse(i.ended_at ?? i.wrap_up_until ?? '')
  const left = until - now
  const timed = until > 0 && !i.overtime
  return (
    <div className="wrap-h">
      <div className="t">
        <StatusGlyph status="wrap_up" silent />
        <h2 className="grow">{w.wrapUp.title}</h2>
        {timed && <time className="timer num">{figure(left)}</time>}
        <button className="ibtn drawer-only" aria-label={w.common.close} onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      {timed && <Bar share={whole > 0 ? left / whole : 0} tone="wrap" />}
      <div className="row wrap-row">
        <span className="meta sub grow">{i.overtime ? w.wrapUp.overtime : timed ? then : w.wrapUp.manual}</span>
        {mayDo(i, 'extend', me.agent) && (
          <button className="btn btn--xs" disabled={extend.isPending} onClick={() => extend.mutate(i.id)}>
            {w.wrapUp.extend}
          </button>
        )}
      </div>
      {extend.error && <Failure error={extend.error} />}
    </div>
  )
}

/** What comes when the time is up: the status that waits, the one that is meant, or the rest of the work. */
function useThen(id: Id): string {
  const w = useWords()
  const codeName = useCodeName()
  const p = useLive((l) => l.presence)
  if (!p) return ''
  if (p.holds?.some((h) => h !== id)) return w.wrapUp.leftBusy
  const [status, code] = p.next ? [p.next, p.next_code] : [p.intent, p.status_code]
  return status === 'available' ? w.wrapUp.left : w.wrapUp.leftThen([w.status[status], codeName(code)].filter(Boolean).join(' · '))
}

type ListProps = { list: CodeList; text: string; chosen: Id[]; toggle: (id: Id) => void; tried: boolean }

/** Codes in the order of their tree: each one's kinds follow it. */
function treeOf(codes: TransactionCode[]): TransactionCode[] {
  const under = (parent: Id | undefined): TransactionCode[] => codes.filter((c) => (c.parent || undefined) === parent).flatMap((c) => [c, ...under(c.id)])
  const tree = under(undefined)
  return tree.length === codes.length ? tree : codes // a kind of something that isn't listed
}

/** One list of codes. Arrows move, Space chooses: the pattern of a list box with many choices. */
function List({ list, text, chosen, toggle, tried }: ListProps) {
  const w = useWords()
  const f = useFormat()
  // A code that has kinds only heads them: it is one of its kinds that is chosen.
  const heads = new Set(list.codes.map((c) => c.parent))
  const fits = (c: TransactionCode) => f.label(c.name).toLocaleLowerCase().includes(text.trim().toLocaleLowerCase())
  const rows = treeOf(list.codes).filter((c) => (heads.has(c.id) ? list.codes.some((k) => k.parent === c.id && (fits(k) || fits(c))) : fits(c) || list.codes.some((k) => k.id === c.parent && fits(k))))
  const shown = rows.filter((c) => !heads.has(c.id))
  const [at, setAt] = useState(0)
  const box = useRef<HTMLUListElement>(null)
  const done = list.codes.some((c) => chosen.includes(c.id))
  const name = f.label(list.name) || w.wrapUp.codes
  if (shown.length === 0) return null

  const move = (e: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
    const here = Math.min(at, shown.length - 1)
    if (step) {
      e.preventDefault()
      const next = (here + step + shown.length) % shown.length
      setAt(next)
      box.current?.querySelectorAll<HTMLElement>('[role=option]')[next]?.focus()
    } else if (e.key === ' ' || e.key === 'Enter') {
      e.preventDefault()
      toggle(shown[here]!.id)
    }
  }
  return (
    <div className="sec">
      <div className="sec-h">
        <h3 className="grow">
          {name} {list.required && <span className="req">*</span>}
        </h3>
        {list.required && !done && tried ? (
          <Chip tone="crit" icon="alert">
            {w.wrapUp.missing}
          </Chip>
        ) : (
          <span className="meta">{list.required ? w.wrapUp.atLeastOne : w.wrapUp.optional}</span>
        )}
      </div>
      <ul className="codes" role="listbox" aria-label={name} aria-multiselectable="true" ref={box} onKeyDown={move}>
        {rows.map((c) => {
          if (heads.has(c.id)) {
            return (
              <li key={c.id} className="code-head" role="presentation">
                {f.label(c.name)}
              </li>
            )
          }
          const n = shown.indexOf(c)
          const on = chosen.includes(c.id)
          return (
            <li
              key={c.id}
              className={`code-row${on ? ' is-on' : ''}${c.parent ? ' code-row--child' : ''}`}
              role="option"
              aria-selected={on}
              tabIndex={n === Math.min(at, shown.length - 1) ? 0 : -1}
              onClick={() => (setAt(n), toggle(c.id))}
              onFocus={() => setAt(n)}
            >
              <span className={`check${on ? ' is-on' : ''}`}>
                <Icon name="check" size={12} />
              </span>
              <span className="grow ell">{f.label(c.name)}</span>
              <span className="kbd key-hint" aria-hidden="true">
                ␣
              </span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
