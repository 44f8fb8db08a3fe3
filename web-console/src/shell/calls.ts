import { useEffect, useRef } from 'react'
import type { Id, InteractionView } from '../api/types'
import { useLive } from '../live/hub'
import { useMe } from '../session'

const spoken = (i: InteractionView) => i.channel === 'voice'

// True in the workspace where nothing that I hold is open: it is finished, another's, or none.
const restsAt = (path: string, held: (id: Id) => boolean) => {
  const [, tab = '', id] = path.split('/')
  return (tab === 'chat' || tab === 'email') && !(id && held(id))
}

/**
 * A call that is answered in the telephone opens here, as one accepted by a button does. Its
 * wrap-up opens too, unless the agent is at something else by then.
 */
export function useCalls(path: string, go: (to: string) => void) {
  const me = useMe()
  const offered = useLive((l) => Object.values(l.offers).flatMap((o) => (o.channel === 'voice' ? [o.interaction] : [])))
  const mine = useLive((l) => Object.values(l.interactions).filter(spoken))
  const held = useLive((l) => Object.keys(l.interactions))
  const rang = useRef(new Set<Id>())
  const talked = useRef(new Set<Id>())
  useEffect(() => {
    for (const id of offered) rang.current.add(id)
    for (const i of mine) {
      const on = i.agent === me.agent || (i.others?.includes(me.agent) ?? false)
      const answered = on && i.state === 'active' && !offered.includes(i.id) && rang.current.delete(i.id)
      const over = i.agent === me.agent && i.state === 'wrap_up' && talked.current.delete(i.id)
      if (i.state === 'active') talked.current.add(i.id)
      const opens = answered || (over && restsAt(path, (id) => held.includes(id)))
      if (opens && path !== '/phone') go('/phone')
    }
  }, [offered, mine, held, path, go, me.agent])
}
