import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, uuid } from '../api/client'
import type { Address, Coming, Entry, Invitation as Meeting, Mail } from '../api/types'
import { useFormat, useWords, wordOf } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { changeLog, useLive } from '../live/hub'
import { last, merge } from '../live/log'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

const answers: Coming[] = ['accepted', 'tentative', 'declined']

const organizers = ['request', 'publish', 'add', 'cancel', 'declinecounter'] // what an organizer sends; the rest is from who is asked (RFC 5546 §1.4)

/** True when a mail speaks for an organizer from whose address it neither comes nor takes answers. */
export function foreign(m: Meeting, mail: Pick<Mail, 'from' | 'reply_to'>): boolean {
  const senders = [mail.from, ...(mail.reply_to ?? [])].map((a) => a?.value?.toLowerCase())
  return organizers.includes(m.method) && !senders.includes(m.organizer.value.toLowerCase())
}

/** The name is whatever the sender chose; the address stands beside it. */
const full = (a: Address) => (a.name ? `${a.name} <${a.value}>` : a.value)

/** A meeting that a mail asks to, and our answer; the last one counts. */
export function Invitation({ e, meeting: m }: { e: Entry; meeting: Meeting }) {
  const w = useWords()
  const when = useWhen()
  const title = wordOf(w.mail.meeting, m.method) ?? w.mail.meeting.other
  const rows = [
    [w.mail.time, when(m)],
    [w.mail.place, m.place],
    [w.mail.organizer, full(m.organizer)],
    [w.mail.attendees, m.attendees?.map((a) => [a.name || a.value, wordOf(w.mail.coming, a.answer)?.toLocaleLowerCase()].filter(Boolean).join(': ')).join(', ')],
  ]
  return (
    <section className="meeting" aria-label={title}>
      <span className="row">
        <span className="chan">
          <Icon name="clock" />
        </span>
        <span className="col grow">
          <span className="overline">{title}</span>
          <b className="strong">{m.summary || w.mail.noSummary}</b>
        </span>
      </span>
      <dl className="kv">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div className="kv-row" key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {e.author.kind === 'customer' && foreign(m, e.body as Mail) && (
        <div className="mail-guard mail-guard--warn" role="note">
          <Icon name="warn" />
          <span className="grow">{w.mail.otherOrganizer}</span>
        </div>
      )}
      {m.method === 'request' && e.author.kind === 'customer' && <Answers e={e} uid={m.uid} />}
    </section>
  )
}

/** From when to when: of a whole day only the day, of one that ends the same day the day once. */
function useWhen() {
  const f = useFormat()
  return ({ start, end, all_day }: Meeting) => {
    if (!start) return ''
    if (all_day) return f.date(start)
    const from = `${f.date(start)} ${f.clock(start)}`
    if (!end) return from
    return f.date(start) === f.date(end) ? `${from}–${f.clock(end)}` : `${from} – ${f.date(end)} ${f.clock(end)}`
  }
}

function Answers({ e, uid }: { e: Entry; uid: string }) {
  const w = useWords()
  const me = useMe()
  const log = useLive((l) => l.logs[e.conversation])
  const i = useLive((l) => Object.values(l.interactions).find((o) => o.conversation === e.conversation && mayDo(o, 'reply', me.agent)))
  const said = log?.entries.map((o) => (o.author.kind === 'agent' ? (o.body as Mail | undefined)?.invitation : undefined)).findLast((m) => m?.uid === uid)?.answer
  const [key, setKey] = useState(uuid) // sent again after a time-out it is the same mail
  const answer = useMutation({
    mutationFn: (how: Coming) => api.answerInvitation(i!.id, { client_id: key, answer: how, pos: e.pos, seen_pos: log ? (last(log)?.pos ?? 0) : 0 }),
    onSuccess: (entry) => {
      setKey(uuid())
      if (entry) changeLog(e.conversation, (l) => merge(l, [entry]))
    },
  })
  return (
    <>
      {answer.error && <Failure error={answer.error} />}
      <span className="row wrap">
        {said && <span className="meta grow">{w.mail.answered(wordOf(w.mail.coming, said) ?? said)}</span>}
        {i &&
          answers.map((how) => (
            <button key={how} className="btn btn--sm" aria-pressed={said === how} disabled={answer.isPending} onClick={() => answer.mutate(how)}>
              {how !== 'tentative' && <Icon name={how === 'accepted' ? 'check' : 'x'} />}
              {w.mail.coming[how]}
            </button>
          ))}
      </span>
    </>
  )
}
