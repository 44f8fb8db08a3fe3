import { useEffect, useState, type ReactNode } from 'react'
import { Problem } from '../api/client'
import type { Channel, Status } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { full, initials, short } from '../i18n/format'
import { useNow } from '../live/clock'
import { Icon, type IconName } from './icon'
import { StatusGlyph } from './presence'

// The small parts that every page is made of. Class names are those of styles/components.css.

export const channelIcon: Record<Channel, IconName> = { voice: 'phone', chat: 'chat', email: 'mail', voicemail: 'voicemail', callback: 'phone' }

export type Tone = 'plain' | 'ok' | 'warn' | 'crit' | 'wrap' | 'accent'

export function Chip({ tone = 'plain', icon, large, children }: { tone?: Tone; icon?: IconName; large?: boolean; children: ReactNode }) {
  return (
    <span className={`chip${large ? ' chip--lg' : ''}${tone === 'plain' ? '' : ` chip--${tone}`}`}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  )
}

export function Avatar({ name, size, me, status }: { name: string; size?: 'sm' | 'md' | 'lg'; me?: boolean; status?: Status }) {
  const text = size === 'sm' ? initials(name).slice(0, 1) : initials(name)
  return (
    <span className={`av${size ? ` av--${size}` : ''}${me ? ' av--me' : ''}`} aria-hidden={status ? undefined : true}>
      <span aria-hidden="true">{text}</span>
      {status && <StatusGlyph status={status} ring />}
    </span>
  )
}

export const Kbd = ({ children }: { children: ReactNode }) => (
  <span className="kbd" aria-hidden="true">
    {children}
  </span>
)

export const Badge = ({ count, tone, dot }: { count: number; tone?: 'accent' | 'crit'; dot?: boolean }) =>
  count > 0 ? <span className={`badge${tone ? ` badge--${tone}` : ''}${dot ? ' dot' : ''}`}>{count > 99 ? '99+' : count}</span> : null

/** A bar drawn in SVG, so that no style is written into the page. */
export function Bar({ share, tone, className = '' }: { share: number; tone?: 'ok' | 'warn' | 'crit' | 'wrap'; className?: string }) {
  const width = `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`
  return (
    <svg className={`bar${tone ? ` bar--${tone}` : ''} ${className}`} aria-hidden="true">
      <rect width={width} height="100%" />
    </svg>
  )
}

/** Time since a moment, by the server's clock. Not a live region: it would never be silent. */
export function Since({ at, as = short, className }: { at: string | number; as?: (ms: number) => string; className?: string }) {
  const now = useNow()
  const ms = now - (typeof at === 'number' ? at : Date.parse(at))
  return <time className={className}>{as(ms)}</time>
}

export const FullSince = ({ at, className }: { at: string; className?: string }) => <Since at={at} as={full} className={className} />

/** True once something has taken longer than 300 ms: what is quick never flashes a skeleton. */
export function useSlow(pending: boolean, ms = 300): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!pending) return setSlow(false)
    const timer = setTimeout(() => setSlow(true), ms)
    return () => clearTimeout(timer)
  }, [pending, ms])
  return pending && slow
}

export function Skeleton({ rows = 3 }: { rows?: number }) {
  const w = useWords()
  const slow = useSlow(true)
  return (
    <div className="skeleton" aria-busy="true" aria-label={w.common.loading} role="status">
      {slow &&
        Array.from({ length: rows }, (_, i) => (
          <div className="row row-3" key={i}>
            <span className="sk sk--o" />
            <span className="col grow sk-lines">
              <span className="sk sk--a" />
              <span className="sk sk--b" />
            </span>
          </div>
        ))}
    </div>
  )
}

export function Empty({ icon = 'check', text, hint, children }: { icon?: IconName; text: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="chan">
        <Icon name={icon} />
      </span>
      <span className="med">{text}</span>
      {hint && <span className="meta">{hint}</span>}
      {children}
    </div>
  )
}

/** What went wrong, what to do, and the code to quote. */
export function Failure({ what, error, retry }: { what?: string; error: unknown; retry?: () => void }) {
  const w = useWords()
  const { title, detail, id } = useProblem(error, what)
  return (
    <div className="banner banner--crit banner--top" role="alert">
      <Icon name="alert" />
      <span className="grow">
        {title}
        <br />
        <span className="meta">
          {detail}
          {id && ` ${w.common.code(id)}`}
        </span>
      </span>
      {retry && (
        <button className="btn btn--xs" onClick={retry}>
          {w.common.retry}
        </button>
      )}
    </div>
  )
}

export function useProblem(error: unknown, what?: string) {
  const w = useWords()
  const p = error instanceof Problem ? error : null
  const title = what ? w.problem.title(what) : w.problem.action
  const detail = p?.status === 0 ? w.problem.offline : (p && w.problem.codes[p.code]) || p?.detail || w.problem.unexpected
  return { title, detail, id: p?.requestId ?? '' }
}

/** What is being fetched, as the query hooks give it. */
export interface Fetching<T> {
  data: T | undefined
  error: unknown
  isPending: boolean
  refetch: () => unknown
  dataUpdatedAt: number
}

/** Loading, failed, empty or there: the four faces of everything that is fetched. */
export function Fetched<T>(props: {
  query: Fetching<T>
  what: string
  rows?: number
  children: (data: T) => ReactNode
}) {
  const { query } = props
  const w = useWords()
  const f = useFormat()
  if (query.data === undefined && query.error) return <Failure what={props.what} error={query.error} retry={() => void query.refetch()} />
  if (query.data === undefined) return <Skeleton rows={props.rows} />
  return (
    <>
      {query.error != null && (
        <p className="stale meta row row-1">
          <Icon name="clock" size={12} />
          {w.common.older(f.clock(query.dataUpdatedAt))}
        </p>
      )}
      {props.children(query.data)}
    </>
  )
}
