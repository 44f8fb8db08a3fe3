import { Link, useLocation } from 'wouter'
import type { Channel } from '../api/types'
import { useWords } from '../i18n'
import { useLive } from '../live/hub'
import { useUnread } from '../live/unread'
import { useAlerts } from './alerts'
import { Icon, type IconName } from '../ui/icon'

export const tabs = ['phone', 'chat', 'email', 'status', 'messages', 'customers', 'knowledge', 'analysis', 'settings'] as const
export type Tab = (typeof tabs)[number]

const icons: Record<Tab, IconName> = {
  phone: 'phone',
  chat: 'chat',
  email: 'mail',
  status: 'pulse',
  messages: 'horn',
  customers: 'users',
  knowledge: 'book',
  analysis: 'chart',
  settings: 'sliders',
}

/** Which tab a channel lives on; its tab turns red while one of it is offered. */
export const tabOf: Record<Channel, Tab> = { voice: 'phone', callback: 'phone', voicemail: 'phone', chat: 'chat', email: 'email' }

function useCounts(): Partial<Record<Tab, number>> {
  const interactions = useLive((l) => l.interactions)
  const unread = useUnread()
  const counts: Partial<Record<Tab, number>> = { messages: unread.supervisor + unread.staff, status: useAlerts().length }
  for (const i of Object.values(interactions)) {
    const tab = tabOf[i.channel]
    counts[tab] = (counts[tab] ?? 0) + 1
  }
  return counts
}

export function Rail() {
  const w = useWords()
  const [path, go] = useLocation()
  const here = path.split('/')[1] || 'chat'
  const offered = useLive((l) => Object.values(l.offers).map((o) => tabOf[o.channel]))
  const counts = useCounts()
  const current = here === 'cases' ? 'customers' : here === 'chats' ? 'chat' : here

  const move = (e: React.KeyboardEvent<HTMLElement>) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[e.key]
    if (!step) return
    e.preventDefault()
    const links = [...e.currentTarget.querySelectorAll<HTMLElement>('a')]
    const at = links.indexOf(document.activeElement as HTMLElement)
    links[(at + step + links.length) % links.length]?.focus()
  }
  return (
    <nav className="rail" aria-label={w.rail.label}>
      <div className="rail-in" role="tablist" aria-label={w.rail.label} aria-orientation="vertical" onKeyDown={move}>
      {tabs.map((tab) => {
        const red = offered.includes(tab)
        const count = red ? offered.filter((t) => t === tab).length : (counts[tab] ?? 0)
        const selected = tab === current
        return (
          <Link
            key={tab}
            href={`/${tab}`}
            role="tab"
            aria-selected={selected}
            tabIndex={selected ? 0 : -1}
            className={`rail-tab${red ? ' rail-tab--offer' : ''}${tab === 'settings' ? ' rail-tab--last' : ''}`}
            onKeyDown={(e: React.KeyboardEvent) => e.key === ' ' && (e.preventDefault(), go(`/${tab}`))}
          >
            <Icon name={icons[tab]} size={20} />
            <span className="rail-word">{w.rail[tab]}</span>
            {count > 0 && <span className={`badge${selected && !red ? ' badge--accent' : ''}`}>{count > 99 ? '99+' : count}</span>}
            {red && <span className="vh">{w.rail.offered}</span>}
          </Link>
        )
      })}
      </div>
    </nav>
  )
}
