import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '../api/client'
import type { SupervisorMessage } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useNow } from '../live/clock'
import { Field, Switch, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Chip, Empty, Failure, Fetched } from '../ui/parts'
import { staff } from './api'
import { Compose } from './compose'
import { useStaffWords } from './words'

type Scope = 'toMe' | 'sent'

/** What supervisors have told me; and, for them, what they have told others and who has read it. */
export function FromSupervisors({ canSend }: { canSend: boolean }) {
  const w = useWords()
  const s = useStaffWords()
  const [scope, setScope] = useState<Scope>('toMe')
  const [q, setQ] = useState('')
  const [past, setPast] = useState(false)
  const sent = scope === 'sent'
  const query = useInfiniteQuery({
    queryKey: ['supervisor-messages', scope, past, q.trim()],
    queryFn: ({ pageParam }) => staff.messages({ sent, past, q: q.trim(), after: pageParam }),
    initialPageParam: '',
    getNextPageParam: (last) => last.after || undefined,
  })
  const one = { ...query, data: query.data?.pages.flatMap((p) => p.items) }
  return (
    <section className="pane" aria-label={s.supervisor}>
      <div className="pane-head">
        <Link className="ibtn narrow-only" href="/messages" aria-label={w.thread.back}>
          <Icon name="left" />
        </Link>
        <h2 className="grow">{s.supervisor}</h2>
      </div>
      <div className="page-body side-scroll" tabIndex={-1}>
        {canSend && <Compose sent={() => setScope('sent')} />}
        <div className="row wrap">
          {canSend && (
            <Tabs
              as="seg"
              label={s.show}
              chosen={scope}
              choose={setScope}
              tabs={[
                { key: 'toMe', text: s.toMe },
                { key: 'sent', text: s.sent },
              ]}
            />
          )}
          <div className="grow">
            <Field label={s.find} placeholder={s.find} icon="search" value={q} set={setQ} onKeyDown={(e) => e.key === 'Escape' && setQ('')} />
          </div>
          {!sent && (
            <Switch on={past} set={setPast}>
              {s.past}
            </Switch>
          )}
        </div>
        <Fetched query={one} what={s.what}>
          {(items) => (
            <>
              {items.length === 0 && <Empty icon="horn" text={q ? s.noneFound : s.noSupervisor} />}
              {items.map((m) => (
                <Announcement key={m.id} m={m} sent={sent} />
              ))}
            </>
          )}
        </Fetched>
        {query.hasNextPage && (
          <button className="btn btn--sm" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {w.thread.earlier}
          </button>
        )}
      </div>
    </section>
  )
}

function Announcement({ m, sent }: { m: SupervisorMessage; sent: boolean }) {
  const s = useStaffWords()
  const f = useFormat()
  const now = useNow()
  const client = useQueryClient()
  const again = () => client.invalidateQueries({ queryKey: ['supervisor-messages'] })
  const seen = useMutation({ mutationFn: () => api.seenSupervisorMessage(m.id), onSuccess: again })
  const back = useMutation({ mutationFn: () => staff.takeBack(m.id), onSuccess: again })
  const over = m.withdrawn_at !== undefined || (m.expires_at !== undefined && Date.parse(m.expires_at) <= now)
  const problem = seen.error ?? back.error
  return (
    <article className={`msg-card${m.seen || sent || over ? '' : ' is-new'}`}>
      <div className="row wrap">
        <Icon name="horn" />
        <span className="med grow">{m.author_name || s.anyone}</span>
        {m.urgent && (
          <Chip tone="warn" icon="warn">
            {s.urgentMark}
          </Chip>
        )}
        {over && <Chip>{m.withdrawn_at ? s.takenBack : s.over}</Chip>}
        {!over && m.expires_at && <span className="meta">{s.until(f.when(m.expires_at, now))}</span>}
        <time className="meta">{f.when(m.at, now)}</time>
      </div>
      <p className="said">{m.text}</p>
      <div className="row wrap">
        {sent ? (
          <Readers m={m} />
        ) : m.seen ? (
          <Chip icon="check">{s.seen}</Chip>
        ) : (
          !over && (
            <button className="btn btn--xs" disabled={seen.isPending} onClick={() => seen.mutate()}>
              <Icon name="check" size={12} />
              {s.markSeen}
            </button>
          )
        )}
        {sent && !over && (
          <button className="btn btn--xs btn--quiet" disabled={back.isPending} onClick={() => back.mutate()}>
            {s.takeBack}
          </button>
        )}
      </div>
      {problem && <Failure error={problem} />}
    </article>
  )
}

/** Who has read it and when; those first who have not. */
function Readers({ m }: { m: SupervisorMessage }) {
  const s = useStaffWords()
  const f = useFormat()
  const [open, setOpen] = useState(false)
  const query = useQuery({ queryKey: ['supervisor-messages', 'readers', m.id], queryFn: () => staff.readers(m.id), enabled: open })
  return (
    <details className="grow" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary className="meta">{s.readers(m.seen_by, m.recipients)}</summary>
      {open && (
        <Fetched query={query} what={s.what}>
          {(page) => (
            <ul className="readers">
              {page.items.map((r) => (
                <li className="row" key={r.id}>
                  <Icon name={r.seen_at ? 'checks' : 'clock'} size={12} />
                  <span className="grow ell">{r.name}</span>
                  <span className="meta">{r.seen_at ? f.when(r.seen_at, Date.now()) : s.notYet}</span>
                </li>
              ))}
            </ul>
          )}
        </Fetched>
      )}
    </details>
  )
}
