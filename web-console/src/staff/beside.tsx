import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { api, uuid, type Line } from '../api/client'
import type { Entry, Id, InteractionView } from '../api/types'
import { useFormat } from '../i18n'
import { useMe } from '../session'
import { readAgain } from '../thread/log'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'
import { Failure, useSlow } from '../ui/parts'
import { staff, type Beside as Side } from './api'
import { useStaffWords } from './words'

const again = 20_000 // ms after which a supervisor says that they still look on; the server believes it for a minute

/**
 * What goes on beside a chat, of which its customer never hears: the colleague whom the agent asks, supervisors who look on
 * and whisper. A supervisor who opens a colleague's chat looks on by that.
 */
export function Beside({ i }: { i: InteractionView }) {
  const w = useStaffWords()
  const me = useMe()
  const on = i.agent === me.agent || (i.others?.includes(me.agent) ?? false)
  const looks = useSlow(!on, 500) // who gives a chat away is not yet known to be in its wrap-up
  const looking = useObserve(i, looks)
  const { data: side } = useQuery({ queryKey: ['side-chat', i.id], queryFn: () => staff.beside(i.id), refetchInterval: again })
  useRead(side)
  const observers = (side?.observers ?? []).filter((o) => o.id !== me.agent).map((o) => o.name)
  const agent = i.agent_name ?? ''
  const talks = looks || (i.others ?? []).length > 0 || observers.length > 0 || (side?.items.length ?? 0) > 0
  if (!side || !talks || looks === on) return looking.error ? <Failure error={looking.error} /> : null
  return (
    <section className="beside" aria-label={w.side}>
      <div className="row wrap">
        <Icon name={on ? 'lock' : 'ear'} />
        <span className="grow">
          {!on && <span className="med">{w.youLookOn(agent)}</span>}
          {on && <span className="med">{observers.length > 0 ? w.looksOn(observers.join(', ')) : w.side}</span>}{' '}
          <span className="meta">{on ? w.sideHint : looking.data && w[looking.data.shown ? 'shown' : 'hidden'](agent)}</span>
        </span>
      </div>
      <Lines items={side.items} />
      <Say id={i.id} label={on ? w.sayBeside : w.whisper(agent)} whispers={!on} />
      {looking.error && <Failure error={looking.error} />}
    </section>
  )
}

/** What was said there while I was on it, and that I had not read when it was over. */
export function SaidBeside({ id }: { id: Id }) {
  const w = useStaffWords()
  const { data: side } = useQuery({ queryKey: ['side-chat', id], queryFn: () => staff.beside(id) })
  useRead(side)
  if (!side?.items.length) return null
  return (
    <section className="beside" aria-label={w.side}>
      <div className="row">
        <Icon name="lock" />
        <span className="med">{w.side}</span>
      </div>
      <Lines items={side.items} />
    </section>
  )
}

/** Says that I look on for as long as I do. */
function useObserve({ id, conversation }: InteractionView, looks: boolean) {
  const query = useQuery({ queryKey: ['observing', id], queryFn: () => staff.observe(id), enabled: looks, refetchInterval: again, refetchIntervalInBackground: true, staleTime: 0, gcTime: 0 })
  useEffect(() => {
    if (looks) return () => void staff.leave(id).catch(() => {}) // a minute later it is so anyway
  }, [id, looks])
  useEffect(() => {
    if (query.isSuccess) void readAgain(conversation).catch(() => {}) // what comes next shows what is missing, and fetches it
  }, [conversation, query.isSuccess])
  return query
}

function useRead(side: Side | undefined) {
  const chat = side?.chat?.id
  const pos = side?.items.at(-1)?.pos
  const client = useQueryClient()
  useEffect(() => {
    if (chat && pos) void api.seenStaffChat(chat, pos).then(() => client.invalidateQueries({ queryKey: ['staff-chats'] }), () => {})
  }, [chat, pos, client])
}

function Lines({ items }: { items: Entry[] }) {
  const w = useStaffWords()
  const f = useFormat()
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }, [items.length])
  if (items.length === 0) return null
  return (
    <div className="beside-log" ref={box} role="log" aria-label={w.side} tabIndex={0}>
      {items.map((e) => (
        <p key={e.pos} className="said">
          <b>{e.author.name}</b> {e.text} <time className="meta">{f.clock(e.at)}</time>
        </p>
      ))}
    </div>
  )
}

/** A line that is not there yet; with why, if it was refused or lost. */
type Unsaid = Line & { error?: unknown }

function Say({ id, label, whispers }: { id: Id; label: string; whispers: boolean }) {
  const client = useQueryClient()
  const draft = useDraft(`${id}.beside`)
  const [unsaid, setUnsaid] = useState<Unsaid[]>([])
  const post = useMutation({ mutationFn: (line: Line) => staff.sayBeside(id, line) })
  const put = (line: Line) => {
    const others = (all: Unsaid[]) => all.filter((l) => l.client_id !== line.client_id)
    setUnsaid((all) => [...others(all), line])
    post.mutateAsync(line).then(
      async () => {
        await client.invalidateQueries({ queryKey: ['side-chat', id] })
        setUnsaid(others)
      },
      (error: unknown) => setUnsaid((all) => all.map((l) => (l.client_id === line.client_id ? { ...line, error } : l))),
    )
  }
  const say = () => {
    const text = draft.text.trim()
    if (!text) return
    draft.clear()
    put({ client_id: uuid(), text })
  }
  return (
    <>
      {unsaid.map(({ error, ...line }) =>
        error ? (
          <Failure key={line.client_id} what={line.text} error={error} retry={() => put(line)} />
        ) : (
          <p key={line.client_id} className="said t-3">
            {line.text}
          </p>
        ),
      )}
      <form className="row" onSubmit={(e) => (e.preventDefault(), say())}>
        <div className="field grow">
          <Icon name={whispers ? 'whisper' : 'lock'} />
          <input aria-label={label} placeholder={label} value={draft.text} maxLength={5000} autoComplete="off" onChange={(e) => draft.set(e.target.value)} />
        </div>
        <button className="ibtn" aria-label={label} aria-disabled={!draft.text.trim()}>
          <Icon name="send" />
        </button>
      </form>
    </>
  )
}
