import { Icon } from '../ui/icon'
import type { Loss } from './schema'
import { useEditorWords } from './words'

/** Says what plain text cannot keep, before it is lost. */
export function PlainWarning({ loss, go, stay }: { loss: Loss[]; go: () => void; stay: () => void }) {
  const w = useEditorWords()
  return (
    <div className="banner banner--warn second rich-warn" role="group" aria-label={w.plainTitle}>
      <Icon name="warn" />
      <span className="grow col">
        <b className="strong">{w.plainTitle}</b>
        {loss.map((l) => (
          <span key={l}>{w.loss[l]}</span>
        ))}
      </span>
      <button type="button" className="btn btn--xs btn--quiet" onClick={go}>
        {w.goPlain}
      </button>
      <button type="button" className="btn btn--xs" onClick={stay} autoFocus>
        {w.stayRich}
      </button>
    </div>
  )
}
