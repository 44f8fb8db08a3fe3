import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api } from '../api/client'
import type { Id, InteractionView } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useNow } from '../live/clock'
import { change, useLive } from '../live/hub'
import { withViews } from '../live/state'
import { useMe } from '../session'
import { NewMail } from '../thread/new-mail'
import { Field, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { printed, useKeys } from '../ui/keys'
import { Badge, channelIcon, Empty, Failure, Skeleton } from '../ui/parts'
import { Cue } from './cue'
import { matches, rowsOf, type Row, type Scope } from './group'
import { useWho } from './who'

type Tab = 'chat' | 'email'
const held = (tab: Tab) => (i: InteractionView) => tab === 'chat' || i.channel === 'email'

export function Inbox({ tab, chosen }: { tab: Tab; chosen?: Id }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const [scope, setScope] = useState<Scope>('mine')
  const [filter, setFilter] = useState<string | null>(null)
  const mine = useMine()
  const others = useOthers(scope === 'mine' ? 'queues' : scope)
  const up = useLive((l) => l.link.state === 'up')
  const minute = Math.floor(useNow() / 60_000)
  const [, go] = useLocation()

  const own = mine.items.filter(held(tab))
  const listed = scope === 'mine' ? own : others.items.filter(held(tab))
  const shown = useMemo(() => rowsOf(filter ? listed.filter((i) => matches(i, filter)) : listed, me.agent), [listed, filter, me.agent])
  const query = scope === 'mine' ? mine : others
  const title = tab === 'email' ? w.inbox.email : w.inbox.title
  const empty = { mine: w.inbox.emptyMine, queues: w.inbox.emptyQueues, all: w.inbox.emptyAll }[scope]

  const step = (by: number) => () => {
    const items = shown.flatMap((r) => ('item' in r ? [r.item.id] : []))
    const at = chosen ? items.indexOf(chosen) : -1
    const next = items[Math.min(items.length - 1, Math.max(0, at + by))]
    if (next) go(`/${tab}/${next}`)
  }
  useKeys({ KeyJ: step(1), KeyK: step(-1), 'ctrl+alt+KeyN': () => go('/phone') })

  return (
    <section className="pane pane--list" aria-label={title}>
      <div className="pane-head">
        <h1 className="grow">{title}</h1>
        <button className={`ibtn${filter === null ? '' : ' is-on'}`} aria-label={w.inbox.filter} aria-pressed={filter !== null} onClick={() => setFilter(filter === null ? '' : null)}>
          <Icon name="filter" />
        </button>
        {own.length > 1 && tab === 'chat' && (
          <Link className="ibtn wide-only" aria-label={w.inbox.grid} title={w.inbox.grid} href="/chats">
            <Icon name="cols" />
          </Link>
        )}
        {tab === 'email' ? (
          <NewMail>
            {(write) => (
              <button className="ibtn" aria-label={w.mail.new} onClick={write}>
                <Icon name="plus" />
              </button>
            )}
          </NewMail>
        ) : (
          <button className="ibtn" aria-label={w.inbox.new} onClick={() => go('/phone')}>
            <Icon name="plus" />
          </button>
        )}
      </div>
      <div className="subhead">
        <Tabs
          as="tab"
          label={title}
          chosen={scope}
          choose={setScope}
          tabs={[
            { key: 'mine' as const, text: w.inbox.mine, end: <Badge count={own.length} /> },
            { key: 'queues' as const, text: w.inbox.queues, end: <Badge count={others.waiting.filter(held(tab)).length} /> },
            { key: 'all' as const, text: w.inbox.all },
          ].filter((t) => t.key !== 'all' || me.role !== 'agent')}
        />
      </div>
      {filter !== null && (
        <div className="sec">
          <Field label={w.inbox.filterText} placeholder={w.inbox.filterText} icon="filter" value={filter} set={setFilter} rest={{ autoFocus: true }} onKeyDown={(e) => e.key === 'Escape' && setFilter(null)} />
        </div>
      )}
      {query.error && listed.length === 0 ? (
        <div className="pad">
          <Failure what={w.inbox.what} error={query.error} retry={query.retry} />
        </div>
      ) : query.pending && listed.length === 0 ? (
        <Skeleton rows={6} />
      ) : shown.length === 0 ? (
        <Empty text={empty}>
          <button className="btn btn--sm" onClick={() => setScope(scope === 'mine' ? 'queues' : 'mine')}>
            {scope === 'mine' ? w.inbox.showQueues : w.inbox.showMine}
          </button>
        </Empty>
      ) : (
        <Rows rows={shown} tab={tab} chosen={chosen} more={scope === 'mine' ? undefined : others.more} />
      )}
      <div className="pane-foot">
        <span className="meta grow ell">{up ? w.common.live(f.clock(minute * 60_000)) : w.common.older(f.clock(minute * 60_000))}</span>
        <button className="btn btn--sm btn--quiet" onClick={() => go('/phone')}>
          <Icon name="plus" />
          {w.inbox.new}
          <span className="kbd" aria-hidden="true">
            {printed('ctrl+alt+KeyN')}
          </span>
        </button>
      </div>
    </section>
  )
}

/** What I hold: read once, then told by the socket. */
function useMine() {
  const me = useMe()
  const items = useLive((l) => Object.values(l.interactions))
  const query = useInfiniteQuery({ queryKey: ['interactions', 'mine'], queryFn: api.mine, initialPageParam: '', getNextPageParam: () => undefined })
  useEffect(() => {
    change((l) => withViews(l, query.data?.pages[0]?.items ?? [], me.agent))
  }, [query.data, me.agent])
  return { items, error: query.error, pending: query.isPending, retry: () => void query.refetch() }
}

function useOthers(scope: 'queues' | 'all') {
  const query = useInfiniteQuery({
    queryKey: ['interactions', scope],
    queryFn: ({ pageParam }) => api.interactions({ scope, after: pageParam }),
    initialPageParam: '',
    getNextPageParam: (last) => last.after || undefined,
  })
  const items = useMemo(() => query.data?.pages.flatMap((p) => p.items ?? []) ?? [], [query.data])
  const waiting = useMemo(() => items.filter((i) => i.state === 'waiting' || i.state === 'offered'), [items])
  const more = query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined
  return { items, waiting, more, error: query.error, pending: query.isPending, retry: () => void query.refetch() }
}

const rowHeight = 77 // px of a usual row; each is measured once it shows

/** Only the rows in view are in the page: five thousand scroll as easily as five. */
function Rows({ rows, tab, chosen, more }: { rows: Row[]; tab: Tab; chosen?: Id; more?: () => void }) {
  const w = useWords()
  const scroll = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (i) => (rows[i] && 'heading' in rows[i] ? 32 : rowHeight),
    getItemKey: (i) => {
      const r = rows[i]
      return r && 'item' in r ? r.item.id : `h${r?.heading}`
    },
    overscan: 8,
  })
  const end = virtual.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (end >= rows.length - 3) more?.()
  }, [end, rows.length, more])
  return (
    <div className="side-scroll" ref={scroll} tabIndex={-1}>
      <ul className="virtual" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((v) => {
          const row = rows[v.index]!
          return (
            <li key={v.key} data-index={v.index} ref={virtual.measureElement} style={{ transform: `translateY(${v.start}px)` }}>
              {'heading' in row ? <h2 className="group-h">{w.inbox.groups[row.heading]}</h2> : <Item i={row.item} tab={tab} chosen={row.item.id === chosen} />}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function Item({ i, tab, chosen }: { i: InteractionView; tab: Tab; chosen: boolean }) {
  const w = useWords()
  const f = useFormat()
  const hour = Math.floor(useNow() / 3_600_000)
  const now = hour * 3_600_000
  const name = useWho()(i)
  const call = i.outbound ? w.phone.outbound : w.offer.voice
  const spoken = (i.channel === 'voice' || i.channel === 'voicemail') && (i.subject || (i.channel === 'voicemail' ? w.channel.voicemail : call))
  const line = (i.channel === 'email' && i.subject) || spoken || i.preview || i.subject || w.inbox.noSubject
  const unread = !chosen && (i.unread ?? 0) > 0
  const about = [i.channel === 'email' && i.case_number ? `#${i.case_number}` : '', i.queue_name].filter(Boolean).join(' · ')
  return (
    <Link href={`/${tab}/${i.id}`} className={`ibx${chosen ? ' is-sel' : ''}${unread ? ' is-unread' : ''}`} aria-current={chosen ? 'true' : undefined}>
      <span className="chan">
        <Icon name={channelIcon[i.channel]} />
        <span className="vh">{w.channel[i.channel]}</span>
      </span>
      <span className="col">
        <span className="top">
          <span className="who ell grow">{name}</span>
          <time className="meta">{f.when(i.last_at ?? i.arrived_at, now)}</time>
        </span>
        <span className="prev ell">{line}</span>
        <span className="cue">
          <Cue i={i} />
          <span className="meta ell">{about}</span>
          {unread && (
            <>
              <Badge count={i.unread!} tone="accent" dot />
              <span className="vh">{w.inbox.unread(i.unread!)}</span>
            </>
          )}
        </span>
      </span>
    </Link>
  )
}
