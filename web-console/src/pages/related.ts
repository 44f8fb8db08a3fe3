import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Id } from '../api/types'

export const useRelated = (id: Id) => useQuery({ queryKey: ['case', id, 'related'], queryFn: () => api.related(id), staleTime: 60_000 })
