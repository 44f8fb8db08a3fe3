import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { Id } from '../api/types'
import { serverNow } from '../live/clock'
import { Field, Switch, Tabs } from '../ui/controls'
import { useDraft } from '../ui/draft'
import { Pick } from '../ui/form'
import { Icon } from '../ui/icon'
import { useOnce } from '../ui/once'
import { Failure } from '../ui/parts'
import { staff, type Audience } from './api'
import { useStaffWords } from './words'

const kinds = ['queues', 'groups', 'agents'] as const
type Chosen = Record<(typeof kinds)[number], Id[]>
const nobody: Chosen = { queues: [], groups: [], agents: [] }
const shown = 50 // of a long list; the others are found by their names

/** A supervisor's message: to all or to some, for how long it holds, and whether it must be read before anything else. */
export function Compose({ sent }: { sent: () => void }) {
  const w = useStaffWords()
  const client = useQueryClient()
  const draft = useDraft('broadcast')
  const [all, setAll] = useState(true)
  const [chosen, choose] = useState(nobody)
  const [urgent, setUrgent] = useState(false)
  const [holds, setHolds] = useState<keyof typeof w.holdsFor>('')
  const text = draft.text.trim()
  const key = useOnce([text, all, chosen, urgent, holds])
  const ready = text !== '' && (all || kinds.some((k) => chosen[k].length > 0))
  const post = useMutation({
    mutationFn: (audience: Audience) => staff.send({ text, audience, urgent, expires_at: holds ? new Date(serverNow() + Number(holds) * 60_000).toISOString() : undefined }, key),
    onSuccess: () => {
      draft.clear()
      choose(nobody)
      setUrgent(false)
      void client.invalidateQueries({ queryKey: ['supervisor-messages'] })
      sent()
    },
  })
  return (
    <form
      className="stack-2"
      onSubmit={(e) => {
        e.preventDefault()
        if (ready) post.mutate(all ? { everybody: true } : chosen)
      }}
    >
      <textarea className="area" rows={2} maxLength={5000} aria-label={w.text} placeholder={w.text} value={draft.text} onChange={(e) => draft.set(e.target.value)} />
      <div className="row wrap">
        <Tabs
          as="seg"
          label={w.to}
          chosen={all ? 'all' : 'some'}
          choose={(k) => setAll(k === 'all')}
          tabs={[
            { key: 'all' as const, text: w.everyone },
            { key: 'some' as const, text: w.some },
          ]}
        />
        <Switch on={urgent} set={setUrgent}>
          {w.urgent}
        </Switch>
      </div>
      {!all && <Choice chosen={chosen} choose={choose} />}
      <div className="row wrap end">
        <Pick label={w.holds} value={holds} set={setHolds} of={Object.entries(w.holdsFor) as [typeof holds, string][]} />
        <span className="grow" />
        <button className="btn btn--primary" disabled={post.isPending || !ready}>
          <Icon name="horn" />
          {w.broadcast}
        </button>
      </div>
      {post.error && <Failure error={post.error} />}
    </form>
  )
}

function Choice({ chosen, choose }: { chosen: Chosen; choose: (c: Chosen) => void }) {
  const w = useStaffWords()
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items ?? []
  const groups = useQuery({ queryKey: ['groups'], queryFn: staff.groups }).data?.items ?? []
  const agents = useQuery({ queryKey: ['agents'], queryFn: api.agents }).data?.items ?? []
  const of = { queues, groups, agents }
  return (
    <div className="audience">
      {kinds.map((k) => (
        <Marks key={k} title={w[k]} of={of[k]} chosen={chosen[k]} choose={(ids) => choose({ ...chosen, [k]: ids })} />
      ))}
    </div>
  )
}

function Marks(props: { title: string; of: { id: Id; name: string }[]; chosen: Id[]; choose: (ids: Id[]) => void }) {
  const w = useStaffWords()
  const [text, setText] = useState('')
  const fits = props.of.filter((o) => o.name.toLowerCase().includes(text.trim().toLowerCase()))
  if (props.of.length === 0) return null
  const mark = (id: Id, on: boolean) => props.choose(on ? [...props.chosen, id] : props.chosen.filter((c) => c !== id))
  return (
    <fieldset className="parts">
      <legend>
        {props.title}
        {props.chosen.length > 0 && ` · ${w.chosen(props.chosen.length)}`}
      </legend>
      {props.of.length > 8 && <Field label={w.findIn(props.title)} placeholder={w.findIn(props.title)} icon="search" value={text} set={setText} />}
      {fits.slice(0, shown).map((o) => (
        <label className="row mark" key={o.id}>
          <input className="vh" type="checkbox" checked={props.chosen.includes(o.id)} onChange={(e) => mark(o.id, e.target.checked)} />
          <span className={`check${props.chosen.includes(o.id) ? ' is-on' : ''}`}>
            <Icon name="check" size={12} />
          </span>
          <span className="ell">{o.name}</span>
        </label>
      ))}
    </fieldset>
  )
}
