import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { BlockBy, Id, Visit } from '../api/types'
import { useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { useMe } from '../session'
import { Dialog } from '../ui/dialog'
import { Count, Pick, Text } from '../ui/form'
import { Failure } from '../ui/parts'

const day = 86_400_000 // milliseconds

/** When a block of so many days ends; none of zero. */
export const daysFromNow = (days: number) => (days ? new Date(serverNow() + days * day).toISOString() : undefined)

/** Keeps the visitor of a chat from chatting, after a question why. */
export function BlockVisitor({ conversation, visit }: { conversation: Id; visit: Visit }) {
  const w = useWords()
  const [asking, ask] = useState(false)
  const [done, setDone] = useState(false)
  if (done) return <p role="status">{w.visitors.blockedNow}</p>
  return (
    <>
      <button className="btn btn--xs" onClick={() => ask(true)}>
        {w.visitors.blockThis}
      </button>
      {asking && <Ask conversation={conversation} visit={visit} close={() => ask(false)} done={() => (ask(false), setDone(true))} />}
    </>
  )
}

function Ask({ conversation, visit, close, done }: { conversation: Id; visit: Visit; close: () => void; done: () => void }) {
  const w = useWords()
  const supervises = useMe().role !== 'agent'
  const may: BlockBy[] = [...(visit.identity ? (['identity'] as const) : []), 'browser', ...(supervises ? (['network'] as const) : [])]
  const [by, setBy] = useState<BlockBy>(may[0]!)
  const [reason, setReason] = useState('')
  const [days, setDays] = useState(30)
  const block = useMutation({ mutationFn: () => api.blockVisitor(conversation, { by, reason: reason.trim(), until: daysFromNow(days) }), onSuccess: done })
  return (
    <Dialog title={w.visitors.blockTitle} close={close}>
      <form
        className="pad stack-2"
        onSubmit={(e) => {
          e.preventDefault()
          block.mutate()
        }}
      >
        <p>{w.visitors.blockLead}</p>
        <Pick label={w.visitors.knownBy} value={by} set={setBy} of={may.map((b) => [b, w.visitors.by[b]] as const)} />
        <Text label={w.visitors.reason} required value={reason} set={setReason} max={500} />
        <Count label={w.visitors.days} value={days || undefined} set={setDays} hint={w.visitors.daysHint} />
        {block.error != null && <Failure error={block.error} />}
        <div className="row">
          <button className="btn" type="button" onClick={close}>
            {w.common.cancel}
          </button>
          <span className="grow" />
          <button className="btn btn--danger" disabled={block.isPending || !reason.trim()}>
            {w.visitors.block}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
