import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Channel, Figures as Day } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { figure } from '../i18n/format'
import { useMe } from '../session'
import { Icon, type IconName } from '../ui/icon'
import { Bar, channelIcon, Empty, Fetched } from '../ui/parts'
import { Answers } from './answers'

/** The agent's own figures of the day, and for supervisors how long the house's customers waited. */
export function Analysis() {
  const w = useWords()
  const supervises = useMe().role !== 'agent'
  const query = useQuery({ queryKey: ['statistics'], queryFn: api.statistics, refetchInterval: 60_000 })
  return (
    <main className="sheet">
      <div className="board" tabIndex={0} role="region" aria-label={w.analysis.title}>
        <div className="board-h">
          <h1>{w.analysis.title}</h1>
          <span className="sub">{w.analysis.lead}</span>
        </div>
        <Fetched query={query} what={w.analysis.what} rows={4}>
          {(s) => <Figures s={s} />}
        </Fetched>
        {supervises && <Answers />}
      </div>
    </main>
  )
}

function Figures({ s }: { s: Day }) {
  const w = useWords()
  const f = useFormat()
  const counts = Object.entries(s.handled) as [Channel, number][]
  const time = (seconds: number | undefined) => (seconds === undefined ? '–' : figure(seconds * 1000))
  const tiles: { icon: IconName; label: string; figure: string; unit?: string; foot: string }[] = [
    { icon: 'okc', label: w.analysis.handled, figure: f.number(s.handled_today), foot: w.analysis.sinceMidnight },
    { icon: 'clock', label: w.analysis.aht, figure: time(s.aht_s), foot: w.analysis.perItem },
    { icon: 'phone', label: w.analysis.talk, figure: time(s.talk_s), foot: w.analysis.sinceMidnight },
    { icon: 'pulse', label: w.analysis.occupancy, figure: s.occupancy === undefined ? '–' : String(Math.round(s.occupancy * 100)), unit: s.occupancy === undefined ? undefined : '%', foot: w.analysis.ofTime },
    { icon: 'alert', label: w.analysis.missed, figure: f.number(s.missed), foot: w.analysis.ofOffers(s.offered) },
    { icon: 'x', label: w.analysis.declined, figure: f.number(s.declined), foot: w.analysis.ofOffers(s.offered) },
  ]
  return (
    <>
      <div className="tiles">
        {tiles.map((t) => (
          <div className="tile" key={t.label}>
            <span className="lab">
              <Icon name={t.icon} />
              {t.label}
            </span>
            <span className="fig">
              {t.figure}
              {t.unit && <small> {t.unit}</small>}
            </span>
            <span className="foot">{t.foot}</span>
          </div>
        ))}
      </div>
      {s.handled_today === 0 ? <Empty icon="chart" text={w.analysis.empty} /> : <ByChannel counts={counts} handled={s.handled_today} />}
    </>
  )
}

function ByChannel({ counts, handled }: { counts: [Channel, number][]; handled: number }) {
  const w = useWords()
  const f = useFormat()
  return (
    <section aria-label={w.analysis.byChannel}>
      <div className="tbl-h">
        <h2>{w.analysis.byChannel}</h2>
      </div>
      <div className="tbl-card" tabIndex={0}>
        <table className="tbl">
          <thead>
            <tr>
              <th scope="col">{w.analysis.channel}</th>
              <th scope="col" className="r">
                {w.analysis.count}
              </th>
              <th scope="col" className="r">
                {w.analysis.share}
              </th>
            </tr>
          </thead>
          <tbody>
            {counts.map(([c, n]) => (
              <tr key={c}>
                <th scope="row" className="row-h">
                  <span className="row">
                    <Icon name={channelIcon[c]} />
                    <span className="med">{w.channel[c]}</span>
                  </span>
                </th>
                <td className="r">{f.number(n)}</td>
                <td className="r">
                  <span className="sl">
                    <Bar share={n / handled} />
                    {f.percent(n / handled)}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
