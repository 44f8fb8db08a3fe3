import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useLocation } from 'wouter'
import { api, uuid } from '../api/client'
import type { Case, Conversation, Entry, Id, Mail } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useCaseTitle } from '../inbox/case-title'
import { serverNow } from '../live/clock'
import { useTimeline } from '../thread/timeline'
import { Field, Switch } from '../ui/controls'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Mark } from '../ui/mark'
import { channelIcon, Empty, Failure, Fetched, type Fetching } from '../ui/parts'
import { StateChip } from './case'
import { useRelated } from './related'

/** What changed is read again, and the case that there is now is opened. */
function useArrive(close: () => void) {
  const client = useQueryClient()
  const [, go] = useLocation()
  return (c: Case) => {
    for (const key of ['case', 'cases', 'interactions']) void client.invalidateQueries({ queryKey: [key] })
    close()
    go(`/cases/${c.id}`)
  }
}

/** Looks for the case that becomes a part of this one. */
export function Merge({ c, close }: { c: Case; close: () => void }) {
  const w = useWords()
  const [text, setText] = useState('')
  const [from, setFrom] = useState<Case | null>(null)
  const q = useDeferredValue(text.trim())
  const likely = useRelated(c.id)
  const found = useQuery({ queryKey: ['cases', 'merge', q], queryFn: () => api.cases({ q }), enabled: q !== '', placeholderData: (b) => b })
  const query: Fetching<{ items: Case[] }> = q ? found : likely
  const merge = useMutation({ mutationFn: (other: Case) => api.mergeCases(c.id, other.id), onSuccess: useArrive(close) })
  return (
    <Dialog title={w.regroup.mergeTitle(c.number)} close={close} className="dialog--tall">
      <div className="pad stack-2">
        <Field label={w.regroup.find} placeholder={w.regroup.find} icon="search" value={text} set={(t) => (setText(t), setFrom(null))} rest={{ autoFocus: true }} />
      </div>
      <div className="side-scroll list-pad" tabIndex={-1}>
        <Fetched query={query} what={w.customers.cases} rows={3}>
          {(page) => <Others items={page.items.filter((o) => o.id !== c.id)} none={q ? w.regroup.none : w.regroup.start} chosen={from?.id} choose={setFrom} />}
        </Fetched>
      </div>
      <div className="dialog-foot">
        {merge.error && <Failure error={merge.error} />}
        <span className="hint">{w.regroup.mergeLead}</span>
        <div className="row wrap">
          <button className="btn" onClick={close}>
            {w.common.cancel}
          </button>
          <span className="grow" />
          <button className="btn btn--primary" aria-disabled={!from} disabled={merge.isPending} onClick={() => from && merge.mutate(from)}>
            {from ? w.regroup.mergeGo(from.number, c.number) : w.regroup.choose}
          </button>
        </div>
      </div>
    </Dialog>
  )
}

function Others({ items, none, chosen, choose }: { items: Case[]; none: string; chosen: Id | undefined; choose: (c: Case) => void }) {
  const w = useWords()
  const title = useCaseTitle()
  if (items.length === 0) return <Empty icon="search" text={none} />
  return (
    <ul>
      {items.map((o) => (
        <li key={o.id}>
          <button className={`hit hit--btn${o.id === chosen ? ' is-sel' : ''}`} aria-pressed={o.id === chosen} onClick={() => choose(o)}>
            <span className="row">
              <span className="meta num">#{o.number}</span>
              <span className="med ell grow">{title(o)}</span>
              <StateChip c={o} />
            </span>
            <span className="meta ell">{o.customer_name || w.common.unknown}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

const at = (e: { conversation: Id; pos: number }) => `${e.conversation}/${e.pos}`

/** Marks what becomes a case of its own: whole conversations, or single mails of others. */
export function Split({ c, close }: { c: Case; close: () => void }) {
  const w = useWords()
  const query = useTimeline(c.id)
  const [subject, setSubject] = useState('')
  const [whole, setWhole] = useState<Id[]>([])
  const [single, setSingle] = useState<Entry[]>([])
  const [offer, setOffer] = useState(false)
  const [key] = useState(uuid) // sent again after a time-out it is the same new case
  const entries = single.filter((e) => !whole.includes(e.conversation))
  const parts = whole.length + entries.length
  const split = useMutation({
    mutationFn: () => api.splitCase(c.id, { subject: subject.trim(), conversations: whole, entries: entries.map(({ conversation, pos }) => ({ conversation, pos })), offer: offer || undefined }, key),
    onSuccess: useArrive(close),
  })
  const mark = (e: Entry, on: boolean) => {
    setSingle((list) => (on ? [...list, e] : list.filter((o) => at(o) !== at(e))))
    if (on && !subject) setSubject((e.body as Mail | undefined)?.subject ?? '')
  }
  const ready = parts > 0 && subject.trim() !== '' && !split.isPending
  return (
    <Dialog title={w.regroup.splitTitle(c.number)} close={close} className="dialog--tall">
      <div className="pad stack-2">
        <p className="sub">{w.regroup.splitLead}</p>
        <Text label={w.regroup.subject} value={subject} set={setSubject} required max={500} />
      </div>
      <div className="side-scroll list-pad" role="group" aria-label={w.regroup.parts} tabIndex={0}>
        <Fetched query={query} what={w.customers.timeline} rows={4}>
          {(t) => {
            const mails = t.items.filter((e) => e.kind === 'mail' || e.kind === 'recording')
            if (t.conversations.length < 2 && mails.length < 2) return <Empty icon="info" text={w.regroup.nothing} />
            return t.conversations.map((v) => (
              <Part key={v.id} v={v} only={t.conversations.length < 2} whole={whole.includes(v.id)} take={(on) => setWhole((l) => (on ? [...l, v.id] : l.filter((o) => o !== v.id)))} mails={mails.filter((e) => e.conversation === v.id)} marked={single.map(at)} mark={mark} />
            ))
          }}
        </Fetched>
      </div>
      <div className="dialog-foot">
        {split.error && <Failure error={split.error} />}
        <Switch on={offer} set={setOffer}>
          {w.regroup.offer}
        </Switch>
        <div className="row wrap">
          <button className="btn" onClick={close}>
            {w.common.cancel}
          </button>
          <span className="grow" />
          <button className="btn btn--primary" aria-disabled={!ready} onClick={() => ready && split.mutate()}>
            {w.regroup.splitGo(parts)}
          </button>
        </div>
      </div>
    </Dialog>
  )
}

/** A conversation, to be taken whole, and its mails, to be taken one by one. */
function Part(props: { v: Conversation; only: boolean; whole: boolean; take: (on: boolean) => void; mails: Entry[]; marked: string[]; mark: (e: Entry, on: boolean) => void }) {
  const w = useWords()
  const f = useFormat()
  const { v } = props
  return (
    <fieldset className="parts">
      <legend className="row row-1">
        <Icon name={channelIcon[v.channel]} size={12} />
        {w.channel[v.channel]} · <time>{f.when(v.created_at, serverNow())}</time>
      </legend>
      {props.only ? (
        <p className="meta">{w.regroup.onlyOne}</p>
      ) : (
        <Mark on={props.whole} set={props.take}>
          <span className="med">{w.regroup.whole(w.channel[v.channel], f.when(v.created_at, serverNow()))}</span>
        </Mark>
      )}
      {props.mails.map((e) => (
        <Mark key={at(e)} on={props.whole || props.marked.includes(at(e))} disabled={props.whole} set={(on) => props.mark(e, on)}>
          <span className="med">{e.author.name || w.common.unknown}</span>
          <span className="ell grow">{(e.body as Mail | undefined)?.subject || e.text}</span>
          <time className="meta">{f.when(e.at, serverNow())}</time>
        </Mark>
      ))}
    </fieldset>
  )
}
