import { memo } from 'react'
import { Link } from 'wouter'
import type { ArticleCard, Attachment, CallSummary, Entry, Happening, Id, Recording } from '../api/types'
import { fileURL } from '../api/client'
import { useFormat, useWords } from '../i18n'
import { short } from '../i18n/format'
import { useLive } from '../live/hub'
import type { Log, Pending } from '../live/log'
import { useAgentName } from '../live/names'
import { discard, retry } from '../live/outbox'
import { useMe } from '../session'
import { Guard } from '../ui/guard'
import { Icon, type IconName } from '../ui/icon'
import { Avatar } from '../ui/parts'
import { Player } from '../ui/player'
import { MailEntry } from './mail'

/** Everything of a conversation in its order, with lines of one person close together. */
export function Entries({ conversation, log, name, mail, met }: { conversation: Id; log: Log; name: string; mail: boolean; met: number }) {
  const blocks = blocksOf(log.entries)
  const read = useLive((l) => l.read[conversation] ?? 0)
  const theirs = (e: Entry) => e.kind === 'mail' && e.author.kind === 'customer'
  const newest = log.entries.findLast((e) => theirs(e) && e.pos <= met)?.pos
  return (
    <>
      {blocks.map((b) => (
        <Guard key={b.kind === 'lines' ? b.entries[0]!.pos : b.entry.pos}>
          {b.kind === 'lines' ? (
            <Lines entries={b.entries} name={name} read={read} />
          ) : (
            <One e={b.entry} name={name} open={b.entry.pos === newest} fresh={theirs(b.entry) && b.entry.pos > met} />
          )}
        </Guard>
      ))}
      {log.pending.map((p) => (
        <Unsent key={p.client_id} p={p} mail={mail} />
      ))}
    </>
  )
}

type Block = { kind: 'lines'; entries: Entry[] } | { kind: 'one'; entry: Entry }

const spoken = (e: Entry) => e.kind === 'message' || e.kind === 'article' || e.kind === 'file'
const nearby = 5 * 60_000 // ms within which lines of one author share a name and a time

export function blocksOf(entries: Entry[]): Block[] {
  const blocks: Block[] = []
  for (const e of entries) {
    const before = blocks.at(-1)
    const head = before?.kind === 'lines' ? before.entries : undefined
    const previous = head?.at(-1)
    const same = previous && previous.author.kind === e.author.kind && previous.author.id === e.author.id && Date.parse(e.at) - Date.parse(previous.at) < nearby
    if (spoken(e) && same) head!.push(e)
    else if (spoken(e)) blocks.push({ kind: 'lines', entries: [e] })
    else blocks.push({ kind: 'one', entry: e })
  }
  return blocks
}

interface LinesProps {
  entries: Entry[]
  name: string
  read: number
}

/** Nothing of it is another: a line that comes draws itself only. */
const unchanged = (a: LinesProps, b: LinesProps) => a.name === b.name && a.read === b.read && a.entries.length === b.entries.length && a.entries.every((e, i) => e === b.entries[i])

const Lines = memo(function Lines({ entries, name, read }: LinesProps) {
  const f = useFormat()
  const w = useWords()
  const me = useMe()
  const first = entries[0]!
  const end = entries.at(-1)!
  const ours = first.author.kind !== 'customer'
  const stack = (
    <div className="stack">
      {entries.map((e) => (
        <Said key={e.pos} e={e} />
      ))}
    </div>
  )
  if (ours) {
    const other = first.author.id !== me.agent && first.author.name
    return (
      <div className="msg msg--me">
        {other && (
          <div className="by">
            <b>{first.author.name}</b>
          </div>
        )}
        {stack}
        <div className="receipt t-3">
          <time>{f.clock(end.at)}</time> · <Icon name={read >= end.pos ? 'checks' : 'check'} size={12} />
          {read >= end.pos ? w.thread.read : w.thread.sent}
        </div>
      </div>
    )
  }
  const who = first.author.name || name
  return (
    <div className="msg">
      <div className="by">
        <b>{who}</b>
        <time>{f.clock(first.at)}</time>
      </div>
      <Avatar name={who} />
      {stack}
    </div>
  )
}, unchanged)

const Said = memo(function Said({ e }: { e: Entry }) {
  if (e.kind === 'article') return <Card card={e.body as ArticleCard} />
  if (e.kind === 'file') return <File e={e} a={e.body as Attachment} />
  return <div className="bub" lang={e.language}>{e.text}</div>
})

export function Card({ card }: { card: ArticleCard }) {
  const w = useWords()
  return (
    <a className="faq" href={card.url} target="_blank" rel="noreferrer" title={w.thread.readMore}>
      <span className="chan">
        <Icon name="book" />
      </span>
      <span className="ttl ell" lang={card.language}>{card.title}</span>
      <span className="txt ell" lang={card.language}>{card.snippet}</span>
      <span className="lnk">
        <span className="ell">{card.url.replace(/^https?:\/\//, '')}</span> <Icon name="ext" size={12} />
      </span>
    </a>
  )
}

export function File({ e, a }: { e: Entry; a: Attachment }) {
  const f = useFormat()
  return (
    <a className="att" href={fileURL(e, a.blob)} target="_blank" rel="noreferrer" download={a.name}>
      <span className="thumb">
        <Icon name={a.type.startsWith('image/') ? 'image' : 'file'} />
      </span>
      <span className="col">
        <span className="med ell">{a.name}</span>
        <span className="meta">{f.size(a.size)}</span>
      </span>
    </a>
  )
}

/** What is no line of a chat, whole. */
export const One = memo(function One({ e, name, open, fresh }: { e: Entry; name: string; open: boolean; fresh: boolean }) {
  switch (e.kind) {
    case 'mail':
      return <MailEntry e={e} name={name} open={open} fresh={fresh} />
    case 'note':
      return <Note e={e} />
    case 'recording':
      return <Sound e={e} />
    case 'call':
      return <CallEntry e={e} />
    default:
      return (e.body as Happening | undefined)?.case ? <RegroupEntry e={e} /> : <EventEntry e={e} />
  }
})

function Note({ e }: { e: Entry }) {
  const w = useWords()
  const f = useFormat()
  return (
    <div className="note" role="note">
      <Icon name="lock" />
      <div>
        <span className="meta">
          <b>{e.author.name}</b> · {w.thread.note} · <time>{f.clock(e.at)}</time>
        </span>
        <div className="said" lang={e.language}>
          <Mentions text={e.text} />
        </div>
      </div>
    </div>
  )
}

/** Colleagues who are named in a note stand out. */
const Mentions = ({ text }: { text: string }) =>
  text.split(/(@\p{L}[\p{L}\p{N}_-]*)/u).map((part, i) =>
    i % 2 ? (
      <span className="mention" key={i}>
        {part}
      </span>
    ) : (
      part
    ),
  )

const eventIcon: Record<string, IconName> = { joined: 'okc', accepted: 'okc', transferred: 'fwd', handed_over: 'fwd', ended: 'x', left: 'x', finished: 'check', reconnecting: 'clock', rated: 'star', transcript: 'mail', continued: 'mail', call_due: 'phone', call_off: 'x' }

function EventEntry({ e }: { e: Entry }) {
  const w = useWords()
  const f = useFormat()
  const agentName = useAgentName()
  const h = e.body as Happening | undefined
  const say = h && w.thread.events[h.what]
  const text = say ? say(agentName(h.agent) || e.author.name || w.common.unknown, h) : e.text || h?.what
  const comment = h?.what === 'rated' && e.text.replace(/^[★☆]+\s*/, '') // beside the stars, which the words say
  return (
    <div className="event">
      <Icon name={eventIcon[h?.what ?? ''] ?? 'info'} size={12} />
      {text} {comment && <q>{comment}</q>} <time>{f.clock(e.at)}</time>
    </div>
  )
}

/** Another case became a part of this one, or a part became another. */
function RegroupEntry({ e }: { e: Entry }) {
  const w = useWords()
  const f = useFormat()
  const h = e.body as Happening
  const text = w.regroup.events[h.what]?.(h.number ?? '') ?? e.text
  return (
    <div className="event">
      <Icon name={h.what === 'merged' ? 'merge' : 'swap'} size={12} />
      {h.what === 'split' ? <Link href={`/cases/${h.case}`}>{text}</Link> : text} <time>{f.clock(e.at)}</time>
    </div>
  )
}

function CallEntry({ e }: { e: Entry }) {
  const w = useWords()
  const f = useFormat()
  const c = e.body as CallSummary
  const how = c.outbound ? w.thread.callOut(f.address(c.to)) : w.thread.callIn(f.address(c.from))
  return (
    <div className="event-card">
      <span className="chan">
        <Icon name={c.outbound ? 'outr' : 'inr'} />
      </span>
      <div className="col grow">
        <span className="med">{c.talk_ms > 0 ? w.thread.call(short(c.talk_ms)) : c.failure ? w.lines.failures[c.failure](f.address(c.to)) : w.thread.callMissed}</span>
        <span className="meta">
          {how} · {w.thread.waited(short(c.wait_ms))}
        </span>
      </div>
      <time className="meta">{f.clock(e.at)}</time>
    </div>
  )
}

function Sound({ e }: { e: Entry }) {
  const w = useWords()
  const f = useFormat()
  const r = e.body as Recording
  const title = e.channel === 'voicemail' ? w.channel.voicemail : w.thread.recording
  return (
    <div className="event-card">
      <span className="chan">
        <Icon name="voicemail" />
      </span>
      <div className="col grow">
        <span className="med">{title}</span>
        <Player src={fileURL(e, r.blob)} ms={r.duration_ms} name={title} />
      </div>
      <time className="meta">{f.clock(e.at)}</time>
    </div>
  )
}

/** Ours, not yet with the server: it says what becomes of it. */
function Unsent({ p, mail }: { p: Pending; mail: boolean }) {
  const w = useWords()
  const refused = p.state === 'refused'
  return (
    <div className={`msg msg--me${mail ? ' msg--wide' : ''}`}>
      <div className="stack">
        {p.kind === 'article' && p.body ? <Card card={p.body} /> : <div className={`bub${p.kind === 'note' ? ' bub--note' : ''}`}>{p.kind === 'file' && <Icon name="clip" size={12} />} {p.text}</div>}
      </div>
      <div className={`receipt${refused ? ' t-crit' : ''}`}>
        <Icon name={refused ? 'alert' : 'clock'} size={12} />
        {refused ? w.thread.unsent : p.state === 'waiting' ? w.thread.waiting : w.thread.sending}
        {refused && p.problem && ` · ${p.problem}`}
        {refused && (
          <>
            <button className="link" onClick={() => retry(p.client_id)}>
              {w.common.retry}
            </button>
            <button className="link" onClick={() => discard(p.client_id)}>
              {w.thread.discard}
            </button>
          </>
        )}
      </div>
    </div>
  )
}
