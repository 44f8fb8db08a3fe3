import { useMutation } from '@tanstack/react-query'
import { api, Problem } from './api/client'
import type { Id, Intent, InteractionView, Offer } from './api/types'
import { change, takeInteraction, takePresence } from './live/hub'
import { withoutOffer } from './live/state'
import { useMe } from './session'

// What an agent does to the floor. The server's answer is taken the same way as its frames.

export const statusKey = ['my-status']

/** Changes the status; while something is held it becomes the next one, and the presence says so. */
export function useSetStatus() {
  return useMutation({
    mutationKey: statusKey,
    mutationFn: ({ status, code }: { status: Intent; code?: string }) => api.setStatus(status, code),
    onSuccess: takePresence,
  })
}

const closed = (o: Offer) => change((l) => withoutOffer(l, o.interaction, o.no))

/** An offer that is gone closes its card, whoever says so first. */
const gone = (o: Offer) => (err: unknown) => {
  if (err instanceof Problem && (err.status === 404 || (err.status === 409 && err.code !== 'answer_the_phone'))) closed(o)
}

export function useAccept(done: (o: Offer) => void) {
  const me = useMe()
  return useMutation({
    mutationFn: (o: Offer) => api.accept(o.interaction, o.no),
    onSuccess: (i, o) => {
      closed(o)
      takeInteraction(i, me.agent)
      done(o)
    },
    onError: (err, o) => gone(o)(err),
  })
}

export function useDecline() {
  return useMutation({
    mutationFn: ({ offer: o, code }: { offer: Offer; code?: string }) => api.decline(o.interaction, o.no, code),
    onSuccess: (_, { offer }) => closed(offer),
    onError: (err, { offer }) => gone(offer)(err),
  })
}

/** One verb on one interaction: end, extend, hold, pull … */
export function useVerb(verb: 'end' | 'extend' | 'pull' | 'hold' | 'resume' | 'callBack') {
  const me = useMe()
  return useMutation({
    mutationFn: (id: Id) => api[verb](id) as Promise<InteractionView | void>,
    onSuccess: (i) => i && takeInteraction(i, me.agent),
  })
}
