import { useState } from 'react'
import { Button, MenuTrigger } from 'react-aria-components'
import { Link, useLocation } from 'wouter'
import { useSetStatus } from '../actions'
import { api } from '../api/client'
import type { Intent, Language } from '../api/types'
import { useLanguage, useWords } from '../i18n'
import { figure } from '../i18n/format'
import { useStatusCodes } from '../live/codes'
import { useLive } from '../live/hub'
import { useUnread } from '../live/unread'
import { useLines, type Line } from '../phone/lines'
import { useMe, useSession } from '../session'
import { Menu, MenuItem, MenuSep, Switch } from '../ui/controls'
import { Icon } from '../ui/icon'
import { printed } from '../ui/keys'
import { Avatar, Kbd, Since } from '../ui/parts'
import { useSetting } from '../ui/settings'
import { Logo } from './logo'
import { holdsWork, StatusButton, StatusMenu } from './status-menu'

/** The bar that is the same on every page: who I am to the floor, and what it wants of me. */
export function ControlPanel({ search, shortcuts }: { search: () => void; shortcuts: () => void }) {
  const w = useWords()
  const lines = useLines()
  return (
    <header className="cpanel">
      <Link className="logo" href="/chat" aria-label={w.panel.home}>
        <Logo />
      </Link>
      <StatusMenu />
      <Capacity />
      <span className="vsep wide-only" />
      <StopNew />
      <button className="searchbox" onClick={search} aria-keyshortcuts="Control+K">
        <Icon name="search" />
        <span className="grow ell">{w.panel.search}</span>
        <Kbd>{printed('mod+KeyK')}</Kbd>
      </button>
      <LineChip no={1} line={lines[0]} />
      <LineChip no={2} line={lines[1]} />
      <span className="vsep wide-only" />
      <Bell />
      <button className="ibtn ibtn--md" aria-label={w.panel.help} onClick={shortcuts}>
        <Icon name="help" />
      </button>
      <UserMenu shortcuts={shortcuts} />
    </header>
  )
}

const usualChat = 25 // units, where the house has no rule of its own

function Capacity() {
  const w = useWords()
  const units = useLive((l) => l.presence?.units ?? 0)
  const step = useMe().costs?.chat || usualChat // a step is a chat's room: as many chats fit as there are steps
  const steps = Math.max(1, Math.floor(100 / step))
  const used = Math.ceil(Math.min(units, 100) === units ? Math.min(steps, units / step) : units / step)
  const gap = steps > 6 ? 1 : 2.6
  const wide = (32 - gap * (steps - 1)) / steps
  return (
    <span className={`cap${units > 100 ? ' t-warn' : ''}`} title={w.status.capacityTitle}>
      <svg viewBox="0 0 32 8" aria-hidden="true">
        {Array.from({ length: steps }, (_, i) => (
          <rect key={i} className={i < used ? 'on' : 'no'} x={i * (wide + gap)} y="0" width={wide} height="8" rx="2" />
        ))}
      </svg>
      <span className="vh">{w.status.capacityTitle}</span>
      <span className="num">{w.status.capacity(used, steps)}</span>
    </span>
  )
}

/** Stop new: what I hold stays, nothing is added; it is the next status of one who is busy. */
function StopNew() {
  const w = useWords()
  const presence = useLive((l) => l.presence)
  const set = useSetStatus()
  const on = presence?.next !== undefined && presence.next !== 'available'
  const to: Intent = on ? 'available' : 'working_offline'
  const choose = (code?: string) => set.mutate({ status: to, code })
  if (useStatusCodes()?.[to]?.length)
    return (
      <StatusButton className="toggle toggle--button" status={to} choose={choose} disabled={!holdsWork(presence)}>
        <span className={`switch${on ? ' is-on' : ''}`} />
        {w.status.stopNew}
      </StatusButton>
    )
  return (
    <Switch on={on} set={() => choose()} disabled={!holdsWork(presence)}>
      {w.status.stopNew}
    </Switch>
  )
}

function LineChip({ no, line }: { no: 1 | 2; line?: Line }) {
  const w = useWords()
  const [, go] = useLocation()
  if (!line)
    return (
      <button className="line-chip" onClick={() => go('/phone')}>
        {no === 1 && <Icon name="phone" />}
        <b>L{no}</b> {w.panel.idle}
      </button>
    )
  const tone = { ringing: 'ring', live: 'live', held: 'hold' }[line.state]
  return (
    <button className={`line-chip line-chip--${tone}`} onClick={() => go('/phone')}>
      <Icon name={line.state === 'held' ? 'hold' : 'phone'} />
      <b>L{no}</b> {line.state === 'ringing' ? w.panel.ringing : <span className="line-who">{line.name.startsWith('+') ? line.name : line.name.split(' ')[0]}</span>}
      {line.state === 'held' && <span className="vh">{w.panel.held}</span>}
      {line.since && <Since at={line.since} as={figure} />}
    </button>
  )
}

function Bell() {
  const w = useWords()
  const [, go] = useLocation()
  const { supervisor, staff } = useUnread()
  const count = supervisor + staff
  return (
    <MenuTrigger>
      <Button className="ibtn ibtn--md">
        <Icon name="bell" />
        <span className="vh">{w.panel.bell(count)}</span>
        {count > 0 && (
          <span className="badge badge--crit" aria-hidden="true">
            {count}
          </span>
        )}
      </Button>
      <Menu aria-label={w.panel.bell(count)} placement="bottom end">
        {supervisor > 0 && (
          <MenuItem icon="horn" onAction={() => go('/messages/supervisors')}>
            {w.panel.newSupervisor(supervisor)}
          </MenuItem>
        )}
        {staff > 0 && (
          <MenuItem icon="chat" onAction={() => go('/messages')}>
            {w.panel.newStaff(staff)}
          </MenuItem>
        )}
        {count === 0 && (
          <MenuItem icon="check" onAction={() => go('/messages')}>
            {w.panel.bellEmpty}
          </MenuItem>
        )}
      </Menu>
    </MenuTrigger>
  )
}

const themes = ['system', 'light', 'dark'] as const
const languages: Language[] = ['sv', 'en']

function UserMenu({ shortcuts }: { shortcuts: () => void }) {
  const w = useWords()
  const me = useMe()
  const { leave } = useSession()
  const language = useLanguage()
  const [theme, setTheme] = useSetting('theme')
  const [, setLanguage] = useSetting('language')
  const [, go] = useLocation()
  const [open, setOpen] = useState(false)
  const signOut = () => void api.signOut().finally(leave)
  return (
    <MenuTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className="ibtn ibtn--md">
        <Avatar name={me.name} me />
        <span className="vh">{w.panel.menu(me.name)}</span>
      </Button>
      <Menu aria-label={w.panel.menu(me.name)} placement="bottom end">
        {themes.map((t) => (
          <MenuItem key={t} onAction={() => setTheme(t)} lead={<span className={`check radio${t === theme ? ' is-on' : ''}`} />}>
            {w.palette.theme(w.panel.themes[t])}
          </MenuItem>
        ))}
        <MenuSep />
        {languages.map((l) => (
          <MenuItem key={l} onAction={() => (setLanguage(l), void api.changeMe({ language: l }).catch(() => {}))} lead={<span className={`check radio${l === language ? ' is-on' : ''}`} />}>
            {w.common.language[l]}
          </MenuItem>
        ))}
        <MenuSep />
        <MenuItem icon="sliders" onAction={() => go('/settings')}>
          {w.panel.settings}
        </MenuItem>
        <MenuItem icon="pad" onAction={shortcuts} end={<Kbd>{printed('mod+Slash')}</Kbd>}>
          {w.panel.shortcuts}
        </MenuItem>
        <MenuSep />
        <MenuItem icon="right" onAction={signOut}>
          {w.panel.signOut}
        </MenuItem>
      </Menu>
    </MenuTrigger>
  )
}
