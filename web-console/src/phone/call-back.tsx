import { useLocation } from 'wouter'
import { useMutation } from '@tanstack/react-query'
import { api } from '../api/client'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { takeInteraction } from '../live/hub'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

/** Calls the customer of a voicemail, a callback or a missed call; my own phone rings first. */
export function CallBack({ i }: { i: Pick<InteractionView, 'id'> }) {
  const w = useWords()
  const me = useMe()
  const [path, go] = useLocation()
  const call = useMutation({
    mutationFn: () => api.callBack(i.id),
    onSuccess: (answer) => (takeInteraction(answer, me.agent), path !== '/phone' && go('/phone')),
  })
  return (
    <>
      <button className="btn btn--sm" aria-label={w.phone.callBack} disabled={call.isPending} onClick={() => call.mutate()}>
        <Icon name="phone" />
        <span className="wide">{w.phone.callBack}</span>
      </button>
      {call.error && <Failure error={call.error} />}
    </>
  )
}
