import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { useAgentName } from '../live/names'
import { Icon } from '../ui/icon'

/** Says of a chat that a colleague has that nothing comes here by itself: only supervisors may look on, and say so. */
export function NotLive({ i, read }: { i: InteractionView; read: () => void }) {
  const w = useWords()
  const nameOf = useAgentName()
  return (
    <div className="banner second" role="status">
      <Icon name="clock" />
      <span className="grow">{w.thread.notLive(i.agent_name ?? nameOf(i.agent))}</span>
      <button className="btn btn--xs" onClick={read}>
        {w.thread.readAgain}
      </button>
    </div>
  )
}
