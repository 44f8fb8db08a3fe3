import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { takeInteraction } from '../live/hub'
import { Directory, keyOf, type Entry } from '../phone/directory'
import { useMe } from '../session'
import { Dialog } from '../ui/dialog'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

/** Gives one that waits to an agent, even over capacity: a supervisor's decision, seen by how everybody stands. */
export function Assign({ i, close }: { i: InteractionView; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const [to, setTo] = useState<Entry | null>(null)
  const give = useMutation({
    mutationFn: (e: Entry) => api.assign(i.id, e.id),
    onSuccess: (answer) => {
      takeInteraction(answer, me.agent)
      close()
    },
  })
  return (
    <Dialog title={w.transfer.assign} close={close} className="dialog--tall">
      <Directory label={w.transfer.find} chosen={to ? keyOf(to) : undefined} choose={setTo} only={(e) => e.kind === 'agent'} autoFocus />
      <div className="dialog-foot">
        {give.error && <Failure error={give.error} />}
        <div className="row">
          <span className="hint grow">{w.transfer.assignEffect}</span>
          <button className="btn" onClick={close}>
            {w.common.cancel}
          </button>
          <button className="btn btn--primary" aria-disabled={!to} disabled={give.isPending} onClick={() => to && give.mutate(to)}>
            {to ? w.transfer.assignTo(to.name) : w.transfer.choose}
          </button>
        </div>
      </div>
    </Dialog>
  )
}

/** Hands an interaction over, seeing first how it stands where it goes. */
export function Transfer({ i, close }: { i: InteractionView; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const [to, setTo] = useState<Entry | null>(null)
  const [note, setNote] = useState('')
  const move = useMutation({
    mutationFn: (e: Entry) => api.transfer(i.id, { ...(e.kind === 'agent' ? { to_agent: e.id } : { to_queue: e.id }), note: note.trim() || undefined }),
    onSuccess: (answer) => {
      takeInteraction(answer, me.agent)
      close()
    },
  })
  const name = !to ? w.transfer.choose : to.kind === 'agent' ? w.transfer.toAgent(to.name) : w.transfer.toQueue(to.name)
  return (
    <Dialog title={w.transfer.title} close={close} className="dialog--tall">
      <Directory label={w.transfer.find} chosen={to ? keyOf(to) : undefined} choose={setTo} autoFocus />
      <div className="dialog-foot">
        <label className="label" htmlFor="transfer-note">
          {w.transfer.note}
        </label>
        <div className="field">
          <Icon name="lock" />
          <input id="transfer-note" placeholder={w.transfer.notePlaceholder} value={note} onChange={(e) => setNote(e.target.value)} />
        </div>
        {move.error && <Failure error={move.error} />}
        <div className="row">
          <span className="hint grow">{w.transfer.effect}</span>
          <button className="btn" onClick={close}>
            {w.common.cancel}
          </button>
          <button className="btn btn--primary" aria-disabled={!to} disabled={move.isPending} onClick={() => to && move.mutate(to)}>
            {name}
          </button>
        </div>
      </div>
    </Dialog>
  )
}
