import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Button, MenuTrigger } from 'react-aria-components'
import { Link, useLocation } from 'wouter'
import { api } from '../api/client'
import type { Case, Happening, Id } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useCaseTitle } from '../inbox/case-title'
import { NewMail } from '../thread/new-mail'
import { Tasks } from '../thread/tasks'
import { Timeline, useTimeline } from '../thread/timeline'
import { WhyButton } from '../thread/why-button'
import { Menu, MenuItem } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Chip, Failure, Fetched } from '../ui/parts'
import { Moved, useEdit } from './edit'
import { useRelated } from './related'

const Merge = lazy(() => import('./regroup').then((m) => ({ default: m.Merge })))
const CaseDrafts = lazy(() => import('./case-drafts').then((m) => ({ default: m.CaseDrafts })))
const Split = lazy(() => import('./regroup').then((m) => ({ default: m.Split })))

export function StateChip({ c, large }: { c: Case; large?: boolean }) {
  const w = useWords()
  const open = c.state === 'open' || c.state === 'new'
  return (
    <Chip tone={open ? 'accent' : 'plain'} icon={open ? 'pen' : c.state === 'closed' || c.state === 'solved' ? 'check' : 'pause'} large={large}>
      {w.customers.states[c.state] ?? c.state}
    </Chip>
  )
}

/** One case. The address of one that became a part of another leads to that one. */
export function CasePage({ id }: { id: Id }) {
  const w = useWords()
  const [, go] = useLocation()
  const query = useQuery({ queryKey: ['case', id], queryFn: () => api.case(id) })
  const now = query.data?.id
  useEffect(() => {
    if (now && now !== id) go(`/cases/${now}`, { replace: true })
  }, [now, id, go])
  const { edit, moved } = useEdit<Case, Partial<Case>>('case', id, (body, rev) => api.changeCase(id, body, rev))
  return (
    <section className="pane" aria-label={w.customers.cases}>
      <Fetched query={query} what={w.customers.cases} rows={5}>
        {(c) => (
          <>
            <Head c={c} busy={edit.isPending} set={(state) => edit.mutate({ state })} />
            <div className="side-scroll" tabIndex={-1}>
              {(moved || edit.error) && <div className="pad">{moved ? <Moved /> : <Failure error={edit.error} />}</div>}
              <Suspense>
                <CaseDrafts of={c.id} />
              </Suspense>
              <Facts c={c} />
              <Tasks case={c.id} customer={c.customer} />
              <Related c={c} />
              <section className="sec">
                <div className="sec-h">
                  <h3>{w.customers.timeline}</h3>
                </div>
                <Timeline case={c.id} />
              </section>
            </div>
          </>
        )}
      </Fetched>
    </section>
  )
}

function Head({ c, busy, set }: { c: Case; busy: boolean; set: (state: string) => void }) {
  const w = useWords()
  const title = useCaseTitle()
  const also = useAliases(c.id)
  return (
    <div className="pane-head">
      <Link className="ibtn narrow-only" href="/cases" aria-label={w.thread.back}>
        <Icon name="left" />
      </Link>
      <div className="col grow">
        <h2 className="ell">{title(c)}</h2>
        <span className="meta ell">
          {[w.thread.case(c.number), also.length > 0 && w.regroup.also(also.map((n) => `#${n}`).join(', '))].filter(Boolean).join(', ')} · {c.customer && <Link href={`/customers/${c.customer}`}>{c.customer_name || w.side.customer}</Link>}
        </span>
      </div>
      {c.interaction && c.interaction !== '0' && <WhyButton id={c.interaction} />}
      <StateChip c={c} large />
      {c.interaction && c.interaction !== '0' && (c.interaction_state !== 'finished' || c.channel === 'email' || c.channel === 'chat') && (
        <Link className="btn btn--sm wide" href={`/${c.channel === 'email' ? 'email' : 'chat'}/${c.interaction}`}>
          {w.customers.open}
        </Link>
      )}
      <WriteOn c={c} />
      <button className="btn btn--sm" disabled={busy} onClick={() => set(c.state === 'closed' ? 'open' : 'closed')}>
        {c.state === 'closed' ? w.customers.reopen : w.customers.close}
      </button>
      <Regroup c={c} />
    </div>
  )
}

/** The numbers of the cases that became a part of this one, as its timeline tells. */
function useAliases(id: Id): number[] {
  const { data } = useTimeline(id)
  const parts = (data?.items ?? []).map((e) => e.body as Happening | undefined).filter((h) => h?.what === 'merged' && h.number)
  return [...new Set(parts.map((h) => h!.number!))]
}

/** What makes one case of two, or two of one: rarely needed, so behind a menu. */
function Regroup({ c }: { c: Case }) {
  const w = useWords()
  const [open, setOpen] = useState<'merge' | 'split' | null>(null)
  const close = () => setOpen(null)
  return (
    <>
      <MenuTrigger>
        <Button className="ibtn" aria-label={w.regroup.more}>
          <Icon name="more" />
        </Button>
        <Menu aria-label={w.regroup.more} placement="bottom end">
          <MenuItem icon="merge" onAction={() => setOpen('merge')}>
            {w.regroup.merge}
          </MenuItem>
          <MenuItem icon="swap" onAction={() => setOpen('split')}>
            {w.regroup.split}
          </MenuItem>
        </Menu>
      </MenuTrigger>
      <Suspense>
        {open === 'merge' && <Merge c={c} close={close} />}
        {open === 'split' && <Split c={c} close={close} />}
      </Suspense>
    </>
  )
}

/** Cases that may have to do with this one, and why. Nothing is joined because it stands here. */
function Related({ c }: { c: Case }) {
  const w = useWords()
  const title = useCaseTitle()
  const items = useRelated(c.id).data?.items ?? []
  if (items.length === 0) return null
  return (
    <section className="sec">
      <div className="sec-h">
        <h3>{w.regroup.related}</h3>
      </div>
      <ul>
        {items.map((o) => (
          <li key={o.id}>
            <Link className="case" href={`/cases/${o.id}`}>
              <span className="id">#{o.number}</span>
              <span className="ell">{title(o)}</span>
              <StateChip c={o} />
              <span className="because meta ell">{o.because.map((b) => w.regroup.because[b] ?? b).join(', ')}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Facts({ c }: { c: Case }) {
  const w = useWords()
  const f = useFormat()
  const time = (at: string) => (
    <>
      {f.date(at)} <time>{f.clock(at)}</time>
    </>
  )
  return (
    <section className="sec">
      <dl className="kv kv--wide">
        {c.assignee_name && (
          <>
            <dt>{w.customers.assignee}</dt>
            <dd>{c.assignee_name}</dd>
          </>
        )}
        {c.created_at && (
          <>
            <dt>{w.customers.created}</dt>
            <dd>{time(c.created_at)}</dd>
          </>
        )}
        {c.last_activity_at && (
          <>
            <dt>{w.customers.changed}</dt>
            <dd>{time(c.last_activity_at)}</dd>
          </>
        )}
      </dl>
      {c.tags && c.tags.length > 0 && (
        <div className="row">
          {c.tags.map((t) => (
            <Chip key={t} icon="tag">
              {t}
            </Chip>
          ))}
        </div>
      )}
    </section>
  )
}

/** Writes a mail about a case, to its customer unless somebody else is named. */
function WriteOn({ c }: { c: Case }) {
  const w = useWords()
  const customer = useQuery({ queryKey: ['customer', c.customer], queryFn: () => api.customer(c.customer!), enabled: !!c.customer })
  const address = customer.data?.addresses?.find((a) => a.kind === 'email')
  return (
    <NewMail about={{ case: c.id, to: address ? [{ kind: 'email', value: address.value, name: c.customer_name }] : [] }}>
      {(write) => (
        <button className="btn btn--sm" onClick={write}>
          <Icon name="mail" />
          {w.mail.write}
        </button>
      )}
    </NewMail>
  )
}
