import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { AgentRow, Id } from '../api/types'
import { useWords } from '../i18n'

/** The administrator's reasons, by status: my own, or those of whom I set a status for. */
export const useStatusCodes = (agent?: Id) => useQuery({ queryKey: ['status-codes', agent], queryFn: () => (agent ? api.statusCodesOf(agent) : api.statusCodes()), staleTime: Infinity }).data

/** What a status code is called: the administrator's word, else ours, else the code itself. */
export function useCodeName(): (code: string | undefined) => string {
  const w = useWords()
  const lists = useStatusCodes()
  return (code) => {
    if (!code) return ''
    const named = Object.values(lists ?? {}).flatMap((l) => l ?? [])
    return named.find((c) => c.id === code)?.name ?? w.status.codes[code] ?? code
  }
}

/** What an agent's code is called: others may have reasons that are not mine to choose. */
export function useCodeOf(): (a: AgentRow) => string {
  const codeName = useCodeName()
  return (a) => a.code_name || codeName(a.presence.status_code)
}
