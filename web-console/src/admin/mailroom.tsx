import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { admin, sourceURL, type Quarantined } from '../api/admin'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Chip, Empty, Failure, Fetched } from '../ui/parts'
import { Head, More, Table } from './frame'

// Mail that is kept out: what could not be read, and that of blocked senders.

/** Mail in quarantine, the latest first: its source, and the way in. */
export function Quarantine() {
  const w = useWords()
  const client = useQueryClient()
  const query = useInfiniteQuery({ queryKey: ['admin', 'quarantine'], queryFn: ({ pageParam }) => admin.quarantine(pageParam), initialPageParam: '', getNextPageParam: (last) => last.after || undefined })
  const mails = query.data?.pages.flatMap((p) => p.items) ?? []
  const release = useMutation({ mutationFn: admin.release, onSettled: () => client.invalidateQueries({ queryKey: ['admin', 'quarantine'] }) })
  return (
    <>
      <Head title={w.admin.quarantine} lead={w.admin.quarantineLead} />
      <div className="set-body set-body--list" tabIndex={0} role="group" aria-label={w.admin.quarantine}>
        {release.error != null && <Failure error={release.error} />}
        {release.data && (
          <div className="banner" role="status">
            <Icon name="check" />
            <span className="grow">{w.admin.released}</span>
            <Link className="btn btn--xs" href={`/cases/${release.data.case}`}>
              {w.admin.toCase}
            </Link>
          </div>
        )}
        <Fetched query={query} what={w.admin.quarantine} rows={4}>
          {() =>
            mails.length === 0 ? (
              <Empty icon="shield" text={w.admin.noQuarantine} />
            ) : (
              <Table label={w.admin.quarantine} heads={[w.admin.sender, w.admin.subjectLine, w.admin.why, w.admin.mailbox, w.admin.when, w.board.actions]}>
                {mails.map((m) => (
                  <Mail key={m.id} m={m} busy={release.isPending} release={() => release.mutate(m.id)} />
                ))}
              </Table>
            )
          }
        </Fetched>
        <More query={query} />
      </div>
    </>
  )
}

function Mail({ m, busy, release }: { m: Quarantined; busy: boolean; release: () => void }) {
  const w = useWords()
  const f = useFormat()
  const of = m.subject || m.from || m.mailbox
  return (
    <tr>
      <th scope="row" className="row-h">
        <span className="med">{m.from || w.common.unknown}</span>
      </th>
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
  const query = useQuery({ queryKey: ['admin', 'blocked-senders'], queryFn: admin.blockedSenders })
  const unblock = useMutation({ mutationFn: admin.unblock, onSettled: () => client.invalidateQueries({ queryKey: ['admin', 'blocked-senders'] }) })
  return (
    <>
      <Head title={w.admin.blocked} lead={w.admin.blockedLead} />
      <div className="set-body set-body--list" tabIndex={0} role="group" aria-label={w.admin.blocked}>
        <Block />
        {unblock.error != null && <Failure error={unblock.error} />}
        <Fetched query={query} what={w.admin.blocked} rows={3}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty icon="shield" text={w.admin.noBlocked} />
            ) : (
              <Table label={w.admin.blocked} heads={[w.admin.sender, w.admin.note, w.admin.since, w.board.actions]}>
                {page.items.map((b) => (
                  <tr key={b.id}>
                    <th scope="row" className="row-h">
                      <span className="med">{b.who}</span>
                    </th>
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
                ))}
              </Table>
            )
          }
        </Fetched>
      </div>
    </>
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
    <form
      className="pad stack-2"
      onSubmit={(e) => {
        e.preventDefault()
        block.mutate()
      }}
    >
      <div className="f2">
        <Text label={w.admin.sender} required value={who} set={setWho} hint={w.admin.senderHint} max={320} />
        <Text label={w.admin.note} value={note} set={setNote} max={500} />
      </div>
      {block.error != null && <Failure error={block.error} />}
      <div className="row">
        <button className="btn btn--primary" disabled={block.isPending || who.trim().length < 3}>
          {w.admin.block}
        </button>
      </div>
    </form>
  )
}
