import { useState } from 'react'
import { Link } from 'wouter'
import { useVerb } from '../actions'
import type { InteractionView } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { figure } from '../i18n/format'
import { mayDo } from '../inbox/interaction'
import { useMe } from '../session'
import { AskWrapUp } from '../thread/ask-wrap-up'
import { Transfer } from '../thread/transfer'
import { Icon } from '../ui/icon'
import { announced, printed, useKeys } from '../ui/keys'
import { Avatar, Chip, Failure, Kbd, Since } from '../ui/parts'
import type { Line } from './lines'
import { swapKey, Tones, useDrop, useSwap } from './second'

/** What tells lines apart: in a conference several are line 2. */
export const keyOf = (l: Line) => `${l.no}/${l.colleague ?? (l.outside ? 'outside' : '')}`

const cardHeight = 126 // px of a line card, and 12 between two

/** From me to each line: solid green where we hear each other, dashed grey where it is parked. */
export function Cords({ lines }: { lines: Line[] }) {
  const w = useWords()
  const height = lines.length * cardHeight + (lines.length - 1) * 12
  const middle = height / 2
  return (
    <div className="patch-cord">
      <svg viewBox={`0 0 56 ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {lines.map((l, n) => {
          const y = n * (cardHeight + 12) + 62
          const tone = l.state === 'live' ? 'live' : 'hold'
          return (
            <g key={keyOf(l)}>
              <path className={`cord cord--${tone}`} d={`M14 ${middle} C14 ${y} 26 ${y} 46 ${y}`} />
              <circle className={`jack jack--${tone}`} cx="47" cy={y} r="5" />
            </g>
          )
        })}
      </svg>
      <span className="av av--me patch-me">{w.phone.me}</span>
    </div>
  )
}

/** One line: who is on it, since when, and what can be done with it. */
export function LineCard({ line }: { line: Line }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const i = line.interaction
  const second = line.colleague !== undefined || line.outside === true
  const about = second ? [] : [f.address(line.address), i?.queue_name].filter(Boolean)
  const kind = !second ? w.phone.kinds.customer : line.outside ? w.lines.outsider : i?.phase === 'consult' ? w.phone.kinds.consult : w.lines.colleague
  return (
    <article className={`line${line.state === 'live' ? ' line--live' : ''}`} aria-label={second ? `${w.panel.line(line.no)}: ${line.name}` : w.panel.line(line.no)}>
      <div className="line-top">
        <Avatar name={line.name} size="lg" />
        <div className="col grow">
          <span className="row wrap">
            <span className="overline nowrap">{w.phone.line(line.no, kind)}</span>
            <LineChip line={line} />
          </span>
          <span className="strong t-title ell">{line.name}</span>
          <span className="meta num ell">
            {about.join(' · ')}
            {!second && i?.case_number && (
              <>
                {' '}
                · <Link href={`/cases/${i.case}`}>#{i.case_number}</Link>
              </>
            )}
          </span>
        </div>
        {line.since && <Since className="timer" at={line.since} as={figure} />}
      </div>
      {i && (second ? <ColleagueActs i={i} line={line} /> : i.agent === me.agent ? <CustomerActs i={i} line={line} /> : null)}
    </article>
  )
}

function CustomerActs({ i, line }: { i: InteractionView; line: Line }) {
  const w = useWords()
  const me = useMe()
  const [transfer, setTransfer] = useState(false)
  const [tones, setTones] = useState(false)
  const hold = useVerb('hold')
  const resume = useVerb('resume')
  const end = useVerb('end')
  const swap = useSwap(i, line)
  const can = (verb: string) => mayDo(i, verb, me.agent)
  const parks = can('hold') || can('resume')
  const park = () => (can('resume') ? resume : hold).mutate(i.id)
  useKeys({ 'ctrl+alt+KeyH': parks && park })
  const problem = hold.error ?? resume.error ?? swap.error ?? end.error
  return (
    <>
      <div className="line-acts">
        {parks && (
          <button className="btn btn--sm" onClick={park}>
            <Icon name={can('resume') ? 'play' : 'hold'} />
            {can('resume') ? w.phone.resume : w.phone.hold}
          </button>
        )}
        <Talk swap={swap} />
        {can('keys') && line.state === 'live' && (
          <button className="btn btn--sm" aria-expanded={tones} onClick={() => setTones(!tones)}>
            <Icon name="pad" />
            {w.lines.keys}
          </button>
        )}
        {(can('transfer') || can('consult')) && (
          <button className="btn btn--sm" onClick={() => setTransfer(true)}>
            <Icon name={can('transfer') ? 'fwd' : 'users'} />
            {can('transfer') ? w.thread.transfer : w.lines.more}
          </button>
        )}
        <AskWrapUp i={i} />
        <span className="grow" />
        {can('end') && (
          <button className="btn btn--sm btn--quiet btn--end" disabled={end.isPending} onClick={() => end.mutate(i.id)}>
            <Icon name="hangup" />
            {w.phone.hangUp}
          </button>
        )}
      </div>
      {tones && line.state === 'live' && <Tones id={i.id} />}
      {problem && <Failure error={problem} />}
      {transfer && <Transfer i={i} close={() => setTransfer(false)} />}
    </>
  )
}

/** The other line hears music meanwhile. */
function Talk({ swap }: { swap: ReturnType<typeof useSwap> }) {
  const w = useWords()
  if (!swap.can) return null
  return (
    <button className="btn btn--sm" disabled={swap.busy} onClick={swap.talk} aria-keyshortcuts={announced(swapKey)}>
      <Icon name="play" />
      {w.phone.resume}
      <Kbd>{printed(swapKey)}</Kbd>
    </button>
  )
}

/** Who is on line 2 can be let go; a colleague who was asked leaves. */
function ColleagueActs({ i, line }: { i: InteractionView; line: Line }) {
  const w = useWords()
  const me = useMe()
  const guest = i.others?.includes(me.agent) ?? false
  const drop = useDrop(i.id)
  const swap = useSwap(i, line)
  const problem = drop.error ?? swap.error
  if (!mayDo(i, 'drop_line', me.agent)) return null
  return (
    <>
      <div className="line-acts">
        <Talk swap={swap} />
        <span className="grow" />
        <button className="btn btn--sm btn--quiet btn--end" disabled={drop.isPending} onClick={() => drop.mutate(!guest && i.phase === 'conference' ? (line.outside ? { outside: true } : { colleague: line.colleague }) : undefined)}>
          <Icon name="hangup" />
          {guest ? w.lines.leave : i.phase === 'conference' ? w.lines.dropWho(line.name) : w.lines.drop}
        </button>
      </div>
      {problem && <Failure error={problem} />}
    </>
  )
}

function LineChip({ line }: { line: Line }) {
  const w = useWords()
  if (line.state === 'live')
    return (
      <Chip tone="ok" icon="phone">
        {w.phone.live}
      </Chip>
    )
  if (line.state === 'ringing')
    return (
      <Chip tone="crit" icon="phone">
        {w.phone.ringing}
      </Chip>
    )
  return (
    <Chip tone="warn" icon="hold">
      {w.panel.held}
    </Chip>
  )
}
