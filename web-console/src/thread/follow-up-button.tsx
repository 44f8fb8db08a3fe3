import { lazy, Suspense, useState } from 'react'
import { useWords } from '../i18n'
import { Icon } from '../ui/icon'
import type { About } from './follow-up'

const FollowUp = lazy(() => import('./follow-up').then((m) => ({ default: m.FollowUp })))

/** Asks what is to be done later, and when. */
export function FollowUpButton({ about, named }: { about: About; named?: boolean }) {
  const w = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className={named ? 'btn btn--xs' : 'ibtn'} aria-label={named ? undefined : w.mail.followUp} title={named ? undefined : w.mail.followUp} onClick={() => setOpen(true)}>
        <Icon name="clock" size={named ? 12 : 16} />
        {named && w.mail.followUp}
      </button>
      <Suspense>{open && <FollowUp about={about} close={() => setOpen(false)} />}</Suspense>
    </>
  )
}
