import type { ReactNode, Ref } from 'react'
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  Popover,
  Separator,
  Switch as AriaSwitch,
  type MenuItemProps,
  type MenuProps,
  type PopoverProps,
} from 'react-aria-components'
import { Icon, type IconName } from './icon'

/** A switch with its word beside it, or with only a name. */
export function Switch(props: { on: boolean; set: (on: boolean) => void; children?: ReactNode; label?: string; disabled?: boolean }) {
  return (
    <AriaSwitch className="toggle" isSelected={props.on} onChange={props.set} isDisabled={props.disabled} aria-label={props.label}>
      {({ isSelected, isFocusVisible }) => (
        <>
          <span className={`switch${isSelected ? ' is-on' : ''}${isFocusVisible ? ' is-focus' : ''}`} />
          {props.children}
        </>
      )}
    </AriaSwitch>
  )
}

/** A menu that floats beside its button. */
export function Menu<T extends object>({ placement, children, ...menu }: MenuProps<T> & { placement?: PopoverProps['placement'] }) {
  return (
    <Popover className="pop menu" placement={placement ?? 'bottom start'} offset={6}>
      <AriaMenu className="menu-list" {...menu}>
        {children}
      </AriaMenu>
    </Popover>
  )
}

export function MenuItem({ icon, lead, end, children, ...item }: Omit<MenuItemProps, 'children'> & { icon?: IconName; lead?: ReactNode; end?: ReactNode; children: ReactNode }) {
  return (
    <AriaMenuItem className={({ isFocused, isOpen, isHovered }) => `menu-item${isFocused || isOpen || isHovered ? ' is-active' : ''}`} {...item}>
      {({ hasSubmenu, isSelected }) => (
        <>
          {lead}
          {icon && <Icon name={icon} />}
          <span className="grow">{children}</span>
          {end}
          {isSelected && <Icon name="check" />}
          {hasSubmenu && <Icon name="right" />}
        </>
      )}
    </AriaMenuItem>
  )
}

export const MenuSep = () => <Separator className="menu-sep" />

/** A text field with an icon before it and something after it. */
export function Field(props: {
  label: string
  value: string
  set: (v: string) => void
  icon?: IconName
  placeholder?: string
  large?: boolean
  bad?: string
  type?: string
  autoComplete?: string
  end?: ReactNode
  input?: Ref<HTMLInputElement>
  onKeyDown?: (e: React.KeyboardEvent<HTMLInputElement>) => void
  onBlur?: () => void
  rest?: React.InputHTMLAttributes<HTMLInputElement>
  id?: string
}) {
  const { id } = props
  return (
    <>
      <div className={`field${props.large ? ' field--lg' : ''}${props.bad ? ' is-bad' : ''}`}>
        {props.icon && <Icon name={props.icon} />}
        <input
          id={id}
          ref={props.input}
          type={props.type ?? 'text'}
          aria-label={id ? undefined : props.label}
          aria-invalid={props.bad ? true : undefined}
          placeholder={props.placeholder}
          autoComplete={props.autoComplete ?? 'off'}
          value={props.value}
          onChange={(e) => props.set(e.target.value)}
          onKeyDown={props.onKeyDown}
          onBlur={props.onBlur}
          {...props.rest}
        />
        {props.bad && <Icon name="alert" />}
        {props.end}
      </div>
      {props.bad && (
        <span className="hint t-crit row row-1" role="alert">
          <Icon name="alert" size={12} />
          {props.bad}
        </span>
      )}
    </>
  )
}

/** A row of tabs or a segmented choice. Arrow keys move, as in every tab list. */
export function Tabs<K extends string>(props: {
  label: string
  chosen: K
  choose: (k: K) => void
  tabs: { key: K; text: ReactNode; end?: ReactNode }[]
  as: 'tab' | 'seg'
}) {
  const move = (e: React.KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0
    if (!step) return
    e.preventDefault()
    const at = props.tabs.findIndex((t) => t.key === props.chosen)
    const next = props.tabs[(at + step + props.tabs.length) % props.tabs.length]!
    props.choose(next.key)
    const list = e.currentTarget
    requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus())
  }
  return (
    <div className={props.as === 'seg' ? 'seg' : 'tabs'} role="tablist" aria-label={props.label} onKeyDown={move}>
      {props.tabs.map((t) => (
        <button
          key={t.key}
          type="button"
          role="tab"
          className={props.as === 'tab' ? 'tab' : undefined}
          aria-selected={t.key === props.chosen}
          tabIndex={t.key === props.chosen ? 0 : -1}
          onClick={() => props.choose(t.key)}
        >
          {t.text}
          {t.end}
        </button>
      ))}
    </div>
  )
}
