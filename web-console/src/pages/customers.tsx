import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api, Problem } from '../api/client'
import type { Case, Customer, Id } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { NewMail } from '../thread/new-mail'
import { Tasks } from '../thread/tasks'
import { Timeline } from '../thread/timeline'
import { WhyButton } from '../thread/why-button'
import { Field, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Avatar, Chip, Empty, Failure, Fetched } from '../ui/parts'

/** The name, else where the customer is reached, else that they visit. */
function useCalled(): (c: Customer) => string {
  const w = useWords()
  const f = useFormat()
  return (c) => c.name || f.address(reachable(c)[0]?.value) || w.side.visitor
}

/** Customers and cases: the list on the left, the one that is open on the right. */
export function Customers(props: { customer?: Id; case?: Id; cases?: boolean }) {
  const w = useWords()
  const [, go] = useLocation()
  const open = props.customer ?? props.case
  return (
    <main className={`sheet sheet--2${open ? ' has-open' : ''}`}>
      <section className="pane pane--list" aria-label={w.customers.title}>
        <div className="pane-head">
          <h1 className="grow">{w.customers.title}</h1>
        </div>
        <div className="subhead">
          <Tabs
            as="tab"
            label={w.customers.title}
            chosen={props.cases ? 'cases' : 'customers'}
            choose={(k) => go(`/${k}`)}
            tabs={[
              { key: 'customers', text: w.customers.customers },
              { key: 'cases', text: w.customers.cases },
            ]}
          />
        </div>
        {props.cases ? <CaseList chosen={props.case} /> : <CustomerList chosen={props.customer} />}
      </section>
      {props.case ? <CasePage key={props.case} id={props.case} /> : props.customer ? <CustomerPage key={props.customer} id={props.customer} /> : <Nothing />}
    </main>
  )
}

function Nothing() {
  const w = useWords()
  return (
    <section className="pane" aria-label={w.customers.pick}>
      <Empty icon="users" text={w.customers.pick} hint={w.customers.pickHint} />
    </section>
  )
}

function More({ query }: { query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const w = useWords()
  if (!query.hasNextPage) return null
  return (
    <div className="pad">
      <button className="btn btn--sm btn--block" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {w.common.more}
      </button>
    </div>
  )
}

/** Where a person can reach the customer; the widget's own mark of a visitor is no such thing. */
export const reachable = (c: Customer) => (c.addresses ?? []).filter((a) => a.kind !== 'visitor')

function CustomerList({ chosen }: { chosen?: Id }) {
  const w = useWords()
  const f = useFormat()
  const called = useCalled()
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const query = useInfiniteQuery({ queryKey: ['customers', q], queryFn: ({ pageParam }) => api.customers(q, pageParam), initialPageParam: '', getNextPageParam: (p) => p.after || undefined, placeholderData: (b) => b })
  return (
    <>
      <div className="sec">
        <Field label={w.customers.find} placeholder={w.customers.find} icon="search" value={text} set={setText} />
      </div>
      <div className="side-scroll list-pad" tabIndex={-1}>
        <Fetched query={query} what={w.customers.what} rows={6}>
          {(data) => {
            const items = data.pages.flatMap((p) => p.items)
            if (items.length === 0) return q ? <Empty icon="search" text={w.customers.noCustomers} /> : <Empty icon="users" text={w.customers.noneYet} hint={w.customers.noneYetHint} />
            return (
              <ul>
                {items.map((c) => (
                  <li key={c.id}>
                    <Link className={`ibx${c.id === chosen ? ' is-sel' : ''}`} href={`/customers/${c.id}`} aria-current={c.id === chosen ? 'true' : undefined}>
                      <Avatar name={called(c)} size="md" />
                      <span className="col">
                        <span className="who ell">{called(c)}</span>
                        <span className="meta ell num">{reachable(c).map((a) => f.address(a.value)).join(' · ') || w.side.visitor}</span>
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            )
          }}
        </Fetched>
        <More query={query} />
      </div>
    </>
  )
}

function CaseList({ chosen }: { chosen?: Id }) {
  const w = useWords()
  const f = useFormat()
  const [text, setText] = useState('')
  const [state, setState] = useState<'open' | ''>('open')
  const q = useDeferredValue(text.trim())
  const query = useInfiniteQuery({
    queryKey: ['cases', q, state],
    queryFn: ({ pageParam }) => api.cases({ q, state: q ? '' : state, after: pageParam }),
    initialPageParam: '',
    getNextPageParam: (p) => p.after || undefined,
    placeholderData: (b) => b,
  })
  return (
    <>
      <div className="sec stack-2">
        <Field label={w.customers.findCase} placeholder={w.customers.findCase} icon="search" value={text} set={setText} />
        <Tabs
          as="seg"
          label={w.customers.state}
          chosen={state === '' ? 'all' : 'open'}
          choose={(k) => setState(k === 'all' ? '' : 'open')}
          tabs={[
            { key: 'open', text: w.customers.onlyOpen },
            { key: 'all', text: w.common.all },
          ]}
        />
      </div>
      <div className="side-scroll list-pad" tabIndex={-1}>
        <Fetched query={query} what={w.customers.what} rows={6}>
          {(data) => {
            const items = data.pages.flatMap((p) => p.items)
            if (items.length === 0) return <Empty icon="search" text={w.customers.noCases} />
            return (
              <ul>
                {items.map((c) => (
                  <li key={c.id}>
                    <Link className={`hit${c.id === chosen ? ' is-sel' : ''}`} href={`/cases/${c.id}`} aria-current={c.id === chosen ? 'true' : undefined}>
                      <span className="row">
                        <span className="meta num">#{c.number}</span>
                        <span className="med ell grow">{c.subject || w.inbox.noSubject}</span>
                        {c.last_activity_at && <time className="meta">{f.when(c.last_activity_at, serverNow())}</time>}
                      </span>
                      <span className="row">
                        <span className="meta ell grow">{c.customer_name || w.common.unknown}</span>
                        <StateChip c={c} />
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            )
          }}
        </Fetched>
        <More query={query} />
      </div>
    </>
  )
}

function StateChip({ c, large }: { c: Case; large?: boolean }) {
  const w = useWords()
  const open = c.state === 'open' || c.state === 'new'
  return (
    <Chip tone={open ? 'accent' : 'plain'} icon={open ? 'pen' : c.state === 'closed' || c.state === 'solved' ? 'check' : 'pause'} large={large}>
      {w.customers.states[c.state] ?? c.state}
    </Chip>
  )
}

/** An edit that someone else got ahead of brings what is there now, and says so. */
function useEdit<T extends { id: Id; rev: number }, B>(key: string, id: Id, run: (body: B, rev: number) => Promise<T>) {
  const client = useQueryClient()
  const edit = useMutation({
    mutationFn: (b: B) => run(b, (client.getQueryData([key, id]) as T | undefined)?.rev ?? 0),
    onSuccess: (fresh) => client.setQueryData([key, id], fresh),
    onSettled: () => void client.invalidateQueries({ queryKey: [`${key}s`] }),
    onError: (err) => {
      if (err instanceof Problem && err.status === 409) void client.invalidateQueries({ queryKey: [key, id] })
    },
  })
  const moved = edit.error instanceof Problem && edit.error.status === 409
  return { edit, moved }
}

function Moved() {
  const w = useWords()
  return (
    <div className="banner banner--warn" role="status">
      <Icon name="warn" />
      <span className="grow">{w.customers.moved}</span>
    </div>
  )
}

function CasePage({ id }: { id: Id }) {
  const w = useWords()
  const f = useFormat()
  const query = useQuery({ queryKey: ['case', id], queryFn: () => api.case(id) })
  const { edit, moved } = useEdit<Case, Partial<Case>>('case', id, (body, rev) => api.changeCase(id, body, rev))
  return (
    <section className="pane" aria-label={w.customers.cases}>
      <Fetched query={query} what={w.customers.cases} rows={5}>
        {(c) => (
          <>
            <div className="pane-head">
              <Link className="ibtn narrow-only" href="/cases" aria-label={w.thread.back}>
                <Icon name="left" />
              </Link>
              <div className="col grow">
                <h2 className="ell">{c.subject || w.inbox.noSubject}</h2>
                <span className="meta ell">
                  {w.thread.case(c.number)} · {c.customer && <Link href={`/customers/${c.customer}`}>{c.customer_name || w.side.customer}</Link>}
                </span>
              </div>
              {c.interaction && c.interaction !== '0' && <WhyButton id={c.interaction} />}
              <StateChip c={c} large />
              {c.interaction && c.interaction !== '0' && c.interaction_state !== 'finished' && (
                <Link className="btn btn--sm wide" href={`/${c.channel === 'email' ? 'email' : 'chat'}/${c.interaction}`}>
                  {w.customers.open}
                </Link>
              )}
              <WriteOn c={c} />
              <button className="btn btn--sm" disabled={edit.isPending} onClick={() => edit.mutate({ state: c.state === 'closed' ? 'open' : 'closed' })}>
                {c.state === 'closed' ? w.customers.reopen : w.customers.close}
              </button>
            </div>
            <div className="side-scroll" tabIndex={-1}>
              {(moved || edit.error) && <div className="pad">{moved ? <Moved /> : <Failure error={edit.error} />}</div>}
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
                      <dd>
                        {f.date(c.created_at)} <time>{f.clock(c.created_at)}</time>
                      </dd>
                    </>
                  )}
                  {c.last_activity_at && (
                    <>
                      <dt>{w.customers.changed}</dt>
                      <dd>
                        {f.date(c.last_activity_at)} <time>{f.clock(c.last_activity_at)}</time>
                      </dd>
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
              <Tasks case={c.id} customer={c.customer} />
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

function CustomerPage({ id }: { id: Id }) {
  const w = useWords()
  const f = useFormat()
  const called = useCalled()
  const query = useQuery({ queryKey: ['customer', id], queryFn: () => api.customer(id) })
  const cases = useQuery({ queryKey: ['cases', { customer: id }], queryFn: () => api.cases({ customer: id }) })
  const { edit, moved } = useEdit<Customer, Partial<Customer>>('customer', id, (body, rev) => api.changeCustomer(id, body, rev))
  const own = cases.data?.items ?? []
  return (
    <section className="pane" aria-label={w.side.customer}>
      <Fetched query={query} what={w.side.customer} rows={5}>
        {(c) => (
          <>
            <div className="pane-head">
              <Link className="ibtn narrow-only" href="/customers" aria-label={w.thread.back}>
                <Icon name="left" />
              </Link>
              <Avatar name={called(c)} size="md" />
              <div className="col grow">
                <h2 className="ell">{called(c)}</h2>
                <span className="meta">{c.company || w.side.known}</span>
              </div>
            </div>
            <div className="side-scroll" tabIndex={-1}>
              {(moved || edit.error) && <div className="pad">{moved ? <Moved /> : <Failure error={edit.error} />}</div>}
              <section className="sec">
                <div className="f2">
                  <Editable id="customer-name" label={w.customers.name} value={c.name} save={(name) => edit.mutate({ name })} />
                  <Editable id="customer-note" label={w.customers.note} value={c.note ?? ''} save={(note) => edit.mutate({ note })} />
                </div>
              </section>
              <section className="sec">
                <div className="sec-h">
                  <h3>{w.customers.addresses}</h3>
                </div>
                <ul className="stack-2">
                  {reachable(c).map((a) => (
                    <li className="row" key={a.kind + a.value}>
                      <span className="chan chan--sm">
                        <Icon name={a.kind === 'email' ? 'mail' : 'phone'} size={12} />
                      </span>
                      <span className="ell grow num">{f.address(a.value)}</span>
                      {a.kind === 'email' && (
                        <NewMail about={{ customer: c.id, to: [{ kind: 'email', value: a.value, name: called(c) }] }}>
                          {(write) => (
                            <button className="btn btn--xs" aria-label={w.mail.writeTo(a.value)} onClick={write}>
                              <Icon name="mail" size={12} />
                              {w.mail.write}
                            </button>
                          )}
                        </NewMail>
                      )}
                      {a.kind === 'phone' && (
                        <Link className="btn btn--xs" href={`/phone?number=${encodeURIComponent(a.value)}`} aria-label={w.customers.dial(f.address(a.value))}>
                          <Icon name="phone" size={12} />
                          {w.phone.dial}
                        </Link>
                      )}
                    </li>
                  ))}
                </ul>
              </section>
              <section className="sec">
                <div className="sec-h">
                  <h3>{w.customers.cases}</h3>
                </div>
                <Fetched query={cases} what={w.customers.cases} rows={2}>
                  {() => (
                    <ul>
                      {own.map((o) => (
                        <li key={o.id}>
                          <Link className="case" href={`/cases/${o.id}`}>
                            <span className="id">#{o.number}</span>
                            <span className="ell">{o.subject || w.inbox.noSubject}</span>
                            <StateChip c={o} />
                          </Link>
                        </li>
                      ))}
                      {own.length === 0 && <li className="meta">{w.customers.noCases}</li>}
                    </ul>
                  )}
                </Fetched>
              </section>
              {own[0] && (
                <section className="sec">
                  <div className="sec-h">
                    <h3>
                      {w.customers.timeline} · #{own[0].number}
                    </h3>
                  </div>
                  <Timeline case={own[0].id} limit={20} />
                </section>
              )}
              <Tasks customer={c.id} />
            </div>
          </>
        )}
      </Fetched>
    </section>
  )
}

/** A field that is saved when it is left, and only if it was changed. */
function Editable({ id, label, value, save }: { id: string; label: string; value: string; save: (v: string) => void }) {
  const [text, setText] = useState<string | null>(null)
  const leave = () => {
    if (text !== null && text !== value) save(text)
    setText(null)
  }
  return (
    <div className="f">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <Field id={id} label={label} value={text ?? value} set={setText} onBlur={leave} onKeyDown={(e) => e.key === 'Enter' && e.currentTarget.blur()} />
    </div>
  )
}
