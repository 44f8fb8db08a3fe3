import type { Call, Id, InteractionView } from '../api/types'
import { useLive } from '../live/hub'

/** One of the agent's two lines, while something is on it. */
export interface Line {
  id: Id
  no: 1 | 2
  kind: 'customer' | 'consult'
  state: 'ringing' | 'live' | 'held'
  name: string
  address: string
  since: string
  heldAt?: string
  interaction?: InteractionView
}

const states = { ringing: 'ringing', connected: 'live', held: 'held', ended: 'held' } as const

/** The lines as the calls say, else as the calls' interactions do. */
export function linesOf(calls: Call[], interactions: InteractionView[]): (Line | undefined)[] {
  const lines: (Line | undefined)[] = [undefined, undefined]
  for (const c of calls) {
    if (c.state === 'ended') continue
    const i = interactions.find((i) => i.id === c.interaction)
    const name = c.name ?? i?.customer_name ?? c.address ?? ''
    const address = c.address ?? i?.customer_address ?? ''
    lines[c.line - 1] = { id: c.id, no: c.line, kind: c.kind ?? 'customer', state: states[c.state], name, address, since: c.since, heldAt: c.held_at, interaction: i }
  }
  const voice = interactions.filter((i) => i.channel === 'voice' && (i.state === 'active' || i.state === 'parked'))
  for (const i of voice) {
    if (lines.some((l) => l?.interaction?.id === i.id)) continue
    const free = lines[0] ? 1 : 0
    const name = i.customer_name || i.customer_address || ''
    lines[free] = {
      id: i.id,
      no: free === 0 ? 1 : 2,
      kind: 'customer',
      state: i.phase === 'ringing' ? 'ringing' : i.phase === 'held' || i.state === 'parked' ? 'held' : 'live',
      name,
      address: i.customer_address ?? '',
      since: i.accepted_at ?? i.arrived_at,
      interaction: i,
    }
  }
  return lines
}

export function useLines(): (Line | undefined)[] {
  const calls = useLive((l) => l.calls)
  const interactions = useLive((l) => l.interactions)
  const ringing = useLive((l) => Object.values(l.offers).find((o) => o.channel === 'voice'))
  const lines = linesOf(Object.values(calls), Object.values(interactions))
  if (ringing && !lines[0]) {
    const name = ringing.customer_name || ringing.customer_address || ''
    lines[0] = { id: ringing.interaction, no: 1, kind: 'customer', state: 'ringing', name, address: ringing.customer_address ?? '', since: ringing.created_at }
  }
  return lines
}
