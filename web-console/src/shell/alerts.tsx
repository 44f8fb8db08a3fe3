import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '../api/client'
import type { Alert } from '../api/types'
import { useWords } from '../i18n'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { channelIcon, FullSince } from '../ui/parts'

/** What the floor tells supervisors and still goes on, newest first; an agent asks for nothing. */
export function useAlerts(): Alert[] {
  const supervises = useMe().role !== 'agent'
  const { data } = useQuery({ queryKey: ['alerts'], queryFn: api.alerts, enabled: supervises, refetchInterval: 15_000 })
  return data?.items ?? []
}

function useAlertText(): (a: Alert) => string {
  const w = useWords()
  return (a) => w.alerts.kinds[a.kind](a.customer_name || w.alerts.somebody, a.queue_name, a.agent_name ?? '')
}

/** One line for the newest alert and how many there are. Closed, it comes back with the next one. */
export function AlertStrip() {
  const w = useWords()
  const text = useAlertText()
  const alerts = useAlerts()
  const [seen, setSeen] = useState<string>()
  const first = alerts[0]
  if (!first || first.id === seen) return null
  return (
    <div className="topbar topbar--crit" role="status">
      <Icon name="alert" />
      <span className="grow">
        {text(first)}
        {alerts.length > 1 && ` ${w.alerts.more(alerts.length - 1)}`}
      </span>
      <Link className="btn btn--xs" href="/status">
        {w.alerts.show}
      </Link>
      <button className="btn btn--xs" onClick={() => setSeen(first.id)}>
        {w.strip.dismiss}
      </button>
    </div>
  )
}

/** The open alerts on the board, each with the way to its case. */
export function AlertList() {
  const w = useWords()
  const text = useAlertText()
  const alerts = useAlerts()
  if (alerts.length === 0) return null
  return (
    <section aria-label={w.alerts.title}>
      <div className="tbl-h">
        <h2 className="grow">{w.alerts.count(alerts.length)}</h2>
      </div>
      <div className="tbl-card" tabIndex={0}>
        <table className="tbl">
          <thead>
            <tr>
              <th scope="col">{w.alerts.what}</th>
              <th scope="col">{w.alerts.kase}</th>
              <th scope="col" className="r">
                {w.alerts.since}
              </th>
            </tr>
          </thead>
          <tbody>
            {alerts.map((a) => (
              <tr key={a.id}>
                <th scope="row" className="row-h">
                  <span className="row">
                    <Icon name={channelIcon[a.channel]} />
                    {text(a)}
                  </span>
                </th>
                <td>{a.case_number ? <Link href={`/cases/${a.case}`}>#{a.case_number}</Link> : w.common.none}</td>
                <td className="r">
                  <FullSince at={a.at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
