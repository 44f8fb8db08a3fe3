import { lazy, Suspense, useState } from 'react'
import type { Address, Id } from '../api/types'

const WriteMail = lazy(() => import('./write-mail').then((m) => ({ default: m.WriteMail })))

export type About = { case?: Id; customer?: Id; to?: Address[] }

/** A button that writes to somebody who has not written; the answer comes to the case. */
export function NewMail({ about, children }: { about?: About; children: (open: () => void) => React.ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      {children(() => setOpen(true))}
      <Suspense>{open && <WriteMail about={about ?? {}} close={() => setOpen(false)} />}</Suspense>
    </>
  )
}
