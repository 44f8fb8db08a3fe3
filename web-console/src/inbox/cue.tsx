import type { InteractionView } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useNow } from '../live/clock'
import { Chip } from '../ui/parts'

const soon = 5 * 60_000 // a deadline within this turns amber

/** The one thing to know about an interaction in a list: broken, due, parked, in that order. */
export function Cue({ i, large }: { i: InteractionView; large?: boolean }) {
  const w = useWords()
  const f = useFormat()
  const now = useNow()
  if (i.state === 'wrap_up')
    return (
      <Chip tone="wrap" icon="pen" large={large}>
        {w.inbox.wrapUp}
      </Chip>
    )
  if (i.state === 'finished')
    return (
      <Chip icon="check" large={large}>
        {w.inbox.done}
      </Chip>
    )
  if (i.state === 'parked')
    return (
      <Chip icon="pause" large={large}>
        {w.inbox.parked}
      </Chip>
    )
  const due = Date.parse(i.due_at)
  const waits = !i.accepted_at || i.state === 'waiting' || (i.unread ?? 0) > 0
  if (Number.isNaN(due) || !waits) {
    const since = i.last_at ?? i.accepted_at ?? i.arrived_at
    return (
      <Chip icon="clock" large={large}>
        {f.wait(now - Date.parse(since))}
      </Chip>
    )
  }
  const left = due - now
  if (left < 0)
    return (
      <Chip tone="crit" icon="alert" large={large}>
        {w.inbox.broken(f.wait(left))}
      </Chip>
    )
  const near = left < soon
  return (
    <Chip tone={near ? 'warn' : 'plain'} icon="clock" large={large}>
      {near ? w.inbox.answerWithin(f.wait(left)) : f.wait(left)}
    </Chip>
  )
}
