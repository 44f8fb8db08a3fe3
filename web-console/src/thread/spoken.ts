import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { InteractionView } from '../api/types'
import { useLanguage } from '../i18n'
import { useLive } from '../live/hub'

/** What may answer the customer's latest words, asked anew with each of them and with each article that is given; and the language they are in. */
export function useSuggestions({ conversation }: Pick<InteractionView, 'conversation'>) {
  const pos = useLive((l) => l.logs[conversation]?.entries.findLast((e) => e.author.kind === 'customer' || e.kind === 'article')?.pos ?? 0)
  return useQuery({
    queryKey: ['suggest', conversation, pos],
    queryFn: () => api.suggest(conversation),
    placeholderData: (before, query) => (query?.queryKey[1] === conversation ? before : undefined), // never another customer's
  })
}

/** The language that a customer is answered in: articles are looked for in it. Until the server has said, the agent's own. */
export function useSpoken(i: InteractionView): string {
  const own = useLanguage()
  return useSuggestions(i).data?.language ?? own
}

const base = (language: string) => language.split('-')[0]!.toLowerCase()

/** True when an article is not in the language that was looked for. */
export const foreign = (a: { language: string }, language: string) => base(a.language) !== base(language)
