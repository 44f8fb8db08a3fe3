import { useVerb } from '../actions'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

/** Where a wrap-up is the agent's choice, it is asked for while the customer is still there. */
export function AskWrapUp({ i }: { i: InteractionView }) {
  const w = useWords()
  const me = useMe()
  const ask = useVerb('extend')
  if (i.state === 'wrap_up' || !mayDo(i, 'extend', me.agent)) return null
  const asked = ask.isSuccess && ask.variables === i.id
  return (
    <>
      <button className="btn btn--sm" aria-pressed={asked} disabled={ask.isPending} onClick={() => asked || ask.mutate(i.id)}>
        <Icon name={asked ? 'check' : 'pen'} />
        {w.wrapUp.ask}
      </button>
      {ask.error && <Failure error={ask.error} />}
    </>
  )
}
