import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../api/client'
import type { Case, Id, InteractionView } from '../api/types'
import { AskPage } from '../collaborate'
import { useFormat, useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { useCaseTitle } from '../inbox/case-title'
import { useWho } from '../inbox/who'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Avatar, Badge, Chip, Fetched } from '../ui/parts'
import { sendArticle } from './composer'
import { FaqBox } from './faq-box'
import { Foreign } from './slash'
import { useSpoken, useSuggestions } from './spoken'
import { Tasks } from './tasks'
import { Timeline } from './timeline'
import { Visiting } from './visiting'
import { WrapUp } from './wrap-up'

/** The right panel: who the customer is, or, once the customer has left, what is still to be done. */
export function Side({ interaction: i, close }: { interaction: InteractionView; close: () => void }) {
  const me = useMe()
  return i.state === 'wrap_up' && i.agent === me.agent ? <WrapUp i={i} close={close} /> : <Customer i={i} close={close} />
}

function Customer({ i, close }: { i: InteractionView; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const name = useWho()(i)
  const canCard = mayDo(i, 'article', me.agent)
  return (
    <>
      <div className="pane-head">
        <Avatar name={name} size="md" />
        <div className="col grow">
          <h2 className="ell">
            <Link className="plain" href={`/customers/${i.customer}`}>
              {name}
            </Link>
          </h2>
          <Known customer={i.customer} />
        </div>
        <button className="ibtn drawer-only" aria-label={w.common.close} onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      <div className="side-scroll">
        <Facts i={i} />
        {i.channel === 'chat' && <Visiting i={i} />}
        <AskPage i={i} />
        <Cases i={i} />
        <section className="sec">
          <div className="sec-h">
            <h3 className="grow">{w.side.timeline}</h3>
            <Link className="btn btn--xs btn--quiet" href={`/customers/${i.customer}`}>
              {w.common.all}
            </Link>
          </div>
          <Timeline case={i.case} limit={4} />
        </section>
        {canCard && <Suggestions i={i} />}
        {canCard && (
          <section className="sec">
            <FaqBox i={i} />
          </section>
        )}
        <Tasks case={i.case} customer={i.customer} />
      </div>
    </>
  )
}

export const useCustomer = (id: Id) => useQuery({ queryKey: ['customer', id], queryFn: () => api.customer(id), enabled: id !== '' && id !== '0' })

function Known({ customer }: { customer: Id }) {
  const w = useWords()
  const { data } = useCustomer(customer)
  const stranger = !data?.name && (data?.addresses ?? []).every((a) => a.kind === 'visitor') // nobody can be reached there
  if (!data || (stranger && !data.company)) return null
  return <span className="meta ell">{data.company || w.side.known}</span>
}

function Facts({ i }: { i: InteractionView }) {
  const w = useWords()
  const f = useFormat()
  const { data } = useCustomer(i.customer)
  const addresses = data?.addresses ?? []
  const of = (kind: string) => addresses.filter((a) => a.kind === kind)
  const language = data?.language as keyof typeof w.common.language | undefined
  return (
    <section className="sec">
      <dl className="kv">
        {of('phone').map((a) => (
          <Fact key={a.value} name={w.side.phone}>
            <Link className="num" href={`/phone?number=${encodeURIComponent(a.value)}`}>
              {f.address(a.value)}
            </Link>
          </Fact>
        ))}
        {of('email').map((a) => (
          <Fact key={a.value} name={w.side.email}>
            <a href={`mailto:${a.value}`}>{a.value}</a>
          </Fact>
        ))}
        {addresses.length === 0 && i.customer_address && i.channel !== 'chat' && <Fact name={i.channel === 'email' ? w.side.email : w.side.phone}>{f.address(i.customer_address)}</Fact>}
        {language && <Fact name={w.side.language}>{w.common.language[language] ?? language}</Fact>}
        {i.queue_name && <Fact name={w.phone.queue}>{i.queue_name}</Fact>}
      </dl>
    </section>
  )
}

export function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

export const caseState = (states: Record<string, string>, c: Case) => states[c.state] ?? c.state

function Cases({ i }: { i: InteractionView }) {
  const w = useWords()
  const title = useCaseTitle()
  const query = useQuery({ queryKey: ['cases', { customer: i.customer }], queryFn: () => api.cases({ customer: i.customer }), enabled: i.customer !== '0' })
  const open = (query.data?.items ?? []).filter((c) => c.state !== 'closed')
  return (
    <section className="sec">
      <div className="sec-h">
        <h3 className="grow">{w.side.cases}</h3>
        <Badge count={open.length} />
      </div>
      <Fetched query={query} what={w.side.cases} rows={1}>
        {() => (
          <ul>
            {open.map((c) => (
              <li key={c.id}>
                <Link className={`case${c.id === i.case ? ' is-here' : ''}`} href={`/cases/${c.id}`}>
                  <span className="id">#{c.number}</span>
                  <span className={`ell${c.id === i.case ? ' med' : ''}`}>{title(c)}</span>
                  {c.id === i.case ? <Chip tone="accent">{w.side.here}</Chip> : <Chip>{caseState(w.customers.states, c)}</Chip>}
                </Link>
              </li>
            ))}
            {open.length === 0 && <li className="meta">{w.side.noCases}</li>}
          </ul>
        )}
      </Fetched>
    </section>
  )
}

function Suggestions({ i }: { i: InteractionView }) {
  const w = useWords()
  const f = useFormat()
  const language = useSpoken(i)
  const items = (useSuggestions(i).data?.items ?? []).slice(0, 3)
  return (
    <section className="sec">
      <div className="sec-h">
        <h3 className="grow">{w.side.suggestions}</h3>
        <span className="meta">{w.side.suggestionsFrom}</span>
      </div>
      <ul>
        {items.map((a) => (
          <li className="sugg" key={a.id}>
            <div className="col grow">
              <Link className="ell med plain" href={`/knowledge/${a.id}`}>
                {a.title}
              </Link>
              <span className="meta num ell">{[a.score !== undefined && a.score <= 1 ? w.side.match(f.percent(a.score)) : '', a.shortcut && `/${a.shortcut.replace(/^\//, '')}`].filter(Boolean).join(' · ')}</span>
            </div>
            <Foreign a={a} language={language} />
            <button className="btn btn--xs" onClick={() => sendArticle(i, a, language)}>
              {w.side.insert}
            </button>
          </li>
        ))}
        {items.length === 0 && <li className="meta">{w.side.noSuggestions}</li>}
      </ul>
    </section>
  )
}
