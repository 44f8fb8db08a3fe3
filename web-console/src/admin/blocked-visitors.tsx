import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin } from '../api/admin'
import type { BlockedVisitor } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { daysFromNow } from '../thread/block-visitor'
import { Count, Text } from '../ui/form'
import { Failure } from '../ui/parts'
import { Add, RowHead, Tabled, usePaged } from './tabled'

const key = ['admin', 'blocked-visitors']

/** Who may not chat, why and for how long, and who may again. */
export function BlockedVisitors() {
  const w = useWords()
  const client = useQueryClient()
  const list = usePaged(key, admin.blockedVisitors)
  const unblock = useMutation({ mutationFn: admin.unblockVisitor, onSettled: () => client.invalidateQueries({ queryKey: key }) })
  return (
    <Tabled
      title={w.visitors.title}
      lead={w.visitors.lead}
      icon="shield"
      empty={w.visitors.none}
      heads={[w.visitors.who, w.visitors.reason, w.admin.since, w.visitors.until, w.board.actions]}
      {...list}
      above={
        <>
          <BlockNetwork />
          {unblock.error != null && <Failure error={unblock.error} />}
        </>
      }
      row={(b) => <Row key={b.id} b={b} busy={unblock.isPending} unblock={() => unblock.mutate(b.id)} />}
    />
  )
}

function Row({ b, busy, unblock }: { b: BlockedVisitor; busy: boolean; unblock: () => void }) {
  const w = useWords()
  const f = useFormat()
  const who = b.by === 'browser' ? b.who.slice(0, 8) : b.who
  return (
    <tr>
      <RowHead>
        <span className="med">{who}</span> <span className="meta">{w.visitors.by[b.by]}</span>
      </RowHead>
      <td className="detail">{b.reason}</td>
      <td>
        <time>{f.when(b.at, serverNow())}</time>
      </td>
      <td>{b.until ? <time>{f.when(b.until, serverNow())}</time> : w.visitors.forever}</td>
      <td>
        <button className="btn btn--xs" disabled={busy} onClick={unblock} aria-label={w.visitors.unblockOf(who)}>
          {w.visitors.unblock}
        </button>
      </td>
    </tr>
  )
}

function BlockNetwork() {
  const w = useWords()
  const client = useQueryClient()
  const [network, setNetwork] = useState('')
  const [reason, setReason] = useState('')
  const [days, setDays] = useState(0)
  const block = useMutation({
    mutationFn: () => admin.blockNetwork({ network: network.trim(), reason: reason.trim(), until: daysFromNow(days) }),
    onSuccess: () => {
      setNetwork('')
      setReason('')
      setDays(0)
      return client.invalidateQueries({ queryKey: key })
    },
  })
  return (
    <Add add={block} ready={network.trim().length >= 2 && !!reason.trim()} text={w.visitors.block}>
      <Text label={w.visitors.network} required value={network} set={setNetwork} hint={w.visitors.networkHint} max={50} />
      <Text label={w.visitors.reason} required value={reason} set={setReason} max={500} />
      <Count label={w.visitors.days} value={days || undefined} set={setDays} hint={w.visitors.daysHint} />
    </Add>
  )
}
