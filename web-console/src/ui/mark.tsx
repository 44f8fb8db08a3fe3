import type { ReactNode } from 'react'
import { Icon } from './icon'

/** One of several that may be chosen together. */
export function Mark({ on, set, disabled, children }: { on: boolean; set: (on: boolean) => void; disabled?: boolean; children: ReactNode }) {
  return (
    <label className="mark row">
      <input type="checkbox" className="vh" checked={on} disabled={disabled} onChange={(e) => set(e.target.checked)} />
      <span className={`check${on ? ' is-on' : ''}`}>
        <Icon name="check" size={12} />
      </span>
      {children}
    </label>
  )
}
