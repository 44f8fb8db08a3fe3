import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { InteractionView, SkillLevel } from '../api/types'
import { useWords } from '../i18n'
import { takeInteraction } from '../live/hub'
import { isCall, mayDo } from '../inbox/interaction'
import { Directory, keyOf, type Goal } from '../phone/directory'
import { Busy, useAsk, useGive } from '../phone/second'
import { useMe } from '../session'
import { Dialog } from '../ui/dialog'
import { Level } from '../ui/form'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

/** Gives one that waits to an agent, even over capacity: a supervisor's decision, seen by how everybody stands. */
export function Assign({ i, close }: { i: InteractionView; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const [to, setTo] = useState<Goal | null>(null)
  const give = useMutation({
    mutationFn: (e: Goal) => api.assign(i.id, e.id),
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

/**
 * Hands an interaction over, seeing first how it stands where it goes; or asks there first. A call may go to a number
 * outside. In a conference one more can only be asked.
 */
export function Transfer({ i, close }: { i: InteractionView; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const [to, setTo] = useState<Goal | null>(null)
  const [note, setNote] = useState('')
  const [skills, setSkills] = useState<SkillLevel[]>([])
  const move = useGive(i.id, close)
  const asking = useAsk(i.id, close)
  const said = { note: note.trim() || undefined }
  const error = move.error ?? asking.error
  const busy = move.isPending || asking.ask.isPending
  const moves = mayDo(i, 'transfer', me.agent)
  const numbers = isCall(i) && !i.outside // one of them at a time
  const name = to ? w.transfer.to[to.kind](to.name) : w.transfer.choose
  const ask = () => to && asking.ask.mutate({ to, ...said })
  return (
    <Dialog title={moves ? w.transfer.title : w.lines.more} close={close} className="dialog--tall">
      <Directory label={numbers ? w.phone.findIn : w.transfer.find} chosen={to ? keyOf(to) : undefined} choose={setTo} numbers={numbers} autoFocus />
      <div className="dialog-foot">
        <label className="label" htmlFor="transfer-note">
          {w.transfer.note}
        </label>
        <div className="field">
          <Icon name="lock" />
          <input id="transfer-note" placeholder={w.transfer.notePlaceholder} value={note} onChange={(e) => setNote(e.target.value)} />
        </div>
        {moves && to?.kind === 'queue' && <Needs skills={skills} set={setSkills} />}
        <Busy asking={asking} />
        {error && <Failure error={error} />}
        {moves && <span className="hint">{to?.kind === 'number' ? w.transfer.effectOutside : w.transfer.effect}</span>}
        <div className="row wrap">
          <button className="btn" onClick={close}>
            {w.common.cancel}
          </button>
          <span className="grow" />
          {(to || !moves) && mayDo(i, 'consult', me.agent) && (
            <button className={`btn${moves ? '' : ' btn--primary'}`} aria-disabled={!to} disabled={busy} onClick={ask}>
              {moves ? w.lines.ask : to ? w.lines.askWho(to.name) : w.lines.choose}
            </button>
          )}
          {moves && (
            <button className="btn btn--primary" aria-disabled={!to} disabled={busy} onClick={() => to && move.mutate({ to, ...said, skills: to.kind === 'queue' && skills.length ? skills : undefined })}>
              {name}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  )
}

/** What whoever takes it from the queue must know; none chosen: as before. */
function Needs({ skills, set }: { skills: SkillLevel[]; set: (s: SkillLevel[]) => void }) {
  const w = useWords()
  const known = useQuery({ queryKey: ['skills'], queryFn: api.skills, staleTime: 60_000 }).data?.items ?? []
  if (known.length === 0) return null
  const change = (skill: string, level: number) => set([...skills.filter((s) => s.skill !== skill), ...(level ? [{ skill, level }] : [])])
  return (
    <details>
      <summary>{w.transfer.needs(skills.length)}</summary>
      <ul className="boxed">
        {known.map((k) => (
          <li className="optrow" key={k.id}>
            <span className="med grow ell">{k.name}</span>
            <div className="opt-end">
              <Level name={k.name} level={skills.find((s) => s.skill === k.id)?.level ?? 0} set={(level) => change(k.id, level)} />
            </div>
          </li>
        ))}
      </ul>
    </details>
  )
}
