import { useMutation } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Address, Authentication, Mail, Outbound } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Icon } from '../ui/icon'
import { Chip, Failure } from '../ui/parts'

// What stands around a mail: who got it and what became of it there, and what servers on the way said of its sender.

const tones = { queued: 'plain', sending: 'plain', sent: 'ok', deferred: 'warn', failed: 'crit', cancelled: 'plain', unknown: 'warn' } as const
const icons = { queued: 'clock', sending: 'clock', sent: 'check', deferred: 'clock', failed: 'alert', cancelled: 'x', unknown: 'clock' } as const

/** How far a mail has come, to all or to one. */
function DeliveryChip({ state, why, text }: { state: Outbound['state']; why?: string; text?: string }) {
  const w = useWords()
  return (
    <span title={why} className="nowrap">
      <Chip tone={tones[state]} icon={icons[state]}>
        {text ?? w.mail.states[state]}
      </Chip>
    </span>
  )
}

/** How far it has come as a whole; of one that reached some only, whom it did not reach. */
export function Delivery({ out }: { out: Outbound }) {
  const w = useWords()
  const f = useFormat()
  const list = out.recipients ?? []
  const failed = list.filter((r) => r.state === 'failed').length
  const later = out.state === 'queued' && out.send_at && Date.parse(out.send_at) > serverNow() ? w.mail.leaves(`${f.date(out.send_at)} ${f.clock(out.send_at)}`) : undefined
  return <DeliveryChip state={out.state} why={out.response} text={failed > 0 && failed < list.length ? w.mail.failedAt(failed, list.length) : later} />
}

/** Takes a mail back that has not left; what became of it the next frame tells. */
export function TakeBack({ out }: { out: Outbound }) {
  const w = useWords()
  const back = useMutation({ mutationFn: () => api.cancelMail(out.conversation, out.pos) })
  return (
    <>
      {back.error && <Failure error={back.error} />}
      <span className="row">
        <button className="btn btn--sm" disabled={back.isPending} onClick={() => back.mutate()}>
          <Icon name="x" />
          {w.mail.takeBack}
        </button>
      </span>
    </>
  )
}

/** Each of several recipients with what became of the mail there; one alone only if it did not simply arrive. */
export function Reached({ out }: { out: Outbound }) {
  const w = useWords()
  const list = out.recipients ?? []
  if (list.length < 2 && list.every((r) => r.state === 'sent')) return null
  if (out.state === 'cancelled') return null // to nobody
  return (
    <ul className="reached" aria-label={w.mail.reached}>
      {list.map((r) => (
        <li key={r.address}>
          <span className="ell">{r.address}</span>
          <DeliveryChip state={r.state} />
          {r.state !== 'sent' && (r.response || out.response) && <span className="meta">{r.response || out.response}</span>}
        </li>
      ))}
    </ul>
  )
}

/** True when the sender's domain disowns the mail; that it owns it proves nothing to us (RFC 8601 §7.1). */
export const disowned = (a: Authentication | undefined) => a !== undefined && a.dmarc !== 'pass' && (a.dmarc === 'fail' || (a.spf === 'fail' && a.dkim !== 'pass'))

/** True when a filter's words mean spam: they differ by filter (yes, a bar of plusses, a level from 5). */
export const isSpam = (says: string | undefined) => /^\s*(yes\b|true\b|spam\b|\+{5}|[5-9]\b)/i.test(says ?? '')

/** What one must know before believing a mail. */
export function Doubts({ m }: { m: Mail }) {
  const w = useWords()
  const doubts = [disowned(m.authentication) && w.mail.forged, isSpam(m.spam) && w.mail.isSpam].filter(Boolean)
  if (doubts.length === 0) return null
  return (
    <div className="mail-guard mail-guard--warn" role="note">
      <Icon name="warn" />
      <span className="grow">{doubts.join(' ')}</span>
    </div>
  )
}

/** All that the head leaves out, for who asks. */
export function MailFacts({ m }: { m: Mail }) {
  const w = useWords()
  const list = (addresses: Address[] | undefined) => addresses?.map((a) => (a.name ? `${a.name} <${a.value}>` : a.value)).join(', ')
  const rows: [string, string | undefined][] = [
    [w.mail.from, list(m.from?.value ? [m.from] : [])],
    [w.mail.replyTo, list(m.reply_to)],
    [w.mail.to, list(m.to)],
    [w.mail.cc, list(m.cc)],
    [w.mail.bcc, list(m.bcc)],
    [w.mail.subject, m.subject],
    [w.mail.spam, m.spam],
  ]
  return (
    <dl className="kv mail-facts">
      {rows
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div className="kv-row" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      {m.authentication && (
        <div className="kv-row">
          <dt>{w.mail.checked}</dt>
          <dd>
            <Checks a={m.authentication} />
          </dd>
        </div>
      )}
    </dl>
  )
}

/** What a server found. That something passed is no green light: who sends a mail can write so himself. */
function Checks({ a }: { a: Authentication }) {
  const w = useWords()
  const found = [
    ['SPF', a.spf],
    ['DKIM', a.dkim],
    ['DMARC', a.dmarc],
  ] as const
  return (
    <span className="row row-1 wrap">
      {found.map(
        ([name, verdict]) =>
          verdict && (
            <Chip key={name} tone={verdict === 'fail' ? 'crit' : 'plain'} icon={verdict === 'pass' ? 'check' : verdict === 'fail' ? 'alert' : 'info'}>
              {name} {w.mail.verdicts[verdict] ?? verdict}
            </Chip>
          ),
      )}
      <span className="meta">{w.mail.checkedBy(a.server)}</span>
    </span>
  )
}
