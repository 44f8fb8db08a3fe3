import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'

/** How many messages of supervisors and chats with colleagues wait to be read. */
export function useUnread(): { supervisor: number; staff: number } {
  const messages = useQuery({ queryKey: ['supervisor-messages'], queryFn: api.supervisorMessages }).data?.items ?? []
  const chats = useQuery({ queryKey: ['staff-chats'], queryFn: api.staffChats }).data?.items ?? []
  return { supervisor: messages.filter((m) => !m.seen).length, staff: chats.filter((c) => c.unread > 0).length }
}
