import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { Button, MenuTrigger, SubmenuTrigger } from 'react-aria-components'
import { Link, useLocation } from 'wouter'
import { api } from '../api/client'
import type { AgentRow, Channel, Id, Intent, Interval, QueueRow, Status, Workplace } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { figure } from '../i18n/format'
import { serverNow, useNow } from '../live/clock'
import { useCodeOf } from '../live/codes'
import { follow } from '../live/hub'
import { total } from '../phone/directory'
import { useMe } from '../session'
import { AlertList } from '../shell/alerts'
import { StatusItem } from '../shell/status-menu'
import { Menu, MenuItem, MenuSep, Switch, Tabs } from '../ui/controls'
import { Dialog } from '../ui/dialog'
import { Level } from '../ui/form'
import { SortHead, useSort, type By } from '../ui/sort'
import { Spark } from '../ui/spark'
import { Icon, type IconName } from '../ui/icon'
import { Avatar, Badge, Bar, channelIcon, Chip, Empty, Failure, Fetched, FullSince } from '../ui/parts'
import { StatusGlyph, statusText } from '../ui/presence'

const goal = 0.8 // of the service level, until queues carry their own
const longWait = 120_000 // ms
const channels: Channel[] = ['voice', 'chat', 'email']

/** The boards: what waits, how well it goes, who is there. Changes come at most once a second. */
export function Boards() {
  const w = useWords()
  const [scope, setScope] = useState<'mine' | 'all'>('mine')
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues, refetchInterval: 5000 })
  const agents = useQuery({ queryKey: ['agents'], queryFn: api.agents, refetchInterval: 5000 })
  useEffect(() => {
    follow(['board'])
    return () => follow([])
  }, [])
  const supervises = useMe().role !== 'agent'
  const all = queues.data?.items ?? []
  const shown = scope === 'all' || !all.some((q) => q.mine) ? all : all.filter((q) => q.mine)
  return (
    <main className="sheet">
      <div className="board" tabIndex={-1}>
        <div className="board-h">
          <h1>{w.board.title}</h1>
          <Tabs
            as="seg"
            label={w.board.show}
            chosen={scope}
            choose={setScope}
            tabs={[
              { key: 'mine', text: w.board.mine },
              { key: 'all', text: w.board.all },
            ]}
          />
          <span className="grow" />
          <span className="meta row row-1 wide-only">
            <Icon name="pulse" size={12} />
            {w.board.live}
          </span>
          {supervises && (
            <Link className="btn btn--sm" href="/messages/supervisors">
              <Icon name="horn" />
              {w.board.tell}
            </Link>
          )}
        </div>
        <AlertList />
        <Fetched query={queues} what={w.board.what} rows={4}>
          {() => (
            <>
              <Tiles queues={shown} agents={agents.data?.items ?? []} />
              <Queues rows={shown} />
            </>
          )}
        </Fetched>
        <Agents query={agents} />
      </div>
    </main>
  )
}

type Side = 'crit' | 'warn' | ''

function Tile(props: { icon: IconName; label: string; figure: string; unit?: string; foot: string; limit?: string; footIcon?: IconName; tone?: Side }) {
  return (
    <div className={`tile${props.tone ? ` tile--${props.tone}` : ''}`}>
      <span className="lab">
        <Icon name={props.icon} />
        {props.label}
      </span>
      <span className="fig">
        {props.figure}
        {props.unit && <small> {props.unit}</small>}
      </span>
      <span className="foot">
        {props.footIcon && <Icon name={props.footIcon} size={12} />}
        <span className="ell">{props.foot}</span>
        {props.limit && <span className="nowrap">{props.limit}</span>}
      </span>
    </div>
  )
}

/** The longest wait of a queue and how bad that is. */
function waitOf(q: QueueRow, now: number): { ms: number; tone: Side } {
  if (!q.longest_since || total(q) === 0) return { ms: 0, tone: '' }
  const ms = Math.max(0, now - Date.parse(q.longest_since))
  return { ms, tone: ms > longWait ? 'crit' : ms > longWait / 2 ? 'warn' : '' }
}

function levelOf(share: number): 'ok' | 'warn' | 'crit' {
  return share >= goal ? 'ok' : share >= goal - 0.1 ? 'warn' : 'crit'
}

/** The level over several queues: each counts as much as what it is about. */
function levelOver(queues: QueueRow[]): number | undefined {
  const measured = queues.filter((q) => q.service_level !== undefined).map((q) => ({ level: q.service_level!, weight: q.answered_today + q.abandoned_today }))
  const all = measured.reduce((n, q) => n + q.weight, 0)
  return all > 0 ? measured.reduce((n, q) => n + q.level * q.weight, 0) / all : undefined
}

function Tiles({ queues, agents }: { queues: QueueRow[]; agents: AgentRow[] }) {
  const w = useWords()
  const f = useFormat()
  const now = useNow()
  const waiting = queues.reduce((n, q) => n + total(q), 0)
  const longest = queues.map((q) => ({ q, ...waitOf(q, now) })).sort((a, b) => b.ms - a.ms)[0]
  const level = levelOver(queues)
  const levelTone = level === undefined ? '' : levelOf(level)
  const lost = queues.reduce((n, q) => n + q.abandoned_today, 0)
  const on = agents.filter((a) => a.presence.status !== 'logged_out')
  const count = (...s: Status[]) => on.filter((a) => s.includes(a.presence.status)).length
  const free = count('available')
  const busy = count('busy', 'offered', 'wrap_up')
  return (
    <div className="tiles">
      <Tile icon="users" label={w.board.waiting} figure={f.number(waiting)} foot={waiting ? w.board.inQueues(queues.filter((q) => total(q) > 0).length) : w.board.nobody} />
      <Tile
        icon="clock"
        label={w.board.longest}
        figure={longest && longest.ms > 0 ? figure(longest.ms) : '–'}
        tone={longest?.tone}
        foot={longest && longest.ms > 0 ? longest.q.name : w.board.nobody}
        limit={longest && longest.ms > 0 ? w.board.limit(figure(longWait)) : undefined}
        footIcon={longest?.tone === 'crit' ? 'alert' : longest?.tone === 'warn' ? 'clock' : undefined}
      />
      <Tile
        icon="pulse"
        label={w.board.level}
        figure={level === undefined ? '–' : String(Math.round(level * 100))}
        unit={level === undefined ? undefined : '%'}
        tone={levelTone === 'ok' ? '' : levelTone}
        foot={w.board.goal(f.percent(goal))}
        footIcon={levelTone === 'ok' ? 'check' : levelTone === '' ? undefined : 'warn'}
      />
      <Tile icon="hangup" label={w.board.abandoned} figure={f.number(lost)} foot={w.board.today} />
      <Tile icon="headset" label={w.board.free} figure={String(free)} unit={w.board.ofAll(on.length)} foot={w.board.others(busy, on.length - free - busy)} />
      <Tile icon="chat" label={w.board.progress} figure={f.number(queues.reduce((n, q) => n + q.in_progress, 0))} foot={w.board.withAgents} />
    </div>
  )
}

const first = (q: QueueRow) => Math.max(0, ...Object.values(q.expected_wait_s ?? {}).map((n) => n ?? 0)) || undefined
const since = (at: string | undefined) => (at ? -Date.parse(at) : undefined) // the oldest is the most
const waitingOf = (q: QueueRow, c: Channel) => (q.waiting?.[c] ?? 0) + (c === 'voice' ? (q.waiting?.voicemail ?? 0) + (q.waiting?.callback ?? 0) : 0)

const queueOrder: By<QueueRow> = {
  queue: (q) => q.name,
  waiting: total,
  longestShort: (q) => (total(q) > 0 ? since(q.longest_since) : undefined),
  expected: first,
  due: (q) => since(q.oldest_due),
  level: (q) => q.service_level,
  calls: (q) => waitingOf(q, 'voice'),
  chats: (q) => waitingOf(q, 'chat'),
  mails: (q) => waitingOf(q, 'email'),
  progress: (q) => q.in_progress,
  abandoned: (q) => q.abandoned_today,
  staff: (q) => q.agents.available ?? 0,
}

function Queues({ rows }: { rows: QueueRow[] }) {
  const w = useWords()
  const { sorted, head } = useSort(queueOrder)
  if (rows.length === 0) return <Empty icon="list" text={w.board.emptyQueues} />
  return (
    <section aria-label={w.board.queues}>
      <div className="tbl-h">
        <h2 className="grow">{w.board.queues}</h2>
        <span className="meta wide">{w.board.hourLead}</span>
      </div>
      <div className="tbl-card" tabIndex={0}>
        <table className="tbl">
          <thead>
            <tr>
              {(Object.keys(queueOrder) as (keyof typeof w.board)[]).map((k) => (
                <SortHead key={k} text={w.board[k] as string} right={k !== 'queue' && k !== 'staff'} {...head(k)} />
              ))}
              <th scope="col" className="wide">
                {w.board.hour}
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted(rows).map((q) => (
              <QueueLine key={q.id} q={q} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** How long a newcomer would wait, where that is known: the longest of the channels. */
function Expected({ q }: { q: QueueRow }) {
  const w = useWords()
  const f = useFormat()
  const s = first(q)
  return <td className={`r${s ? '' : ' t-3'}`}>{s ? f.wait(s * 1000).replace(/:00$/, ` ${w.time.minutes('').trim()}`) : w.common.none}</td>
}

/** When the first of those that wait must be answered. */
function Due({ at }: { at?: string }) {
  const w = useWords()
  const f = useFormat()
  const now = useNow()
  if (!at) return <td className="r t-3">{w.common.none}</td>
  const left = Date.parse(at) - now
  return (
    <td className={`r${left < 0 ? ' t-crit' : ''}`}>
      <span className="row row-1">
        <span className="grow" />
        {left < 0 && <Icon name="alert" size={12} />}
        <span className="vh">{left < 0 ? w.board.late : w.board.within}</span>
        {`${left < 0 ? '−' : ''}${f.wait(left)}`}
      </span>
    </td>
  )
}

const shownStatuses: Status[] = ['available', 'offered', 'busy', 'wrap_up', 'working_offline', 'on_break']

/** The members of a queue who are there, by status: shape, number and, for those who hear it, the word. */
function Staff({ q }: { q: QueueRow }) {
  const w = useWords()
  const there = shownStatuses.filter((s) => (q.agents[s] ?? 0) > 0)
  if (there.length === 0) return <span className="t-3">{w.common.none}</span>
  return (
    <span className="row staff">
      {there.map((s) => (
        <span className="row row-1" key={s} title={w.status[s]}>
          <StatusGlyph status={s} />
          {q.agents[s]}
        </span>
      ))}
    </span>
  )
}

const marks: Record<string, IconName> = { ok: 'check', warn: 'clock', crit: 'alert' }

function QueueLine({ q }: { q: QueueRow }) {
  const w = useWords()
  const f = useFormat()
  const wait = waitOf(q, useNow())
  const level = q.service_level
  const tone = level === undefined ? 'ok' : levelOf(level)
  const cell = (n: number | undefined) => (n ? <td className="r">{f.number(n)}</td> : <td className="r t-3">{w.common.none}</td>)
  return (
    <tr>
      <th scope="row" className="row-h">
        <span className="row">
          <Icon name="list" />
          <span className="med">{q.name}</span>
        </span>
      </th>
      <td className="r strong">{f.number(total(q))}</td>
      <td className={`r${wait.tone ? ` t-${wait.tone}` : ''}`}>
        <span className="row row-1">
          <span className="grow" />
          {wait.tone && <Icon name={wait.tone === 'crit' ? 'alert' : 'clock'} size={12} />}
          {wait.ms > 0 ? figure(wait.ms) : w.common.none}
        </span>
      </td>
      <Expected q={q} />
      <Due at={q.oldest_due} />
      <td className="r">
        {level === undefined ? (
          <span className="t-3">{w.common.none}</span>
        ) : (
          <span className="sl">
            <Bar share={level} tone={tone} />
            <span className={`t-${tone} row row-1`}>
              <Icon name={marks[tone]!} size={12} />
              {f.percent(level)}
            </span>
          </span>
        )}
      </td>
      {channels.map((c) => (
        <Count key={c} n={waitingOf(q, c)} />
      ))}
      {cell(q.in_progress)}
      {cell(q.abandoned_today)}
      <td>
        <Staff q={q} />
      </td>
      <td className="wide">
        <Hour queue={q.id} name={q.name} crit={wait.tone === 'crit'} />
      </td>
    </tr>
  )
}

const step = 120 // s of each point
const hour = 3600

/** How much came in at each point, over all channels. */
function pointsOf(items: Interval[], from: number): number[] {
  const values = Array.from({ length: hour / step }, () => 0)
  for (const i of items) {
    const n = Math.floor((Date.parse(i.start) - from) / (step * 1000))
    if (n in values) values[n]! += i.entered
  }
  return values
}

/** What came in, point by point, over the last hour. */
function Hour({ queue, name, crit }: { queue: Id; name: string; crit: boolean }) {
  const w = useWords()
  const f = useFormat()
  const query = useQuery({
    queryKey: ['intervals', queue],
    queryFn: async () => {
      const to = Math.ceil(serverNow() / 1000 / step) * step
      const from = (to - hour) * 1000
      const { items } = await api.intervals({ queue, step_s: step, from: new Date(from).toISOString(), to: new Date(to * 1000).toISOString() })
      return pointsOf(items, from)
    },
    refetchInterval: step * 500,
    retry: false,
  })
  const values = query.data
  if (!values) return <span className="t-3">{w.common.none}</span>
  return <Spark values={values} crit={crit} label={`${name}: ${f.number(values.reduce((a, b) => a + b, 0))} ${w.board.hourLead}`} />
}

function Count({ n }: { n: number }) {
  const w = useWords()
  return n > 0 ? <td className="r">{n}</td> : <td className="r t-3">{w.common.none}</td>
}

const leftHeads = new Set(['agent', 'state', 'code', 'holds'])
const agentOrderBy = (status: Record<string, unknown>, codeOf: (a: AgentRow) => string): By<AgentRow> => ({
  agent: (a) => a.name,
  state: (a) => String(status[a.presence.status]),
  code: (a) => codeOf(a) || undefined,
  time: (a) => (a.presence.status === 'logged_out' ? undefined : since(a.presence.since)),
  holds: (a) => a.holds.reduce((n, h) => n + h.count, 0),
  accepted: (a) => a.accepted,
  declined: (a) => a.declined,
  handled: (a) => a.handled_today,
  aht: (a) => a.aht_s,
})

type Which = 'group' | 'all' | 'favourites' | 'recents'

function Agents({ query }: { query: { data: { items: AgentRow[] } | undefined; error: unknown; isPending: boolean; refetch: () => unknown; dataUpdatedAt: number } }) {
  const w = useWords()
  const me = useMe()
  const [which, setWhich] = useState<Which>('all')
  const rows = query.data?.items ?? []
  const of: Record<Which, (a: AgentRow) => boolean> = {
    all: (a) => a.presence.status !== 'logged_out',
    group: (a) => a.group === me.group,
    favourites: (a) => a.favourite,
    recents: (a) => a.recent_at !== undefined,
  }
  const codeOf = useCodeOf()
  const agentOrder = agentOrderBy(w.status, codeOf)
  const { sorted, head } = useSort(agentOrder)
  const shown = sorted(rows.filter(of[which]))
  const scroll = useRef<HTMLDivElement>(null)
  const { seen, before, after } = useWindow(shown, scroll)
  const count = (k: Which) => <Badge count={rows.filter(of[k]).length} />
  const tabs = [
    { key: 'group' as const, text: w.board.group, end: count('group') },
    { key: 'all' as const, text: w.board.all, end: count('all') },
    { key: 'favourites' as const, text: w.board.favourites, end: count('favourites') },
    { key: 'recents' as const, text: w.board.recents },
  ].filter((t) => t.key !== 'group' || (me.group && me.group !== '0'))
  return (
    <section aria-label={w.board.agents}>
      <div className="tbl-h">
        <h2>{w.board.agents}</h2>
        <Tabs as="seg" label={w.board.agents} chosen={which} choose={setWhich} tabs={tabs} />
      </div>
      <Fetched query={query} what={w.board.what}>
        {() =>
          shown.length === 0 ? (
            <Empty icon="users" text={w.board.emptyAgents} />
          ) : (
            <div className="tbl-card tbl-card--tall" tabIndex={0} ref={scroll}>
              <table className="tbl">
                <thead>
                  <tr>
                    {(Object.keys(agentOrder) as (keyof typeof w.board)[]).map((k) => (
                      <SortHead key={k} text={w.board[k] as string} right={!leftHeads.has(k)} {...head(k)} />
                    ))}
                    <th scope="col" className="r">
                      {w.board.actions}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <Gap height={before} />
                  {seen.map((a) => (
                    <AgentLine key={a.id} a={a} self={a.id === me.agent} />
                  ))}
                  <Gap height={after} />
                </tbody>
              </table>
            </div>
          )
        }
      </Fetched>
    </section>
  )
}

const rowHeight = 38 // px, as the table's style sheet has it

/** The rows in view, and how much lies before and after them: a thousand agents cost as little as twenty. */
function useWindow<T>(rows: T[], scroll: React.RefObject<HTMLDivElement | null>) {
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 10, enabled: rows.length > 100 })
  const items = virtual.getVirtualItems()
  if (rows.length <= 100) return { seen: rows, before: 0, after: 0 }
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? Math.min(rows.length, 30) - 1
  return { seen: rows.slice(first, last + 1), before: first * rowHeight, after: (rows.length - 1 - last) * rowHeight }
}

const Gap = ({ height }: { height: number }) =>
  height > 0 && (
    <tr aria-hidden="true">
      <td colSpan={10} style={{ height, padding: 0 }} />
    </tr>
  )

function AgentLine({ a, self }: { a: AgentRow; self: boolean }) {
  const w = useWords()
  const f = useFormat()
  const codeOf = useCodeOf()
  const p = a.presence
  return (
    <tr className={self ? 'is-sel' : undefined}>
      <th scope="row" className="row-h">
        <span className="row">
          <Avatar name={a.name} me={self} />
          <span className="med">{a.name}</span>
        </span>
      </th>
      <td>
        <span className={`row row-1 ${statusText(p.status)}`}>
          <StatusGlyph status={p.status} silent />
          <span>{w.status[p.status]}</span>
        </span>
      </td>
      <td className="sub">{codeOf(a) || w.common.none}</td>
      <td className="r">
        {p.status === 'logged_out' ? w.common.none : <FullSince at={p.since} />}
      </td>
      <td>
        <Holds a={a} />
      </td>
      <td className="r">{f.number(a.accepted)}</td>
      <td className="r">{f.number(a.declined)}</td>
      <td className="r">{f.number(a.handled_today)}</td>
      <td className="r">{a.aht_s ? figure(a.aht_s * 1000) : w.common.none}</td>
      <td>
        <div className="acts">{!self && <Acts a={a} />}</div>
      </td>
    </tr>
  )
}

function Holds({ a }: { a: AgentRow }) {
  const w = useWords()
  if (a.holds.length === 0) return <span className="sub">{w.common.none}</span>
  return (
    <span className="row row-1 sub">
      {a.holds.map(({ channel: c, count: n }) => (
        <Chip key={c} icon={channelIcon[c]}>
          <span className="vh">{w.channel[c]}</span>
          {n}
        </Chip>
      ))}
    </span>
  )
}

/** Which queues an agent works in just now, and what they know: each switch is a decision of its own, at once. */
function Work({ a, close }: { a: AgentRow; close: () => void }) {
  const w = useWords()
  const client = useQueryClient()
  const key = ['work', a.id]
  const query = useQuery({ queryKey: key, queryFn: () => api.work(a.id) })
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items ?? []
  const set = useMutation({
    mutationFn: ({ queue, enabled, level }: { queue: Id; enabled: boolean; level?: number }) => api.setMembership(a.id, queue, { enabled, level }),
    onSuccess: (there) => client.setQueryData(key, there),
    onSettled: () => client.invalidateQueries({ queryKey: ['agents'] }),
  })
  return (
    <Dialog title={w.board.workOf(a.name)} close={close}>
      <div className="dialog-foot">
        <Fetched query={query} what={w.board.what} rows={4}>
          {(there) => (
            <ul className="boxed">
              {queues.map((q) => {
                const m = there.memberships.find((x) => x.queue === q.id)
                return (
                  <li className="optrow" key={q.id}>
                    <Switch on={m?.enabled ?? false} disabled={set.isPending} set={(enabled) => set.mutate({ queue: q.id, enabled, level: m?.level })}>
                      {q.name}
                    </Switch>
                  </li>
                )
              })}
            </ul>
          )}
        </Fetched>
        <Knows a={a} there={query.data} />
        {set.error && <Failure error={set.error} />}
        <p className="hint">{w.board.workLead}</p>
      </div>
    </Dialog>
  )
}

/** What an agent knows, as the queues' offers ask for it. */
function Knows({ a, there }: { a: AgentRow; there: Workplace | undefined }) {
  const w = useWords()
  const client = useQueryClient()
  const skills = useQuery({ queryKey: ['skills'], queryFn: api.skills }).data?.items ?? []
  const set = useMutation({
    mutationFn: ({ skill, level }: { skill: Id; level: number }) => api.setSkill(a.id, skill, level),
    onSuccess: (now) => client.setQueryData(['work', a.id], now),
  })
  if (!there || skills.length === 0) return null
  return (
    <>
      <h3 className="overline">{w.admin.skills}</h3>
      <ul className="boxed">
        {skills.map((s) => (
          <li className="optrow" key={s.id}>
            <span className="med grow ell">{s.name}</span>
            <div className="opt-end">
              <Level name={s.name} level={there.skills.find((x) => x.skill === s.id)?.level ?? 0} set={(level) => set.mutate({ skill: s.id, level })} />
            </div>
          </li>
        ))}
      </ul>
      {set.error && <Failure error={set.error} />}
    </>
  )
}

type Change = { status: Intent; code?: string; force?: boolean }
const intents: Intent[] = ['available', 'working_offline', 'on_break']

/** What a supervisor sets for somebody else: while that agent holds work, it comes after. */
function SetStatus({ a, set }: { a: AgentRow; set: (to: Change) => void }) {
  const w = useWords()
  const gone = a.presence.status === 'logged_out'
  return (
    <SubmenuTrigger>
      <MenuItem icon="pulse" isDisabled={gone}>
        {w.board.setStatus}
      </MenuItem>
      <Menu aria-label={w.board.setStatusOf(a.name)} placement="left top">
        {intents.map((status) => (
          <StatusItem key={status} of={a.id} status={status} choose={(code) => set({ status, code })} />
        ))}
      </Menu>
    </SubmenuTrigger>
  )
}

function Acts({ a }: { a: AgentRow }) {
  const w = useWords()
  const client = useQueryClient()
  const [, go] = useLocation()
  const chat = useMutation({ mutationFn: () => api.newStaffChat([a.id]), onSuccess: (c) => go(`/messages/${c.id}`) })
  const stale = () => client.invalidateQueries({ queryKey: ['agents'] })
  const star = useMutation({ mutationFn: () => api.favour('agent', a.id, !a.favourite), onSettled: stale })
  const set = useMutation({ mutationFn: (to: Change) => api.setAgentStatus(a.id, to), onSettled: stale })
  const supervises = useMe().role !== 'agent'
  const [work, setWork] = useState(false)
  const out = a.presence.status === 'logged_out'
  const holds = a.holds.length > 0
  const problem = chat.error ?? star.error ?? set.error
  return (
    <>
      <MenuTrigger>
        <Button className="ibtn" aria-label={w.board.actionsFor(a.name)}>
          <Icon name="more" />
        </Button>
        <Menu aria-label={w.board.actionsFor(a.name)} placement="bottom end">
          <MenuItem icon="chat" onAction={() => chat.mutate()}>
            {w.board.chat}
          </MenuItem>
          <MenuItem icon={a.favourite ? 'starf' : 'star'} onAction={() => star.mutate()}>
            {a.favourite ? w.board.unfavour : w.board.favour}
          </MenuItem>
          {supervises && <MenuSep />}
          {supervises && (
            <MenuItem icon="list" onAction={() => setWork(true)}>
              {w.board.work}
            </MenuItem>
          )}
          {supervises && <SetStatus a={a} set={set.mutate} />}
          {supervises && (
            <StatusItem of={a.id} status="logged_out" disabled={out} choose={(code) => set.mutate({ status: 'logged_out', code })}>
              {holds ? w.board.logOutLater : w.board.logOut}
            </StatusItem>
          )}
          {supervises && holds && (
            <StatusItem of={a.id} status="logged_out" lead={<Icon name="alert" />} choose={(code) => set.mutate({ status: 'logged_out', code, force: true })}>
              {w.board.logOutNow}
            </StatusItem>
          )}
        </Menu>
      </MenuTrigger>
      {problem != null && <Failure error={problem} />}
      {work && <Work a={a} close={() => setWork(false)} />}
    </>
  )
}

