import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api } from '../api/client'
import type { Customer, Id } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useCaseTitle } from '../inbox/case-title'
import { serverNow } from '../live/clock'
import { useMe } from '../session'
import { NewMail } from '../thread/new-mail'
import { Tasks } from '../thread/tasks'
import { Timeline } from '../thread/timeline'
import { Field, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Avatar, Empty, Failure, Fetched } from '../ui/parts'
import { CasePage, StateChip } from './case'
import { Moved, useEdit } from './edit'

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
  const title = useCaseTitle()
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
                        <span className="med ell grow">{title(c)}</span>
                        {c.last_activity_at && <time className="meta">{f.when(c.last_activity_at, serverNow())}</time>}
                      </span>
                      <span className="row">
                        <span className="meta ell grow">{c.customer_name || (c.channel === 'chat' ? w.side.visitor : w.common.unknown)}</span>
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

function CustomerPage({ id }: { id: Id }) {
  const w = useWords()
  const title = useCaseTitle()
  const f = useFormat()
  const called = useCalled()
  const supervises = useMe().role !== 'agent'
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
                  {supervises && <Editable id="customer-credit" label={w.customers.credit} value={String(c.credit ?? 0)} save={(s) => /^-?\d+$/.test(s.trim()) && edit.mutate({ credit: Number(s) })} />}
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
                            <span className="ell">{title(o)}</span>
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
