import type { Author, Call, Entry, Id, InteractionView, Offer, Presence, StaffMessage, SupervisorMessage } from '../api/types'

/** What stands on each frame of the socket (vaxel.v1). */
export interface Envelope {
  v?: 1
  t: string
  n?: number // 1, 2, 3 … on this connection for what must not be missed
  at?: string // cursor into the event log
  ts?: string
  conversation?: Id
  rev?: number
  data?: unknown
}

export interface Welcome {
  node: string
  server_time: string
  heartbeat_s: number
  resumed: boolean
}

export interface Snapshot {
  presence: Presence
  offers: Offer[]
  interactions: InteractionView[]
  calls?: Call[]
}

/** What each kind of frame carries; kinds that aren't here are ignored. */
export interface FrameData {
  welcome: Welcome
  snapshot: Snapshot
  'agent.status': Presence
  'agent.presence': Presence
  'offer.created': Offer
  'offer.closed': Offer
  'interaction.changed': InteractionView
  'message.created': Entry
  typing: { author: Author; on: boolean }
  'queue.stats': unknown
  'supervisor_message.created': SupervisorMessage
  'staff_chat.created': StaffMessage
  'drain.notice': { phase: string; deadline?: string }
}
