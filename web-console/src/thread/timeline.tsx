import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { api } from '../api/client'
import type { ArticleCard, CallSummary, Entry, Happening, Id, Mail, Recording } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { short } from '../i18n/format'
import { serverNow } from '../live/clock'
import { Icon, type IconName } from '../ui/icon'
import { Fetched } from '../ui/parts'
import { parted } from './quoted'

const Whole = lazy(() => import('./entries').then((m) => ({ default: m.One })))

export const useTimeline = (of: Id) => useQuery({ queryKey: ['case', of, 'timeline'], queryFn: () => api.timeline(of), enabled: of !== '' && of !== '0' })

/** What has happened in a case over all channels, the newest first; where all of it stands, mails are read and recordings heard there, too: some are offered to nobody. */
export function Timeline({ case: of, limit }: { case: Id; limit?: number }) {
  const w = useWords()
  const query = useTimeline(of)
  return (
    <Fetched query={query} what={w.side.timeline} rows={2}>
      {(page) => {
        const entries = headsOf(page.items).slice(0, limit)
        if (entries.length === 0) return <p className="meta">{w.side.noTimeline}</p>
        return (
          <ul>
            {entries.map((e) => (
              <Item key={`${e.conversation}/${e.pos}`} e={e} readable={!limit} />
            ))}
          </ul>
        )
      }}
    </Fetched>
  )
}

const spoken = new Set<Entry['kind']>(['message', 'article', 'file'])

/** The newest first; of a chat only its last line, since the thread holds the rest, and of events those that name another case. */
export function headsOf(entries: Entry[]): Entry[] {
  const chats = new Set<Id>()
  return entries
    .filter((e) => e.kind !== 'event' || (e.body as Happening | undefined)?.case)
    .sort((a, b) => b.at.localeCompare(a.at) || b.pos - a.pos)
    .filter((e) => {
      if (!spoken.has(e.kind)) return true
      const first = !chats.has(e.conversation)
      chats.add(e.conversation)
      return first
    })
}

const icons: Record<Entry['kind'], IconName> = { message: 'chat', mail: 'mail', note: 'lock', article: 'book', event: 'info', call: 'phone', recording: 'voicemail', file: 'clip' }

function Item({ e, readable }: { e: Entry; readable: boolean }) {
  const f = useFormat()
  const { title, second } = useSummary(e)
  const [reading, setReading] = useState(false)
  return (
    <li className="tl">
      <span className="chan chan--sm">
        <Icon name={icons[e.kind] ?? 'info'} size={12} />
      </span>
      {readable && (e.kind === 'mail' || e.kind === 'recording') ? (
        <button className="t1 ell plain" aria-expanded={reading} onClick={() => setReading(!reading)}>
          {title}
        </button>
      ) : (
        <span className="t1 ell">{title}</span>
      )}
      <time className="meta">{f.when(e.at, serverNow())}</time>
      {reading ? (
        <div className="tl-whole">
          <Suspense>
            <Whole e={e} name={e.author.name ?? ''} open fresh={false} />
          </Suspense>
        </div>
      ) : (
        <span className="t2 ell">{second}</span>
      )}
    </li>
  )
}

function useSummary(e: Entry): { title: string; second: string } {
  const w = useWords()
  const f = useFormat()
  const who = e.author.name ?? ''
  const from = [who, parted(e).own].filter(Boolean).join(' · ')
  const regrouped = e.kind === 'event' ? (e.body as Happening | undefined) : undefined
  if (regrouped?.case) return { title: w.regroup.events[regrouped.what]?.(regrouped.number ?? '') ?? e.text, second: who }
  switch (e.kind) {
    case 'mail':
      return { title: `${w.channel.email}: ${(e.body as Mail | undefined)?.subject ?? ''}`, second: from }
    case 'call': {
      const c = e.body as CallSummary
      return { title: c.talk_ms > 0 ? w.thread.call(short(c.talk_ms)) : c.failure ? w.lines.failures[c.failure](f.address(c.to)) : w.thread.callMissed, second: [who, c.outbound ? w.thread.callOut(f.address(c.to)) : w.thread.callIn(f.address(c.from))].filter(Boolean).join(' · ') }
    }
    case 'recording':
      return { title: `${w.channel.voicemail} ${short((e.body as Recording).duration_ms)}`, second: who }
    case 'article':
      return { title: (e.body as ArticleCard | undefined)?.title ?? e.text, second: who }
    case 'note':
      return { title: w.composer.note, second: from }
    case 'event': {
      const h = e.body as Happening | undefined
      return { title: (h && w.thread.events[h.what]?.(who, h)) ?? (e.text || (h?.what ?? '')), second: who }
    }
    default:
      return { title: w.channel[e.channel] ?? '', second: from }
  }
}
