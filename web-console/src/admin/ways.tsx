import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { admin, type Backfill } from '../api/admin'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Icon, type IconName } from '../ui/icon'
import { Bar, Chip, type Fetching } from '../ui/parts'
import { useKept } from './editing'
import { RowHead, Tabled } from './tabled'

// The ways in: where mail, chats and calls come from. They are set in the configuration; here is how they do.

function useQueueName() {
  const f = useFormat()
  const queues = useKept('queues').data?.items ?? []
  return (id: string) => f.label(queues.find((q) => q.id === id)?.name ?? {})
}

interface Listed<T> {
  title: string
  icon: IconName
  query: Fetching<{ items: T[] }>
  heads: string[]
  row: (t: T) => { id: string; name: string; cells: ReactNode[] }
}

function Ways<T>({ title, icon, query, heads, row }: Listed<T>) {
  const w = useWords()
  return (
    <Tabled
      title={title}
      lead={w.admin.waysLead}
      icon={icon}
      empty={w.admin.empty}
      heads={heads}
      query={query}
      items={query.data?.items.map(row) ?? []}
      row={(r) => (
        <tr key={r.id}>
          <RowHead>
            <span className="row">
              <Icon name={icon} />
              <span className="med">{r.name}</span>
            </span>
          </RowHead>
          {r.cells.map((c, i) => (
            <td key={heads[i + 1]}>{c}</td>
          ))}
        </tr>
      )}
    />
  )
}

export function Mailboxes() {
  const w = useWords()
  const f = useFormat()
  const queue = useQueueName()
  const query = useQuery({ queryKey: ['admin', 'mailboxes'], queryFn: admin.mailboxes, refetchInterval: 10_000 })
  return (
    <Ways
      title={w.admin.mailboxes}
      icon="mail"
      query={query}
      heads={[w.admin.address, w.board.queue, w.board.state, w.admin.readAt, w.admin.backfill, w.admin.servers]}
      row={(m) => ({
        id: m.id,
        name: m.address,
        cells: [
          queue(m.queue),
          m.problem ? (
            <Chip tone="crit" icon="alert">
              {m.problem}
            </Chip>
          ) : (
            <Chip tone={m.enabled ? 'ok' : 'plain'} icon={m.enabled ? 'check' : 'pause'}>
              {!m.enabled ? w.admin.inactive : m.behind > 0 ? w.admin.behind(m.behind) : w.admin.reading}
            </Chip>
          ),
          m.synced_at ? <time key="at">{f.when(m.synced_at, serverNow())}</time> : w.common.none,
          m.backfill ? <Old b={m.backfill} key="old" /> : w.common.none,
          [m.imap, m.smtp].filter(Boolean).join(' · '),
        ],
      })}
    />
  )
}

/** How far the mail that lay there before us has come in. */
function Old({ b }: { b: Backfill }) {
  const w = useWords()
  const f = useFormat()
  const all = b.done + b.left
  return (
    <span className="col old-mail">
      <span className="num">{b.left === 0 ? w.admin.backfilled(f.number(b.done)) : w.admin.backfilling(f.number(b.done), f.number(all))}</span>
      {b.left > 0 && <Bar share={all > 0 ? b.done / all : 0} />}
      <span className="meta">{w.admin.backfillSince(f.date(b.since))}</span>
    </span>
  )
}

export function Trunks() {
  const w = useWords()
  const f = useFormat()
  const queue = useQueueName()
  const query = useQuery({ queryKey: ['admin', 'trunks'], queryFn: admin.trunks })
  return <Ways title={w.admin.trunks} icon="phone" query={query} heads={[w.admin.name, w.phone.number2, w.board.queue, w.admin.sources]} row={(t) => ({ id: t.id, name: t.name, cells: [t.number ? f.address(t.number) : w.common.all, queue(t.queue), t.sources.join(', ') || w.common.none] })} />
}
