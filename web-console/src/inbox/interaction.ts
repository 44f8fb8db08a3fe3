import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '../api/client'
import type { Channel, Id, InteractionView, Kept } from '../api/types'
import { change, useLive } from '../live/hub'
import { withInteraction, withView } from '../live/state'
import { useMe } from '../session'

/** One interaction: what the socket says of mine, filled in by what a read says. */
export function useInteraction(id: Id | undefined) {
  const me = useMe()
  const live = useLive((l) => (id ? l.interactions[id] : undefined))
  const query = useQuery({ queryKey: ['interaction', id], queryFn: () => api.interaction(id!), enabled: id !== undefined })
  useEffect(() => {
    const i = query.data
    if (i) change((l) => withView(withInteraction(l, i, me.agent), i))
  }, [query.data, me.agent])
  const read = query.data
  const interaction: Kept | undefined = live && read && !live.gaveAway && read.rev >= live.rev ? { ...live, ...read, unread: live.unread } : (live ?? read)
  return { interaction, query }
}

/** True of what is talked about on a telephone. */
export const isCall = (i: InteractionView) => i.channel === 'voice' || i.channel === 'callback'

/** The channels that a verb makes sense for; a verb that isn't here makes sense for all. */
const onlyFor: Record<string, Channel[]> = { message: ['chat'], article: ['chat'], reply: ['email'] }

/** The verbs of this moment: the server's list, else what the state allows. */
export function mayDo(i: InteractionView, verb: string, me: Id): boolean {
  if (onlyFor[verb] && !onlyFor[verb].includes(i.channel)) return false
  if (i.actions) return i.actions.includes(verb)
  const mine = i.agent === me
  const open = i.state === 'active' || i.state === 'parked'
  const others = i.others?.length ?? 0
  switch (verb) {
    case 'hold':
      return mine && open && i.phase === 'talking'
    case 'resume':
      return mine && (i.state === 'parked' || (open && i.phase === 'hold'))
    case 'call_back':
      return mine && open && !i.phase && (i.channel === 'voicemail' || i.channel === 'callback')
    case 'keys':
      return mine && open && i.channel === 'voice'
    case 'consult':
      return mine && open && i.phase !== 'consult'
    case 'transfer':
      return mine && open && i.phase !== 'consult' && i.phase !== 'conference'
    case 'join_lines':
      return mine && open && i.phase === 'consult' && (others > 0 || i.outside === true)
    case 'transfer_lines':
      return mine && open && (others > 0 || i.outside === true)
    case 'swap_lines':
      return mine && open && isCall(i) && i.phase === 'consult' && (others > 0 || i.outside === true)
    case 'drop_line':
      return open && (mine ? i.phase === 'consult' || i.phase === 'conference' : (i.others?.includes(me) ?? false))
    case 'pull':
      return i.state === 'waiting'
    case 'note':
      return i.state !== 'waiting' && i.state !== 'offered'
    case 'extend': // only the server knows whether there is more time
      return false
    case 'finish':
      return mine && i.state === 'wrap_up'
    default:
      return mine && open
  }
}
