import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { admin, sourceURL, type Quarantined } from '../api/admin'
import type { Id } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Chip, Failure } from '../ui/parts'
import { Add, RowHead, Tabled, usePaged } from './tabled'

// Mail that is kept out: what could not be read, and that of blocked senders.

/** Mail in quarantine, the latest first: its source, and the way in. */
export function Quarantine() {
  const w = useWords()
  const client = useQueryClient()
  const list = usePaged(['admin', 'quarantine'], admin.quarantine)
  const release = useMutation({ mutationFn: admin.release, onSettled: () => client.invalidateQueries({ queryKey: ['admin', 'quarantine'] }) })
  return (
    <Tabled
      title={w.admin.quarantine}
      lead={w.admin.quarantineLead}
      icon="shield"
      empty={w.admin.noQuarantine}
      heads={[w.admin.sender, w.admin.subjectLine, w.admin.why, w.admin.mailbox, w.admin.when, w.board.actions]}
      {...list}
      above={
        <>
          {release.error != null && <Failure error={release.error} />}
          {release.data && <Released id={release.data.case} />}
        </>
      }
      row={(m) => <Mail key={m.id} m={m} busy={release.isPending} release={() => release.mutate(m.id)} />}
    />
  )
}

/** Where a mail has come that was let in. */
function Released({ id }: { id: Id }) {
  const w = useWords()
  return (
    <div className="banner" role="status">
      <Icon name="check" />
      <span className="grow">{w.admin.released}</span>
      <Link className="btn btn--xs" href={`/cases/${id}`}>
        {w.admin.toCase}
      </Link>
    </div>
  )
}

function Mail({ m, busy, release }: { m: Quarantined; busy: boolean; release: () => void }) {
  const w = useWords()
  const f = useFormat()
  const of = m.subject || m.from || m.mailbox
  return (
    <tr>
      <RowHead>
        <span className="med">{m.from || w.common.unknown}</span>
      </RowHead>
      <td className="detail">{m.subject || w.common.none}</td>
      <td className="detail">{m.held ? <Chip icon="lock">{w.admin.held}</Chip> : m.reason}</td>
      <td>{m.mailbox}</td>
      <td>
        <time>{f.when(m.at, serverNow())}</time>
      </td>
      <td>
        <span className="row row-1">
          <a className="btn btn--xs" href={sourceURL(m.id)} download aria-label={w.admin.sourceOf(of)}>
            {w.admin.source}
          </a>
          <button className="btn btn--xs" disabled={busy} onClick={release} aria-label={m.held ? w.admin.releaseOf(of) : w.admin.rereadOf(of)}>
            {m.held ? w.admin.release : w.admin.readAgain}
          </button>
        </span>
      </td>
    </tr>
  )
}

/** Whose mail is held, and who is let in again. */
export function BlockedSenders() {
  const w = useWords()
  const f = useFormat()
  const client = useQueryClient()
  const list = usePaged(['admin', 'blocked-senders'], admin.blockedSenders)
  const unblock = useMutation({ mutationFn: admin.unblock, onSettled: () => client.invalidateQueries({ queryKey: ['admin', 'blocked-senders'] }) })
  return (
    <Tabled
      title={w.admin.blocked}
      lead={w.admin.blockedLead}
      icon="shield"
      empty={w.admin.noBlocked}
      heads={[w.admin.sender, w.admin.note, w.admin.since, w.board.actions]}
      {...list}
      above={
        <>
          <Block />
          {unblock.error != null && <Failure error={unblock.error} />}
        </>
      }
      row={(b) => (
        <tr key={b.id}>
          <RowHead>
            <span className="med">{b.who}</span>
          </RowHead>
          <td className="detail">{b.note || w.common.none}</td>
          <td>
            <time>{f.when(b.at, serverNow())}</time>
          </td>
          <td>
            <button className="btn btn--xs" disabled={unblock.isPending} onClick={() => unblock.mutate(b.id)} aria-label={w.admin.unblockOf(b.who)}>
              {w.admin.unblock}
            </button>
          </td>
        </tr>
      )}
    />
  )
}

function Block() {
  const w = useWords()
  const client = useQueryClient()
  const [who, setWho] = useState('')
  const [note, setNote] = useState('')
  const block = useMutation({
    mutationFn: () => admin.block(who.trim(), note.trim()),
    onSuccess: () => {
      setWho('')
      setNote('')
      return client.invalidateQueries({ queryKey: ['admin', 'blocked-senders'] })
    },
  })
  return (
    <Add add={block} ready={who.trim().length >= 3} text={w.admin.block}>
      <Text label={w.admin.sender} required value={who} set={setWho} hint={w.admin.senderHint} max={320} />
      <Text label={w.admin.note} value={note} set={setNote} max={500} />
    </Add>
  )
}
