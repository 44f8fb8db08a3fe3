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

/**
 * The lines as the telephone tells them, with the names of what is on them: line 1 is the customer, line 2 whom the agent
 * consults. In a conference all are heard, and each has a line 2. Whether there is a call at all the floor says: what the
 * telephone told a moment before its end is of no call any more.
 */
export function linesOf(told: PhoneLine[], interactions: Record<Id, InteractionView>, me: Id = ''): (Line | undefined)[] {
  const lines: (Line | undefined)[] = [undefined, undefined]
  let out: Line | undefined
  for (const l of told) {
    if (l.state === 'idle' || l.state === 'failed') continue
    const i = l.interaction ? interactions[l.interaction] : undefined
    if (l.state !== 'ringing' && i?.state !== 'active') continue
    const address = l.number || i?.customer_address || ''
    const line: Line = { no: l.no, state: states[l.state], name: l.name || address, address, since: l.since, interaction: i }
    if (l.outside) out = { ...line, no: 2, outside: true }
    else lines[l.no - 1] = { ...line, name: i?.customer_name || line.name }
  }
  const first = lines[0]
  return first?.interaction ? withOthers(first, first.interaction, out, me) : lines
}

// A telephone has one leg for all of us; the interaction says who else is heard on it. In a consultation either line 1 hears
// music or, when the agent has swapped, line 2 does; a colleague who is asked never hears the customer.
function withOthers(line: Line, i: InteractionView, out: Line | undefined, me: Id): (Line | undefined)[] {
  const guest = i.others?.includes(me) ?? false
  const second = (state: Line['state'], name: string, colleague: Id): Line => ({ no: 2, state, name, address: '', interaction: i, colleague })
  const people = (i.colleagues ?? []).filter((c) => c.id !== me)
  if (guest) people.push({ id: i.agent, name: i.agent_name ?? '' })
  if (i.phase === 'colleagues') return [undefined, ...people.map((c) => second('live', c.name, c.id)), ...(out ? [out] : [])]
  if (i.phase === 'conference') return atLeast2([{ ...line, state: 'live' }, ...people.map((c) => second('live', c.name, c.id)), ...(out ? [out] : [])])
  if (i.phase !== 'consult') return [line, undefined]
  const heard = line.state === 'held' ? 'live' : 'held'
  if (i.line_2 === 'outside' && !guest) return [line, out && { ...out, state: out.state === 'ringing' ? 'ringing' : heard }]
  if (rings(i)) return [{ ...line, state: 'held' }, second('ringing', i.asked!.name, i.asked!.agent)]
  const last = people.at(-1)
  return [guest ? { ...line, state: 'held' } : line, last && second(heard, last.name, last.id)]
}

const atLeast2 = (lines: Line[]): (Line | undefined)[] => (lines.length < 2 ? [...lines, undefined] : lines)

/** True while a colleague is asked who has not answered yet. */
export const rings = (i: InteractionView) => i.asked?.kind === 'consult' && !i.asked.outcome

/** Who would get the customer: whom line 2 has, in a conference the colleague who came last, else who is outside. */
export function usePartner(i: InteractionView): { name: string; rings: boolean; hears: boolean } {
  const lines = useLines().filter((l) => l?.no === 2 && l.interaction?.id === i.id)
  const line = lines.findLast((l) => l?.colleague) ?? lines[0]
  const name = line?.name ?? (rings(i) ? i.asked!.name : (i.colleagues ?? []).at(-1)?.name)
  return { name: name ?? '', rings: line?.state === 'ringing', hears: line?.state !== 'held' }
}

/** Whoever did not answer on line 2, and why; nobody once somebody else is asked. */
export function useUnanswered(i: InteractionView): PhoneLine | undefined {
  const { data } = useQuery({ queryKey: ['lines'], queryFn: api.lines })
  return data?.items?.find((l) => l.state === 'failed' && l.interaction === i.id)
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
