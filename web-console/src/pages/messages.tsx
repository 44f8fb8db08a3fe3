import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api, uuid } from '../api/client'
import type { Entry as Said, Id, StaffChat, SupervisorMessage } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Directory, type Goal } from '../phone/directory'
import { useMe } from '../session'
import { Writer } from '../thread/writer'
import { Dialog } from '../ui/dialog'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'
import { printed } from '../ui/keys'
import { Avatar, Badge, Chip, Empty, Failure, Fetched, Kbd } from '../ui/parts'

/** What supervisors say to many, and what colleagues say to each other. */
/** What supervisors say to all has its place beside the chats, which on a narrow screen is a page of its own. */
const announced = 'supervisors'

export function Messages({ id: asked }: { id?: Id }) {
  const w = useWords()
  const me = useMe()
  const [picking, setPicking] = useState(false)
  const [, go] = useLocation()
  const chats = useQuery({ queryKey: ['staff-chats'], queryFn: api.staffChats })
  const start = useMutation({ mutationFn: (e: Goal) => api.newStaffChat([e.id]), onSuccess: (c) => (setPicking(false), go(`/messages/${c.id}`)) })
  const id = asked === announced ? undefined : asked
  const open = chats.data?.items.find((c) => c.id === id)
  return (
    <main className={`sheet sheet--2${asked ? ' has-open' : ''}`}>
      <section className="pane pane--list" aria-label={w.messages.title}>
        <div className="pane-head">
          <h1 className="grow">{w.messages.title}</h1>
          <button className="ibtn" aria-label={w.messages.newStaff} onClick={() => setPicking(true)}>
            <Icon name="plus" />
          </button>
        </div>
        <div className="side-scroll" tabIndex={-1}>
          <ul>
            <li>
              <Link className={`ibx${id ? '' : ' is-sel'}`} href={`/messages/${announced}`} aria-current={id ? undefined : 'true'}>
                <span className="chan">
                  <Icon name="horn" />
                </span>
                <span className="col">
                  <span className="who">{w.messages.supervisor}</span>
                  <span className="prev ell">{w.messages.title}</span>
                </span>
              </Link>
            </li>
          </ul>
          <h2 className="group-h">{w.messages.staff}</h2>
          <Fetched query={chats} what={w.messages.what}>
            {(page) => (
              <ul>
                {page.items.map((c) => (
                  <ChatRow key={c.id} c={c} chosen={c.id === id} />
                ))}
                {page.items.length === 0 && <li className="log-empty meta">{w.messages.noStaff}</li>}
              </ul>
            )}
          </Fetched>
        </div>
        <div className="pane-foot">
          <button className="btn btn--sm btn--block" onClick={() => setPicking(true)}>
            <Icon name="plus" />
            {w.messages.newStaff}
          </button>
        </div>
      </section>
      {id ? <StaffThread key={id} id={id} chat={open} /> : <FromSupervisors canSend={me.role !== 'agent'} />}
      {picking && (
        <Dialog title={w.messages.with} close={() => setPicking(false)} className="dialog--tall">
          {start.error && (
            <div className="pad">
              <Failure error={start.error} />
            </div>
          )}
          <Directory label={w.transfer.find} choose={(e) => start.mutate(e)} only={(e) => e.kind === 'agent'} autoFocus />
        </Dialog>
      )}
    </main>
  )
}

/** What a chat is called: its title, else those whom I talk with. */
function useChatName(): (c: StaffChat | undefined) => string {
  const w = useWords()
  const me = useMe()
  return (c) => {
    const others = (c?.members ?? []).filter((m) => m.id !== me.agent)
    return c?.title || others.map((m) => m.name).join(', ') || w.messages.staff
  }
}

function ChatRow({ c, chosen }: { c: StaffChat; chosen: boolean }) {
  const f = useFormat()
  const name = useChatName()(c)
  return (
    <li>
      <Link className={`ibx${chosen ? ' is-sel' : ''}${c.unread ? ' is-unread' : ''}`} href={`/messages/${c.id}`} aria-current={chosen ? 'true' : undefined}>
        <Avatar name={name} size="md" />
        <span className="col">
          <span className="top">
            <span className="who ell grow">{name}</span>
            {c.last_at && <time className="meta">{f.when(c.last_at, serverNow())}</time>}
          </span>
          <span className="row">
            <span className="prev ell grow">{c.preview}</span>
            {!chosen && <Badge count={c.unread} tone="accent" />}
          </span>
        </span>
      </Link>
    </li>
  )
}

function StaffThread({ id, chat }: { id: Id; chat?: StaffChat }) {
  const w = useWords()
  const me = useMe()
  const client = useQueryClient()
  const draft = useDraft(`staff.${id}`)
  const field = useRef<HTMLTextAreaElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const query = useQuery({ queryKey: ['staff-entries', id], queryFn: () => api.staffEntries(id) })
  const [pending, setPending] = useState<Said[]>([])
  const fresh = () => void client.invalidateQueries({ queryKey: ['staff-chats'] })
  const post = useMutation({
    mutationFn: (m: Said) => api.staffMessage(id, { client_id: m.client_id!, text: m.text }),
    onSettled: async (_, err, m) => {
      if (err) return
      await client.invalidateQueries({ queryKey: ['staff-entries', id] })
      setPending((p) => p.filter((o) => o.client_id !== m.client_id))
      fresh()
    },
  })
  const name = useChatName()(chat)
  const known = new Set((query.data?.items ?? []).map((m) => m.client_id))
  const lines = [...(query.data?.items ?? []), ...pending.filter((p) => !known.has(p.client_id))]
  const lastPos = query.data?.items.at(-1)?.pos ?? 0
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines.length])
  useEffect(() => {
    if (lastPos) void api.seenStaffChat(id, lastPos).then(fresh, () => {})
  }, [id, lastPos])
  const say = () => {
    const text = draft.text.trim()
    if (!text) return
    const m: Said = { conversation: id, pos: Infinity, kind: 'message', channel: 'chat', author: { kind: 'agent', id: me.agent, name: me.name }, client_id: uuid(), text, at: new Date(serverNow()).toISOString() }
    setPending((p) => [...p, m])
    draft.clear()
    post.mutate(m)
  }
  return (
    <section className="pane" aria-label={name}>
      <div className="pane-head">
        <Link className="ibtn narrow-only" href="/messages" aria-label={w.thread.back}>
          <Icon name="left" />
        </Link>
        <Avatar name={name} size="md" />
        <h2 className="grow ell">{name}</h2>
      </div>
      <div className="thread" ref={box} role="log" aria-label={w.thread.messages} tabIndex={0}>
        <div className="thread-in">
          <Fetched query={query} what={w.messages.what}>
            {() => lines.map((m) => <StaffLine key={m.client_id ?? m.pos} m={m} mine={m.author.id === me.agent} name={m.author.name ?? name} sending={m.pos === Infinity} />)}
          </Fetched>
          {post.error && <Failure error={post.error} retry={() => post.variables && post.mutate(post.variables)} />}
        </div>
      </div>
      <Writer
        label={w.messages.write(name)}
        text={draft.text}
        set={draft.set}
        placeholder={w.messages.write(name)}
        field={field}
        send={say}
        around={(text) => (
          <div className="composer">
            {text}
            <div className="composer-bar">
              <span className="meta">{draft.kept ? w.composer.kept : ''}</span>
              <span className="grow" />
              <button className="btn btn--sm btn--primary" aria-disabled={!draft.text.trim()} onClick={say}>
                {w.common.send}
                <Kbd>{printed('mod+Enter')}</Kbd>
              </button>
            </div>
          </div>
        )}
      />
    </section>
  )
}

function StaffLine({ m, mine, name, sending }: { m: Said; mine: boolean; name: string; sending: boolean }) {
  const w = useWords()
  const f = useFormat()
  if (mine)
    return (
      <div className="msg msg--me">
        <div className="stack">
          <div className="bub">{m.text}</div>
        </div>
        <div className="receipt t-3">
          <Icon name={sending ? 'clock' : 'check'} size={12} />
          {sending ? w.thread.sending : f.when(m.at, serverNow())}
        </div>
      </div>
    )
  return (
    <div className="msg">
      <div className="by">
        <b>{name}</b>
        <time>{f.when(m.at, serverNow())}</time>
      </div>
      <Avatar name={name} />
      <div className="stack">
        <div className="bub">{m.text}</div>
      </div>
    </div>
  )
}

function FromSupervisors({ canSend }: { canSend: boolean }) {
  const w = useWords()
  const query = useQuery({ queryKey: ['supervisor-messages'], queryFn: api.supervisorMessages })
  return (
    <section className="pane" aria-label={w.messages.supervisor}>
      <div className="pane-head">
        <Link className="ibtn narrow-only" href="/messages" aria-label={w.thread.back}>
          <Icon name="left" />
        </Link>
        <h2 className="grow">{w.messages.supervisor}</h2>
      </div>
      <div className="page-body side-scroll" tabIndex={-1}>
        {canSend && <Broadcast />}
        <Fetched query={query} what={w.messages.what}>
          {(page) => (page.items.length === 0 ? <Empty icon="horn" text={w.messages.noSupervisor} /> : page.items.map((m) => <Announcement key={m.id} m={m} />))}
        </Fetched>
      </div>
    </section>
  )
}

function Announcement({ m }: { m: SupervisorMessage }) {
  const w = useWords()
  const f = useFormat()
  const client = useQueryClient()
  const seen = useMutation({
    mutationFn: () => api.seenSupervisorMessage(m.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['supervisor-messages'] }),
  })
  return (
    <article className={`msg-card${m.seen ? '' : ' is-new'}`}>
      <div className="row">
        <Icon name="horn" />
        <span className="med grow">{m.author_name || w.messages.anyone}</span>
        <time className="meta">{f.when(m.at, serverNow())}</time>
      </div>
      <p className="said">{m.text}</p>
      <div className="row">
        {m.seen ? (
          <Chip icon="check">{w.messages.seen}</Chip>
        ) : (
          <button className="btn btn--xs" disabled={seen.isPending} onClick={() => seen.mutate()}>
            <Icon name="check" size={12} />
            {w.messages.markSeen}
          </button>
        )}
      </div>
    </article>
  )
}

/** A supervisor's message to everyone, or to one queue's agents. */
function Broadcast() {
  const w = useWords()
  const me = useMe()
  const client = useQueryClient()
  const draft = useDraft('broadcast')
  const [queue, setQueue] = useState('')
  const post = useMutation({
    mutationFn: () => api.sendSupervisorMessage(draft.text.trim(), queue),
    onSuccess: () => (draft.clear(), void client.invalidateQueries({ queryKey: ['supervisor-messages'] })),
  })
  return (
    <form
      className="stack-2"
      onSubmit={(e) => {
        e.preventDefault()
        if (draft.text.trim()) post.mutate()
      }}
    >
      <textarea className="area" rows={2} aria-label={w.messages.text} placeholder={w.messages.text} value={draft.text} onChange={(e) => draft.set(e.target.value)} />
      <div className="row">
        <label className="meta" htmlFor="broadcast-to">
          {w.messages.broadcastTo}
        </label>
        <div className="field">
          <select id="broadcast-to" className="select" value={queue} onChange={(e) => setQueue(e.target.value)}>
            <option value="">{w.messages.everyone}</option>
            {(me.queues ?? []).map((q) => (
              <option key={q.id} value={q.id}>
                {q.name}
              </option>
            ))}
          </select>
        </div>
        <span className="grow" />
        <button className="btn" disabled={post.isPending || !draft.text.trim()}>
          <Icon name="horn" />
          {w.messages.broadcast}
        </button>
      </div>
      {post.error && <Failure error={post.error} />}
    </form>
  )
}
