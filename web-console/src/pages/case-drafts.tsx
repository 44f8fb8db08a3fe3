import { useEffect } from 'react'
import { Link } from 'wouter'
import type { CaseTimeline, Id } from '../api/types'
import { useWords } from '../i18n'
import { Drafting } from '../thread/drafting'
import { show } from '../thread/log'
import { useTimeline } from '../thread/timeline'

/** The mails that are being written on a case, by whom, and the way to them. */
export function CaseDrafts({ of }: { of: Id }) {
  const { data } = useTimeline(of)
  return (data?.conversations ?? []).filter((c) => c.channel === 'email').map((c) => <Drafts key={c.id} conversation={c.id} at={placeOf(data, c.id)} />)
}

const placeOf = (t: CaseTimeline | undefined, conversation: Id) => t?.interactions.findLast((i) => i.conversation === conversation)?.id

function Drafts({ conversation, at }: { conversation: Id; at?: Id }) {
  const w = useWords()
  useEffect(() => {
    show(conversation, 1) // so that one sees what is written while one looks
    return () => show(conversation, -1)
  }, [conversation])
  return (
    <Drafting conversation={conversation}>
      {at && (
        <Link className="btn btn--xs" href={`/email/${at}`}>
          {w.customers.open}
        </Link>
      )}
    </Drafting>
  )
}
