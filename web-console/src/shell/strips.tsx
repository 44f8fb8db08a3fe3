import { useMutationState, useQueryClient } from '@tanstack/react-query'
import { statusKey, useSetStatus } from '../actions'
import { Problem } from '../api/client'
import { useFormat, useWords } from '../i18n'
import { figure, short } from '../i18n/format'
import { serverNow, useNow } from '../live/clock'
import { retryLink, useLive } from '../live/hub'
import type { Drain } from '../live/state'
import { unsent } from '../live/outbox'
import { useLines } from '../phone/lines'
import { AlertStrip } from './alerts'
import { StatusButton } from './status-menu'
import { Icon, type IconName } from '../ui/icon'
import { Since } from '../ui/parts'

const noticeLasts = 45_000 // ms without hearing of a drain again
const patience = 30_000 // ms without contact before the strip turns red

/** One line under the control panel for what concerns the whole workplace; never a dialog. */
export function Strips() {
  const link = useLive((l) => l.link)
  const drain = useLive((l) => l.drain)
  return (
    <div className="strips">
      {link.state === 'down' && (link.taken ? <Taken /> : <Down since={link.since} />)}
      {drain && <Draining drain={drain} />}
      <AlertStrip />
      <Standing />
      <Refused />
    </div>
  )
}

function Strip({ tone, icon, text, time, children }: { tone: 'warn' | 'crit' | 'wrap'; icon: IconName; text: string; time?: React.ReactNode; children?: React.ReactNode }) {
  return (
    <div className={`topbar topbar--${tone}`} role="status">
      <Icon name={icon} />
      <span className="grow">{text}</span>
      {time}
      {children}
    </div>
  )
}

function Down({ since }: { since: number }) {
  const w = useWords()
  const now = useNow()
  const lines = useLines()
  if (now - since < 1000) return null // a blink of the network is nobody's business
  const long = now - since >= patience
  const onLine = lines.find((l) => l?.state === 'live')?.no ?? null
  return (
    <Strip tone={long ? 'crit' : 'warn'} icon={long ? 'alert' : 'warn'} text={long ? w.strip.still(onLine) : w.strip.down(unsent())} time={<Since className="num" at={since} as={short} />}>
      <button className="btn btn--xs" onClick={retryLink}>
        {w.strip.now}
      </button>
    </Strip>
  )
}

function Taken() {
  const w = useWords()
  return (
    <Strip tone="warn" icon="warn" text={w.strip.taken}>
      <button className="btn btn--xs" onClick={() => location.reload()}>
        {w.strip.takeOver}
      </button>
    </Strip>
  )
}

/** The platform switch: what is held is finished here, the rest goes on at the new place. */
function Draining({ drain }: { drain: Drain }) {
  const w = useWords()
  const f = useFormat()
  const now = useNow()
  const calls = useLines().some(Boolean)
  const up = useLive((l) => l.link.state === 'up')
  if (up && now - (drain.heard ?? now) > noticeLasts) return null // we are at the new place
  const final = drain.phase === 'final'
  const left = drain.deadline ? Date.parse(drain.deadline) - serverNow() : undefined
  if (drain.phase === 'planned') return <Strip tone="wrap" icon="swap" text={w.strip.drainPlanned(drain.since ? f.clock(drain.since) : '')} />
  const text = left !== undefined && left <= 0 ? w.strip.drainOver : final ? w.strip.drainFinal(calls) : w.strip.drain
  return <Strip tone={final ? 'crit' : 'wrap'} icon="swap" text={text} time={left !== undefined && left > 0 && <time className="num strong">{figure(left)}</time>} />
}

/** What a change of status was refused for: a locked break, or a reason that is missing. */
function Refused() {
  const w = useWords()
  const client = useQueryClient()
  const last = useMutationState({ filters: { mutationKey: statusKey } }).at(-1)
  const p = last?.error
  if (!(p instanceof Problem)) return null
  const text = p.code === 'break_locked' ? w.strip.locked : [w.strip.refused, w.problem.codes[p.code] ?? p.detail].join(' ')
  const forget = () => client.getMutationCache().findAll({ mutationKey: statusKey }).forEach((m) => client.getMutationCache().remove(m))
  return (
    <Strip tone="warn" icon="lock" text={text}>
      <button className="btn btn--xs" onClick={forget}>
        {w.strip.dismiss}
      </button>
    </Strip>
  )
}

/** Why no work comes, and the way back: nobody should sit waiting after a missed offer. */
function Standing() {
  const w = useWords()
  const status = useLive((l) => l.presence?.status)
  const code = useLive((l) => l.presence?.status_code)
  const set = useSetStatus()
  const causes: Record<string, string> = { login: w.strip.login, missed: w.strip.missed, declined: w.strip.declined, connection_lost: w.strip.lost }
  const away = status === 'on_break' || status === 'working_offline'
  const text = (away && code && causes[code]) || (status === 'on_break' ? w.strip.onBreak : status === 'logged_out' ? w.strip.out : '')
  if (!text) return null
  return (
    <Strip tone="warn" icon="pause" text={text}>
      <StatusButton className="btn btn--xs" status="available" disabled={set.isPending} choose={(code) => set.mutate({ status: 'available', code })}>
        {w.strip.goAvailable}
      </StatusButton>
    </Strip>
  )
}
