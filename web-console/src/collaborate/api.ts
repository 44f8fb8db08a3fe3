import { call } from '../api/client'
import type { Id } from '../api/types'

/** A customer's page that an agent looks at, or has asked to. */
export interface Collaboration {
  id: Id
  interaction: Id
  agent: Id
  state: 'asked' | 'shared' | 'ended'
  control: 'off' | 'asked' | 'given'
  code?: string
  cause?: string
}

export interface Settings {
  enabled: boolean
  control: boolean
  mask: string[]
  block: string[]
  forbid: string[]
  allow: string[]
  rev: number
}

export const collaborate = {
  ask: (interaction: Id) => call<Collaboration>('POST', `/interactions/${interaction}/collaborate`),
  of: (interaction: Id) => call<Collaboration>('GET', `/interactions/${interaction}/collaboration`),
  control: (id: Id, on: boolean) => call<Collaboration>('POST', `/collaborations/${id}/control`, { body: { on } }),
  end: (id: Id) => call<Collaboration>('POST', `/collaborations/${id}/end`),
  settings: () => call<Settings>('GET', '/admin/collaborate'),
  set: (s: Settings) => call<Settings>('PUT', '/admin/collaborate', { body: s }),
}
