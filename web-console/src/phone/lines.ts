import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Id, InteractionView, PhoneLine } from '../api/types'
import { useFormat } from '../i18n'
import { useLive } from '../live/hub'
import { useMe } from '../session'

/** One of the agent's two lines, while something is on it. */
export interface Line {
  no: 1 | 2
  state: 'ringing' | 'live' | 'held'
  name: string
  address: string
  since?: string
  interaction?: InteractionView
  colleague?: Id // who is on line 2, if it is one of us
  outside?: boolean // somebody outside is, on line 2
}

const states = { ringing: 'ringing', talking: 'live', held: 'held' } as const

/** The lines as the telephone tells them, with the names of what is on them. */
export function linesOf(told: PhoneLine[], interactions: Record<Id, InteractionView>, me: Id = ''): (Line | undefined)[] {
  const lines: (Line | undefined)[] = [undefined, undefined]
  for (const l of told) {
    if (l.state === 'idle') continue
    const i = l.interaction ? interactions[l.interaction] : undefined
    const address = l.number || i?.customer_address || ''
    const name = l.outside ? l.name || address : i?.customer_name || l.name || address
    lines[l.no - 1] = { no: l.no, state: states[l.state], name, address, since: l.since, interaction: i, outside: l.outside }
  }
  const [first, second] = lines
  if (first?.interaction && !second) return withColleague(first, first.interaction, me)
  const swapped = first?.interaction?.phase === 'consult' && first.state === 'live' && second?.state === 'live'
  return swapped ? [first, { ...second, state: 'held' }] : lines
}

// A telephone has one leg; the interaction says who else is heard on it. In a consultation either the customer hears
// music or, when the agent has swapped, line 2 does; a colleague who is asked never hears the customer.
function withColleague(line: Line, i: InteractionView, me: Id): (Line | undefined)[] {
  const guest = i.others?.includes(me) ?? false
  const other = guest ? { id: i.agent, name: i.agent_name ?? '' } : i.colleagues?.filter((c) => c.id !== me).at(-1)
  const second = (state: Line['state'], name: string, colleague: Id): Line => ({ no: 2, state, name, address: '', interaction: i, colleague })
  if (i.phase === 'conference' && other) return [{ ...line, state: 'live' }, second('live', other.name, other.id)]
  if (i.phase !== 'consult') return [line, undefined]
  const first: Line = guest || !other ? { ...line, state: 'held' } : line
  if (other) return [first, second(line.state === 'held' ? 'live' : 'held', other.name, other.id)]
  return [first, i.asked && second('ringing', i.asked.name, i.asked.agent)]
}

/** Who is on line 2, by name or number, and whether it still rings there. */
export function usePartner(i: InteractionView): { name: string; rings: boolean; hears: boolean } {
  const me = useMe()
  const line = useLines().find((l) => l?.no === 2 && l.interaction?.id === i.id)
  const colleagues = (i.colleagues ?? []).filter((c) => c.id !== me.agent)
  return { name: colleagues.at(-1)?.name ?? line?.name ?? '', rings: line?.state === 'ringing', hears: line?.state !== 'held' }
}

/** Both lines; a call that is offered rings on the first one that is free. */
export function useLines(): (Line | undefined)[] {
  const f = useFormat()
  const me = useMe()
  const interactions = useLive((l) => l.interactions)
  const ringing = useLive((l) => Object.values(l.offers).find((o) => o.channel === 'voice'))
  const { data } = useQuery({ queryKey: ['lines'], queryFn: api.lines })
  const lines = linesOf(data?.items ?? [], interactions, me.agent)
  const free = lines[0] ? 1 : 0
  if (ringing && !lines[free] && !lines.some((l) => l?.state === 'ringing')) {
    const address = ringing.customer_address ?? ''
    lines[free] = { no: free === 0 ? 1 : 2, state: 'ringing', name: ringing.customer_name || address, address }
  }
  return lines.map((l) => l && { ...l, name: f.address(l.name) })
}
