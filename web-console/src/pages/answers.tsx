import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { ChannelTimes, QueueTimes } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { Icon } from '../ui/icon'
import { channelIcon, Empty, Fetched } from '../ui/parts'

const told = (t: ChannelTimes) => t.first_responses + t.next_responses + t.resolved + t.handled + t.rated > 0

/** How long the customers of the house waited for answers and solutions today, for supervisors. */
export function Answers() {
  const w = useWords()
  const query = useQuery({ queryKey: ['house-statistics'], queryFn: api.houseStatistics, refetchInterval: 60_000 })
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items ?? []
  const nameOf = (t: QueueTimes) => queues.find((q) => q.id === t.queue)?.name ?? ''
  return (
    <section aria-label={w.analysis.answers}>
      <div className="tbl-h">
        <h2>{w.analysis.answers}</h2>
        <span className="sub">{w.analysis.answersLead}</span>
      </div>
      <Fetched query={query} what={w.analysis.answers} rows={3}>
        {({ channels, queues: by }) =>
          channels.some(told) ? (
            <div className="stack-2">
              <Times label={w.analysis.channel} rows={channels.filter(told).map((t) => ({ ...t, queue: '' }))} name={(t) => w.channel[t.channel]} />
              <Times label={w.board.queue} rows={by.filter(told)} name={(t) => [nameOf(t), w.channel[t.channel]].filter(Boolean).join(' · ')} />
            </div>
          ) : (
            <Empty icon="clock" text={w.analysis.empty} />
          )
        }
      </Fetched>
    </section>
  )
}

function Times({ label, rows, name }: { label: string; rows: QueueTimes[]; name: (t: QueueTimes) => string }) {
  const w = useWords()
  const f = useFormat()
  const time = (seconds: number | undefined) => (seconds === undefined ? w.common.none : f.wait(seconds * 1000))
  const share = (rate: number | undefined) => (rate === undefined ? w.common.none : f.percent(rate))
  const heads = [w.analysis.firstResponse, w.analysis.nextResponse, w.analysis.resolution, w.analysis.reopened, w.analysis.linked, w.analysis.csat]
  return (
    <div className="tbl-card" tabIndex={0} role="region" aria-label={label}>
      <table className="tbl">
        <thead>
          <tr>
            <th scope="col">{label}</th>
            {heads.map((h) => (
              <th scope="col" className="r" key={h}>
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((t) => (
            <tr key={`${t.queue}/${t.channel}`}>
              <th scope="row" className="row-h">
                <span className="row">
                  <Icon name={channelIcon[t.channel]} />
                  <span className="med">{name(t)}</span>
                </span>
              </th>
              <td className="r num">{time(t.first_response_s)}</td>
              <td className="r num">{time(t.next_response_s)}</td>
              <td className="r num">{time(t.resolution_s)}</td>
              <td className="r num">{share(t.reopen_rate)}</td>
              <td className="r num">{share(t.link_rate)}</td>
              <td className="r num">{t.csat === undefined ? w.common.none : w.analysis.csatOf(f.number(Math.round(t.csat * 10) / 10), t.rated)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
