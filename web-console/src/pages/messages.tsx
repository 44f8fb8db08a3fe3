import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api, uuid } from '../api/client'
import type { Entry as Said, Id, StaffChat } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Directory, type Goal } from '../phone/directory'
import { useMe } from '../session'
import { Found } from '../staff/found'
import { FromSupervisors } from '../staff/supervisors'
import { useStaffWords } from '../staff/words'
import { Writer } from '../thread/writer'
import { Field } from '../ui/controls'
import { Dialog } from '../ui/dialog'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'
import { printed } from '../ui/keys'
import { Avatar, Badge, Failure, Fetched, Kbd } from '../ui/parts'

/** What supervisors say to all has its place beside the chats, which on a narrow screen is a page of its own. */
const announced = 'supervisors'

/** What supervisors say to many, and what colleagues say to each other. */
export function Messages({ id: asked }: { id?: Id }) {
  const w = useWords()
  const s = useStaffWords()
  const me = useMe()
  const [picking, setPicking] = useState(false)
  const [words, setWords] = useState('')
  const [, go] = useLocation()
  const chats = useQuery({ queryKey: ['staff-chats'], queryFn: api.staffChats })
  const start = useMutation({ mutationFn: (e: Goal) => api.newStaffChat([e.id]), onSuccess: (c) => (setPicking(false), go(`/messages/${c.id}`)) })
  const id = asked === announced ? undefined : asked
  const open = chats.data?.items.find((c) => c.id === id)
  return (
    <main className={`sheet sheet--2${asked ? ' has-open' : ''}`}>
      <section className="pane pane--list" aria-label={s.title}>
        <div className="pane-head">
          <h1 className="grow">{s.title}</h1>
          <button className="ibtn" aria-label={s.newStaff} onClick={() => setPicking(true)}>
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
                  <span className="who">{s.supervisor}</span>
                  <span className="prev ell">{s.title}</span>
                </span>
              </Link>
            </li>
          </ul>
          <h2 className="group-h">{s.staff}</h2>
          <div className="sec">
            <Field label={s.findStaff} placeholder={s.findStaff} icon="search" value={words} set={setWords} onKeyDown={(e) => e.key === 'Escape' && setWords('')} />
          </div>
          {words.trim().length > 1 ? (
            <Found words={words.trim()} chosen={id} />
          ) : (
            <Fetched query={chats} what={s.what}>
              {(page) => (
                <ul>
                  {page.items.map((c) => (
                    <ChatRow key={c.id} c={c} chosen={c.id === id} />
                  ))}
                  {page.items.length === 0 && <li className="log-empty meta">{s.noStaff}</li>}
                </ul>
              )}
            </Fetched>
          )}
        </div>
        <div className="pane-foot">
          <button className="btn btn--sm btn--block" onClick={() => setPicking(true)}>
            <Icon name="plus" />
            {s.newStaff}
          </button>
        </div>
      </section>
      {id ? <StaffThread key={id} id={id} chat={open} /> : <FromSupervisors canSend={me.role !== 'agent'} />}
      {picking && (
        <Dialog title={s.with} close={() => setPicking(false)} className="dialog--tall">
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
  const s = useStaffWords()
  const me = useMe()
  return (c) => {
    const others = (c?.members ?? []).filter((m) => m.id !== me.agent)
    const names = c?.title || others.map((m) => m.name).join(', ') || s.staff
    return c?.interaction ? s.beside(names) : names
  }
}

function ChatRow({ c, chosen }: { c: StaffChat; chosen: boolean }) {
  const f = useFormat()
  const name = useChatName()(c)
  return (
    <li>
      <Link className={`ibx${chosen ? ' is-sel' : ''}${c.unread ? ' is-unread' : ''}`} href={c.interaction ? `/chat/${c.interaction}` : `/messages/${c.id}`} aria-current={chosen ? 'true' : undefined}>
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
  const s = useStaffWords()
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
  const others = (chat?.members ?? []).filter((m) => m.id !== me.agent)
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
          <Fetched query={query} what={s.what}>
            {() => lines.map((m) => <StaffLine key={m.client_id ?? m.pos} m={m} mine={m.author.id === me.agent} name={m.author.name ?? name} readers={others.filter((o) => o.pos >= m.pos)} all={others.length} />)}
          </Fetched>
          {post.error && <Failure error={post.error} retry={() => post.variables && post.mutate(post.variables)} />}
        </div>
      </div>
      <Writer
        label={s.write(name)}
        text={draft.text}
        set={draft.set}
        placeholder={s.write(name)}
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

function StaffLine({ m, mine, name, readers, all }: { m: Said; mine: boolean; name: string; readers: StaffChat['members']; all: number }) {
  const w = useWords()
  const s = useStaffWords()
  const f = useFormat()
  const sending = m.pos === Infinity
  const read = readers.length === 0 ? '' : all === 1 ? s.seen : s.seenBy(readers.map((r) => r.name).join(', '))
  if (mine)
    return (
      <div className="msg msg--me">
        <div className="stack">
          <div className="bub">{m.text}</div>
        </div>
        <div className="receipt t-3">
          <Icon name={sending ? 'clock' : read ? 'checks' : 'check'} size={12} />
          {sending ? w.thread.sending : f.when(m.at, serverNow())}
          {read && ` · ${read}`}
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
