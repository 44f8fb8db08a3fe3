import type { InteractionView } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useNow } from '../live/clock'
import { useLive } from '../live/hub'
import type { Log } from '../live/log'
import { Chip } from '../ui/parts'

const soon = 5 * 60_000 // a deadline within this turns amber
const patience = 2 * 60_000 // a customer in a chat who has waited longer than this does too

const spoken = new Set(['message', 'mail', 'article', 'file', 'recording'])

/** When the customer said the last word, if the customer did; 0 if we did; undefined if it isn't known here. */
function lastWord(log: Log | undefined): number | undefined {
  const e = log?.entries.findLast((e) => spoken.has(e.kind))
  return e && (e.author.kind === 'customer' ? Date.parse(e.at) : 0)
}

/** The one thing to know about an interaction in a list: broken, due, parked, in that order. */
export function Cue({ i, large }: { i: InteractionView; large?: boolean }) {
  const w = useWords()
  const f = useFormat()
  const now = useNow()
  const said = useLive((l) => lastWord(l.logs[i.conversation]))
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
  const live = i.channel === 'chat' || i.channel === 'voice' || i.channel === 'callback'
  const calling = (i.channel === 'voice' || i.channel === 'callback') && i.accepted_at !== undefined
  const owed = !calling && (!i.accepted_at || (said === undefined ? (i.unread ?? 0) > 0 : said > 0))
  if (Number.isNaN(due) || !owed || (live && i.accepted_at && due < now)) {
    const since = (!calling && said) || Date.parse((calling ? i.accepted_at : i.last_at) ?? i.accepted_at ?? i.arrived_at)
    const long = owed && live && i.channel === 'chat' && now - since > patience
    return (
      <Chip tone={long ? 'warn' : 'plain'} icon="clock" large={large}>
        {owed ? w.inbox.waited(f.wait(now - since)) : f.wait(now - since)}
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
