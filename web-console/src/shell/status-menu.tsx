import { useState, type ReactNode } from 'react'
import { Autocomplete, Button, Input, Menu as AriaMenu, MenuTrigger, Popover, SearchField, SubmenuTrigger, useFilter } from 'react-aria-components'
import { useSetStatus } from '../actions'
import { api } from '../api/client'
import type { Id, Intent, Named, Presence } from '../api/types'
import { useWords } from '../i18n'
import { full } from '../i18n/format'
import { useCodeName, useStatusCodes } from '../live/codes'
import { useLive } from '../live/hub'
import { Menu, MenuItem, MenuSep } from '../ui/controls'
import { Icon } from '../ui/icon'
import { useKeys } from '../ui/keys'
import { Kbd, Since } from '../ui/parts'
import { StatusGlyph } from '../ui/presence'
import { useSession } from '../session'

const choices: Intent[] = ['available', 'working_offline', 'on_break']

/** True while the agent holds work, so that a change of status waits for it. */
export const holdsWork = (p: Presence | null) => p !== null && (p.status === 'busy' || p.status === 'wrap_up')

export function StatusMenu() {
  const w = useWords()
  const presence = useLive((l) => l.presence)
  const down = useLive((l) => l.link.state === 'down')
  const [open, setOpen] = useState(false)
  const codes = useStatusCodes()
  const codeName = useCodeName()
  const set = useSetStatus()
  const { leave } = useSession()
  const busy = holdsWork(presence)
  const choose = (status: Intent, code?: string) => set.mutate({ status, code })
  const next = busy && presence?.next !== 'available' ? presence?.next : undefined
  const listed = (status: Intent) => codes?.[status] ?? []
  const logOut = (code?: string) => set.mutate({ status: 'logged_out', code }, { onSuccess: (p) => p.intent === 'logged_out' && void api.signOut().finally(leave) })

  useKeys({
    'ctrl+alt+KeyS': () => setOpen((o) => !o),
    'ctrl+alt+KeyB': () => (listed('on_break').length ? setOpen(true) : choose('on_break')),
  })

  const status = presence?.status ?? 'logged_out'
  const tone = status === 'wrap_up' ? ' status-btn--wrap' : status === 'busy' || status === 'offered' ? ' status-btn--busy' : ''
  return (
    <MenuTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className={({ isFocusVisible }) => `status-btn${tone}${isFocusVisible ? ' is-focus' : ''}`}>
        <span className="vh">{w.status.menu}:</span>
        <StatusGlyph status={status} silent />
        <span className="nowrap">{down ? w.status.unknown : w.status[status]}</span>
        {presence && <Since className="timer" at={presence.since} as={full} />}
        {next && <span className="then wide-only">{w.strip.next([w.status[next], codeName(presence?.next_code)].filter(Boolean).join(' · '))}</span>}
        <Icon name="down" />
      </Button>
      <Menu aria-label={w.status.menu}>
        {choices.map((status, i) => (
          <StatusItem key={status} status={status} end={i === 0 ? <Kbd>1</Kbd> : undefined} choose={(code) => choose(status, code)} />
        ))}
        <MenuSep />
        {next && (
          <StatusItem status="available" lead={<Icon name="clock" />} end={<span className="switch is-on" />} choose={(code) => choose('available', code)}>
            {w.status.later(w.status[next])}
          </StatusItem>
        )}
        {next && <MenuSep />}
        <StatusItem status="logged_out" end={<Open presence={presence} />} disabled={presence?.status === 'busy'} choose={logOut}>
          {w.status.logOut}
        </StatusItem>
      </Menu>
    </MenuTrigger>
  )
}

function Open({ presence }: { presence: Presence | null }) {
  const w = useWords()
  const count = presence?.holds?.length ?? 0
  return count > 0 ? <span className="meta">{w.status.open(count)}</span> : null
}

type Asks = { status: Intent; choose: (code?: string) => void; children?: ReactNode; disabled?: boolean }

/** A status in a menu, with its reasons beside it where it needs one; of somebody else, those that are theirs. */
export function StatusItem({ status, choose, children, disabled, lead, end, of }: Asks & { lead?: ReactNode; end?: ReactNode; of?: Id }) {
  const w = useWords()
  const codes = useStatusCodes(of)?.[status] ?? []
  const asks = codes.length > 0
  const item = (
    <MenuItem lead={lead ?? <StatusGlyph status={status} silent />} end={asks ? undefined : end} isDisabled={disabled} onAction={asks ? undefined : () => choose()}>
      {children ?? w.status[status]}
    </MenuItem>
  )
  if (!asks) return item
  return (
    <SubmenuTrigger>
      {item}
      <Codes status={status} codes={codes} choose={choose} />
    </SubmenuTrigger>
  )
}

/** A button that sets a status, which asks for the reason first where it needs one. */
export function StatusButton({ status, choose, children, disabled, className }: Asks & { className: string }) {
  const codes = useStatusCodes()?.[status] ?? []
  if (codes.length === 0)
    return (
      <Button className={className} isDisabled={disabled} onPress={() => choose()}>
        {children}
      </Button>
    )
  return (
    <MenuTrigger>
      <Button className={className} isDisabled={disabled}>
        {children}
      </Button>
      <Codes status={status} codes={codes} placement="bottom start" choose={choose} />
    </MenuTrigger>
  )
}

/** The reasons of a status: typed or chosen, never a dialog. */
export function Codes({ status, codes, choose, placement = 'right top' }: { status: Intent | 'decline'; codes: Named[]; choose: (code: string) => void; placement?: 'right top' | 'bottom start' }) {
  const w = useWords()
  const { contains } = useFilter({ sensitivity: 'base' })
  const needed = status === 'decline' ? w.offer.whyDecline : w.status.codeNeeded(w.status[status])
  const find = status === 'decline' ? w.offer.findReason : w.status.findCode
  return (
    <Popover className="pop menu" placement={innerWidth < 640 ? 'bottom start' : placement} offset={4}>
      <Autocomplete filter={contains}>
        <SearchField className="field" aria-label={find} autoFocus>
          <Icon name="search" />
          <Input placeholder={find} />
        </SearchField>
        <AriaMenu className="menu-list" aria-label={needed} renderEmptyState={() => <span className="hint menu-item">{w.status.noCode}</span>}>
          {codes.map((c) => (
            <MenuItem key={c.id} id={c.id} textValue={c.name} onAction={() => choose(c.id)}>
              {c.name}
            </MenuItem>
          ))}
        </AriaMenu>
        <p className="hint menu-foot">{needed}</p>
      </Autocomplete>
    </Popover>
  )
}
