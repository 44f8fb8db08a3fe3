import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { AgentRow, Id, QueueRow } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { figure } from '../i18n/format'
import { useCodeOf } from '../live/codes'
import { useMe } from '../session'
import { Field, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Avatar, Empty, Failure, Since, Skeleton } from '../ui/parts'
import { statusText } from '../ui/presence'
import { telephone } from './number'

export type Entry = { kind: 'agent'; id: Id; name: string; row: AgentRow } | { kind: 'queue'; id: Id; name: string; row: QueueRow }
/** Somebody outside, by the number that was typed. */
export interface Outside {
  kind: 'number'
  id: string // E.164, or a short number
  name: string
}
export type Goal = Entry | Outside
type Shown = 'all' | 'favourites' | 'recents' | 'agents' | 'queues'

export const total = (q: QueueRow) => Object.values(q.waiting ?? {}).reduce((a, b) => a + (b ?? 0), 0)
export const keyOf = (e: { kind: string; id: Id }) => `${e.kind}/${e.id}`

/** Everyone and everything that work can be handed to, with the state of each. */
export function useDirectory() {
  const me = useMe()
  const agents = useQuery({ queryKey: ['agents'], queryFn: api.agents })
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues })
  const people: Entry[] = (agents.data?.items ?? []).filter((a) => a.id !== me.agent).map((row) => ({ kind: 'agent', id: row.id, name: row.name, row }))
  const places: Entry[] = (queues.data?.items ?? []).map((row) => ({ kind: 'queue', id: row.id, name: row.name, row }))
  const all = [...people, ...places]
  const used = (e: Entry) => e.row.recent_at ?? ''
  return {
    people,
    places,
    favourites: all.filter((e) => e.row.favourite),
    recents: all.filter(used).sort((a, b) => used(b).localeCompare(used(a))).slice(0, 8),
    pending: agents.isPending || queues.isPending,
    error: agents.error ?? queues.error,
    retry: () => (void agents.refetch(), void queues.refetch()),
  }
}

function useFavour() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ e, yes }: { e: Entry; yes: boolean }) => api.favour(e.kind, e.id, yes),
    onSettled: (_, __, { e }) => client.invalidateQueries({ queryKey: [e.kind === 'agent' ? 'agents' : 'queues'] }),
  })
}

/** The directory: search, tabs, groups. The chosen row shows what can be done with it. */
export function Directory(props: { label: string; chosen?: string; choose: (to: Goal) => void; actions?: (to: Goal) => React.ReactNode; autoFocus?: boolean; only?: (e: Entry) => boolean; numbers?: boolean }) {
  const w = useWords()
  const [text, setText] = useState('')
  const [shown, setShown] = useState<Shown>('all')
  const d = useDirectory()
  const favour = useFavour()
  const fits = (e: Entry) => e.name.toLocaleLowerCase().includes(text.trim().toLocaleLowerCase()) && (props.only?.(e) ?? true)
  const seen = new Set<string>()
  const group = (key: Shown, title: string, entries: Entry[]) => {
    const members = entries.filter((e) => fits(e) && !(shown === 'all' && seen.has(keyOf(e))))
    for (const e of members) seen.add(keyOf(e))
    return (shown === 'all' || shown === key) && { key, title, members }
  }
  const groups = [
    group('favourites', w.phone.favourites, d.favourites),
    group('recents', w.phone.recents, d.recents),
    group('agents', w.phone.agents, d.people),
    group('queues', w.phone.queues, d.places),
  ].filter((g) => g !== false)
  const number = props.numbers ? telephone(text) : ''
  const starred = new Set(d.favourites.map(keyOf))
  const none = !number && groups.every((g) => g.members.length === 0)
  return (
    <>
      <div className="sec">
        <Field label={props.label} placeholder={props.label} icon="search" value={text} set={setText} rest={{ autoFocus: props.autoFocus }} />
      </div>
      <div className="subhead subhead--scroll">
        <Tabs
          as="tab"
          label={props.label}
          chosen={shown}
          choose={setShown}
          tabs={[
            { key: 'all', text: w.common.all },
            { key: 'favourites', text: w.phone.favourites },
            { key: 'recents', text: w.phone.recents },
            { key: 'agents', text: w.phone.agents },
            { key: 'queues', text: w.phone.queues },
          ]}
        />
      </div>
      <div className="side-scroll" tabIndex={-1}>
        {d.error ? (
          <div className="pad">
            <Failure what={w.phone.catalogue} error={d.error} retry={d.retry} />
          </div>
        ) : d.pending ? (
          <Skeleton rows={5} />
        ) : none ? (
          <Empty icon="users" text={text ? w.transfer.nobody : w.phone.noneHere} />
        ) : (
          <>
            {number && <NumberRow number={number} chosen={props.chosen} choose={props.choose} actions={props.actions} />}
            {groups.map(
              (g) =>
                g.members.length > 0 && (
                  <section key={g.key} aria-label={g.title}>
                    <h3 className="group-h">{g.title}</h3>
                    <ul>
                      {g.members.map((e) => (
                        <Row
                          key={keyOf(e)}
                          e={e}
                          chosen={props.chosen === keyOf(e)}
                          choose={() => props.choose(e)}
                          starred={starred.has(keyOf(e))}
                          star={() => favour.mutate({ e, yes: !starred.has(keyOf(e)) })}
                          actions={props.actions?.(e)}
                        />
                      ))}
                    </ul>
                  </section>
                ),
            )}
          </>
        )}
      </div>
    </>
  )
}

/** The number that was typed, as one that can be chosen. */
function NumberRow({ number, chosen, choose, actions }: { number: string; chosen?: string; choose: (to: Goal) => void; actions?: (to: Goal) => React.ReactNode }) {
  const w = useWords()
  const f = useFormat()
  const to: Outside = { kind: 'number', id: number, name: f.address(number) }
  const on = chosen === keyOf(to)
  return (
    <section aria-label={w.lines.outside}>
      <h3 className="group-h">{w.lines.outside}</h3>
      <ul>
        <li className={`dir${on ? ' is-sel' : ''}`}>
          <span className="chan">
            <Icon name="phone" />
          </span>
          <button className="dir-name col" aria-pressed={on} onClick={() => choose(to)}>
            <span className="med ell num">{to.name}</span>
            <span className="l2">{w.lines.outsideLead}</span>
          </button>
          {on && actions && <div className="dir-acts">{actions(to)}</div>}
        </li>
      </ul>
    </section>
  )
}

// Of one who has gone home nobody wants to know how long ago.
const sinceOf = (p: AgentRow['presence']) => (p.status === 'logged_out' ? undefined : p.since)

type RowProps = { e: Entry; chosen: boolean; choose: () => void; starred: boolean; star: () => void; actions?: React.ReactNode }

function Row({ e, chosen, choose, starred, star, actions }: RowProps) {
  const w = useWords()
  const since = e.kind === 'agent' ? sinceOf(e.row.presence) : e.row.longest_since
  return (
    <li className={`dir${chosen ? ' is-sel' : ''}`}>
      {e.kind === 'agent' ? (
        <Avatar name={e.name} size="md" status={e.row.presence.status} />
      ) : (
        <span className="chan">
          <Icon name="list" />
        </span>
      )}
      <button className="dir-name col" aria-pressed={chosen} onClick={choose}>
        <span className="med ell">{e.name}</span>
        {e.kind === 'agent' ? <AgentLine row={e.row} /> : <QueueLine row={e.row} />}
      </button>
      <div className="end">
        {since ? <Since className="meta" at={since} as={(ms) => figure(ms).replace(/^0(?=\d:)/, '')} /> : <span className="meta">–</span>}
        <button className={`ibtn${starred ? ' starred' : ''}`} aria-label={`${w.transfer.favourite}: ${e.name}`} aria-pressed={starred} onClick={star}>
          <Icon name={starred ? 'starf' : 'star'} />
        </button>
      </div>
      {chosen && actions && <div className="dir-acts">{actions}</div>}
    </li>
  )
}

function AgentLine({ row }: { row: AgentRow }) {
  const w = useWords()
  const p = row.presence
  const second = useCodeOf()(row)
  return (
    <span className="l2">
      <span className={statusText(p.status)}>{w.status[p.status]}</span>
      {second && ` · ${second}`}
    </span>
  )
}

function QueueLine({ row }: { row: QueueRow }) {
  const w = useWords()
  const f = useFormat()
  const count = total(row)
  const free = row.agents.available ?? 0
  const tone = count === 0 ? 't-ok' : free === 0 ? 't-crit' : 't-warn'
  return (
    <span className="l2">
      <span className={tone}>
        <Icon name={count === 0 ? 'check' : free === 0 ? 'alert' : 'clock'} size={12} />
        {count === 0 ? w.phone.waiting(0) : w.phone.waiting(count).replace(String(count), f.number(count))}
      </span>{' '}
      · {w.phone.free(free)}
    </span>
  )
}
