import type { Id, InteractionView } from '../api/types'

export type Group = 'now' | 'you' | 'parked' | 'queued' | 'others' | 'finished'
export type Scope = 'mine' | 'queues' | 'all'

const order: Group[] = ['now', 'you', 'parked', 'queued', 'others', 'finished']

/** Where an interaction stands in the list: what is said aloud first, then what waits for whom. */
export function groupOf(i: InteractionView, me: Id): Group {
  if (i.state === 'finished') return 'finished'
  if (i.state === 'waiting' || i.state === 'offered') return 'queued'
  if (i.agent !== me && !i.others?.includes(me)) return 'others'
  if (i.state === 'parked') return 'parked'
  if (i.state === 'wrap_up') return 'now'
  const spoken = i.channel === 'voice' || i.channel === 'chat' || i.channel === 'callback'
  if (spoken) return 'now'
  return (i.unread ?? 0) > 0 ? 'you' : 'now'
}

export type Row = { heading: Group } | { item: InteractionView }

/** The list as rows: a heading before each group that has something, the oldest wait first. */
export function rowsOf(items: InteractionView[], me: Id): Row[] {
  const rows: Row[] = []
  for (const group of order) {
    const members = items.filter((i) => groupOf(i, me) === group).sort(byArrival)
    if (members.length === 0) continue
    rows.push({ heading: group }, ...members.map((item) => ({ item })))
  }
  return rows
}

// Rows keep their place while they are worked on: arrival never changes.
const byArrival = (a: InteractionView, b: InteractionView) => a.arrived_at.localeCompare(b.arrived_at) || Number(a.id) - Number(b.id)

export function matches(i: InteractionView, text: string): boolean {
  const t = text.trim().toLocaleLowerCase()
  if (!t) return true
  return [i.customer_name, i.customer_address, i.subject, i.preview, i.queue_name, i.case_number && `#${i.case_number}`].some((v) => v && String(v).toLocaleLowerCase().includes(t))
}
