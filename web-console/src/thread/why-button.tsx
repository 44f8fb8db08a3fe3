import { lazy, Suspense, useState } from 'react'
import type { Id } from '../api/types'
import { useWords } from '../i18n'
import { useMe } from '../session'
import { Icon } from '../ui/icon'

const Why = lazy(() => import('./why').then((m) => ({ default: m.Why })))

/** For supervisors: who could have had it, and why who got it did. */
export function WhyButton({ id }: { id: Id }) {
  const w = useWords()
  const [open, setOpen] = useState(false)
  if (useMe().role === 'agent') return null
  return (
    <>
      <button className="ibtn" aria-label={w.why.title} title={w.why.title} onClick={() => setOpen(true)}>
        <Icon name="info" />
      </button>
      {open && (
        <Suspense>
          <Why id={id} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
