import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Id, InteractionView, PhoneLine } from '../api/types'
import { useFormat } from '../i18n'
import { useLive } from '../live/hub'

/** One of the agent's two lines, while something is on it. */
export interface Line {
  no: 1 | 2
  state: 'ringing' | 'live' | 'held'
  name: string
  address: string
  since?: string
  interaction?: InteractionView
}

const states = { ringing: 'ringing', talking: 'live', held: 'held' } as const

/** The lines as the telephone tells them, with the names of what is on them. */
export function linesOf(told: PhoneLine[], interactions: Record<Id, InteractionView>): (Line | undefined)[] {
  const lines: (Line | undefined)[] = [undefined, undefined]
  for (const l of told) {
    if (l.state === 'idle') continue
    const i = l.interaction ? interactions[l.interaction] : undefined
    const address = l.number || i?.customer_address || ''
    lines[l.no - 1] = { no: l.no, state: states[l.state], name: i?.customer_name || l.name || address, address, since: l.since, interaction: i }
  }
  return lines
}

/** Both lines; a call that is offered rings on the first one that is free. */
export function useLines(): (Line | undefined)[] {
  const f = useFormat()
  const interactions = useLive((l) => l.interactions)
  const ringing = useLive((l) => Object.values(l.offers).find((o) => o.channel === 'voice'))
  const { data } = useQuery({ queryKey: ['lines'], queryFn: api.lines })
  const lines = linesOf(data?.items ?? [], interactions)
  const free = lines[0] ? 1 : 0
  if (ringing && !lines.some((l) => l?.state === 'ringing')) {
    const address = ringing.customer_address ?? ''
    lines[free] = { no: free === 0 ? 1 : 2, state: 'ringing', name: ringing.customer_name || address, address }
  }
  return lines.map((l) => l && { ...l, name: f.address(l.name) })
}
