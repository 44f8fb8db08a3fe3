import type { Channel } from '../api/types'
import { useFormat, useWords } from '../i18n'

/** What a customer is called: the name, else where they write or call from, else that they visit. */
export function useWho(): (of: { channel: Channel; customer_name?: string; customer_address?: string }) => string {
  const w = useWords()
  const f = useFormat()
  return (of) => of.customer_name || f.address(of.customer_address) || (of.channel === 'chat' ? w.side.visitor : w.common.unknown)
}
