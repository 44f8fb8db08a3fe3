import type { Drain } from './state'
import type { Author, Entry, Id, InteractionView, Offer, Outbound, Presence, Receipt } from '../api/types'

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
}

/** What each kind of frame carries; kinds that aren't here only age the lists on screen. */
export interface FrameData {
  welcome: Welcome
  snapshot: Snapshot
  'agent.status': Presence
  'offer.created': Offer
  'offer.closed': Offer
  'interaction.changed': InteractionView
  'message.created': Entry
  'message.updated': Outbound
  'message.receipt': Receipt
  typing: { author: Author; on: boolean; text?: string }
  'drain.notice': Drain
}
