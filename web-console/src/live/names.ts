import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Id } from '../api/types'

/** What an agent is called, by id; empty until it is known. */
export function useAgentName(): (id: Id | undefined) => string {
  const { data } = useQuery({ queryKey: ['agent-names'], queryFn: api.agents, staleTime: 300_000 })
  return (id) => data?.items.find((a) => a.id === id)?.name ?? ''
}
