import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Candidate, Decision, Explanation, Id, Offered } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useCodeName } from '../live/codes'
import { useAgentName } from '../live/names'
import { Dialog } from '../ui/dialog'
import { Icon } from '../ui/icon'
import { Chip, Empty, Fetched } from '../ui/parts'

/** Why an interaction was offered to whom: each offer with everybody who was looked at, also after its end. */
export function Why({ id, close }: { id: Id; close: () => void }) {
  const w = useWords()
  const f = useFormat()
  const query = useQuery({ queryKey: ['interaction', id, 'why'], queryFn: () => api.why(id) })
  return (
    <Dialog title={w.why.title} close={close} className="dialog--tall dialog--wide">
      <div className="side-scroll pad" tabIndex={0} role="region" aria-label={w.why.title}>
        <Fetched query={query} what={w.why.what} rows={5}>
          {(r) => (
            <>
              {r.now && <Moment title={w.why.now} e={r.now} offers={[]} />}
              {r.decisions.map((d) => (
                <Moment key={`${d.at} ${d.offer_no ?? 0}`} title={d.offer_no ? w.why.offer(d.offer_no, f.exact(d.at)) : w.why.vain(f.exact(d.at))} e={d} offers={d.offers} />
              ))}
              {!r.now && r.decisions.length === 0 && <Empty icon="clock" text={w.why.none} />}
            </>
          )}
        </Fetched>
      </div>
    </Dialog>
  )
}

const order = (c: Candidate) => (c.chosen ? 0 : c.free ? 1 : 2)

function Moment({ title, e, offers }: { title: string; e: Explanation | Decision; offers: Offered[] }) {
  const w = useWords()
  const name = useAgentName()
  const queue = (useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items ?? []).find((q) => q.id === e.queue)?.name ?? ''
  const strategy = (w.admin.strategies as Record<string, string>)[e.strategy] ?? e.strategy
  const candidates = [...(e.candidates ?? [])].sort((a, b) => order(a) - order(b))
  const outcomes = w.why.outcomes as Record<string, string>
  const causes = w.why.causes as Record<string, string>
  const codeName = useCodeName()
  return (
    <section className="why" aria-label={title}>
      <div className="sec-h">
        <h3 className="grow">{title}</h3>
        <span className="meta">{[queue, strategy].filter(Boolean).join(' · ')}</span>
      </div>
      {offers.map((o) => (
        <p className="row row-1" key={o.agent}>
          <Icon name={o.outcome === 'accepted' ? 'check' : 'info'} size={12} />
          {[name(o.agent), o.outcome && outcomes[o.outcome]].filter(Boolean).join(' ')}
          {o.cause && `: ${causes[o.cause] ?? codeName(o.cause)}`}
        </p>
      ))}
      {candidates.length > 0 ? (
        <div className="tbl-card">
          <table className="tbl">
            <thead>
              <tr>
                <th scope="col">{w.why.agent}</th>
                <th scope="col">{w.board.state}</th>
                <th scope="col">{w.why.because}</th>
              </tr>
            </thead>
            <tbody>
              {candidates.map((c) => (
                <tr key={c.agent} className={c.chosen ? 'is-sel' : undefined}>
                  <th scope="row" className="row-h">
                    {name(c.agent) || c.agent}
                  </th>
                  <td>{c.chosen ? <Chip tone="ok" icon="check">{w.why.chosen}</Chip> : <Chip icon={c.free ? 'clock' : 'x'}>{c.free ? w.why.free : w.why.not}</Chip>}</td>
                  <td className="sub" title={c.words}>
                    {w.why.rules[c.rule] ?? c.words}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p className="hint">{w.why.named}</p>
      )}
      {e.strangers > 0 && <p className="hint">{w.why.strangers(e.strangers)}</p>}
    </section>
  )
}
