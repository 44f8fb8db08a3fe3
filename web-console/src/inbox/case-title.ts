import type { Case } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'

type Titled = Pick<Case, 'subject' | 'channel' | 'preview' | 'created_at'>

/** What a case is called: its subject; of a chat what was said; of a call that it was one, and when. */
export function useCaseTitle(): (c: Titled) => string {
  const w = useWords()
  const f = useFormat()
  return (c) => {
    if (c.subject) return c.subject
    if (c.channel === 'chat' && c.preview) return c.preview
    if (!c.channel || c.channel === 'email') return w.inbox.noSubject
    return [w.channel[c.channel], c.created_at && f.when(c.created_at, serverNow())].filter(Boolean).join(' · ')
  }
}
