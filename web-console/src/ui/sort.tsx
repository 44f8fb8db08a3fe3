import { useState } from 'react'
import { Icon } from './icon'

export type By<T> = Record<string, (t: T) => number | string | undefined>

/** Sorts rows by the column that was chosen; what has no value there comes last. Nothing chosen: as they came. */
export function useSort<T>(by: By<T>) {
  const [chosen, setChosen] = useState<{ key: string; down: boolean } | null>(null)
  const sorted = (rows: T[]) => {
    const value = chosen && by[chosen.key]
    if (!value) return rows
    return [...rows].sort((a, b) => compare(value(a), value(b), chosen.down))
  }
  // Once down, once up, then as it was.
  const choose = (key: string) => setChosen((c) => (c?.key !== key ? { key, down: true } : c.down ? { key, down: false } : null))
  const head = (key: string) => ({ choose: () => choose(key), sorted: chosen?.key === key ? (chosen.down ? ('descending' as const) : ('ascending' as const)) : ('none' as const) })
  return { sorted, head }
}

function compare(a: number | string | undefined, b: number | string | undefined, down: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
  return down ? -order : order
}

/** The head of a column that can be sorted by, with the mouse and with the keyboard. */
export function SortHead({ text, choose, sorted, right, className = '' }: { text: string; choose: () => void; sorted: 'ascending' | 'descending' | 'none'; right?: boolean; className?: string }) {
  return (
    <th scope="col" className={`${right ? 'r ' : ''}${className}`.trim() || undefined} aria-sort={sorted}>
      <button className="th-sort" onClick={choose}>
        {text}
        {sorted !== 'none' && <Icon name={sorted === 'descending' ? 'arrd' : 'arru'} size={12} />}
      </button>
    </th>
  )
}
