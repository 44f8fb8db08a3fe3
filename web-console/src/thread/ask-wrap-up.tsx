import { useState } from 'react'
import { useVerb } from '../actions'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

const place = 'vaxel.asked.'

/** Where a wrap-up is the agent's choice, it is asked for while the customer is still there. */
export function AskWrapUp({ i }: { i: InteractionView }) {
  const w = useWords()
  const me = useMe()
  const ask = useVerb('extend')
  const [, again] = useState(0) // what is kept has changed
  if (i.state === 'wrap_up' || !mayDo(i, 'extend', me.agent)) return null
  const asked = sessionStorage.getItem(place + i.id) !== null // also after a reload
  const press = () =>
    ask.mutate(i.id, {
      onSuccess: () => {
        sessionStorage.setItem(place + i.id, '')
        again((n) => n + 1)
      },
    })
  return (
    <>
      <button className="btn btn--sm" aria-pressed={asked} disabled={ask.isPending} onClick={() => asked || press()}>
        <Icon name={asked ? 'check' : 'pen'} />
        {w.wrapUp.ask}
      </button>
      {ask.error && <Failure error={ask.error} />}
    </>
  )
}
