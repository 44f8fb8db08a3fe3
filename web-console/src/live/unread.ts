import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { Id, SupervisorMessage } from '../api/types'

/** How many messages of supervisors and chats with colleagues wait to be read. */
export function useUnread(): { supervisor: number; staff: number } {
  const messages = useQuery({ queryKey: ['supervisor-messages'], queryFn: api.supervisorMessages }).data?.items ?? []
  const chats = useQuery({ queryKey: ['staff-chats'], queryFn: api.staffChats }).data?.items ?? []
  return { supervisor: messages.filter((m) => !m.seen).length, staff: chats.filter((c) => c.unread > 0).length }
}

/** Whether something was said beside an interaction that I had not read when I came to it: reading it takes nothing away. */
export function useUnreadBeside(id: Id): boolean {
  const chats = useQuery({ queryKey: ['staff-chats'], queryFn: api.staffChats }).data?.items ?? []
  const [met, meet] = useState<Id>()
  if (met !== id && chats.some((c) => c.interaction === id && c.unread > 0)) meet(id)
  return met === id
}

/** What must be read before anything else, the oldest first. */
export function useUrgent(): SupervisorMessage[] {
  const { data } = useQuery({ queryKey: ['supervisor-messages'], queryFn: api.supervisorMessages })
  return (data?.items ?? []).filter((m) => m.urgent && !m.seen).reverse()
}
