import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, Problem } from '../api/client'
import type { Id, InteractionView, SkillLevel, Target } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { useWho } from '../inbox/who'
import { takeInteraction } from '../live/hub'
import { useMe } from '../session'
import { Icon, type IconName } from '../ui/icon'
import { announced, printed, spelled, useKeys } from '../ui/keys'
import { Failure, Kbd } from '../ui/parts'
import type { Goal } from './directory'
import { rings, useLines, usePartner, useUnanswered, type Line } from './lines'

// Line 1 is the customer, line 2 a colleague who is asked or, of a call, somebody outside. The verbs are the same for each channel.

const giveKey = 'ctrl+alt+KeyT'
const joinKey = 'ctrl+alt+KeyJ'
export const swapKey = 'ctrl+alt+KeyL' // not Digit1 and Digit2: on Windows, AltGr and 2 is @

/** One verb of the lines, whose answer is taken like a frame. */
function useLine<T = void>(verb: (to: T) => Promise<InteractionView | undefined>, done?: () => void) {
  const me = useMe()
  const client = useQueryClient()
  return useMutation({
    mutationFn: verb,
    onSuccess: (i) => {
      takeInteraction(i, me.agent)
      void client.invalidateQueries({ predicate: (q) => ['agents', 'queues', 'lines'].includes(String(q.queryKey[0])) }) // recents and states have changed
      done?.()
    },
  })
}

const target = ({ kind, id }: Goal): Target => (kind === 'agent' ? { to_agent: id } : kind === 'queue' ? { to_queue: id } : { to_number: id })

/** Gives an interaction away without talking first. */
export const useGive = (id: Id, done?: () => void) => useLine(({ to, note, skills }: { to: Goal; note?: string; skills?: SkillLevel[] }) => api.transfer(id, { ...target(to), note, skills }), done)

/** Asks a colleague, or calls a number, on line 2; who is busy is only disturbed on purpose. */
export function useAsk(id: Id, done?: () => void) {
  const ask = useLine(({ to, note, even }: { to: Goal; note?: string; even?: boolean }) => api.consult(id, { ...target(to), note, even_if_busy: even }), done)
  const busy = ask.error instanceof Problem && ask.error.code === 'confirm_busy'
  return { ask, busy, error: busy ? null : ask.error, disturb: () => ask.variables && ask.mutate({ ...ask.variables, even: true }) }
}

/** Talks on a line that hears music, and lets the other hear it; not while it still rings there. */
export function useSwap(i: InteractionView, line: Line) {
  const me = useMe()
  const partner = usePartner(i)
  const swap = useLine(() => api.swapLines(i.id, line.no))
  const can = line.state === 'held' && !partner.rings && mayDo(i, 'swap_lines', me.agent)
  const talk = () => swap.mutate()
  useKeys({ [swapKey]: can && talk })
  return { can, talk, busy: swap.isPending, error: swap.error }
}

/** Ends line 2, or takes one out of a conference. */
export const useDrop = (id: Id) => useLine((who?: { colleague?: Id; outside?: boolean }) => api.dropLine(id, who))

/** Says that whom one asks is busy, and offers to ring all the same. */
export function Busy({ asking }: { asking: ReturnType<typeof useAsk> }) {
  const w = useWords()
  if (!asking.busy) return null
  return (
    <div className="banner banner--warn" role="alert">
      <Icon name="warn" />
      <span className="grow">{w.lines.busy(asking.ask.variables?.to.name ?? '')}</span>
      <button className="btn btn--xs" onClick={asking.disturb} disabled={asking.ask.isPending}>
        {w.lines.disturb}
      </button>
    </div>
  )
}

/** Where the second line stands, in a word and a sentence; nothing if there is none. */
export function useSecond(i: InteractionView): { title: string; lead: string; tone: 'plain' | 'warn' } | null {
  const w = useWords()
  const me = useMe()
  const who = useWho()
  const partner = usePartner(i)
  const f = useFormat()
  const unanswered = useUnanswered(i)
  const outside = useLines().find((l) => l?.outside && l.interaction?.id === i.id)?.name
  const colleagues = (i.colleagues ?? []).filter((c) => c.id !== me.agent).map((c) => c.name)
  const names = (outside ? [...colleagues, outside] : colleagues).join(', ')
  const agent = i.agent_name ?? ''
  const spoken = i.channel === 'voice'
  if (i.others?.includes(me.agent)) {
    const joined = i.phase === 'conference'
    return { title: joined ? w.lines.guestJoined([agent, names].filter(Boolean).join(', ')) : w.lines.guest(agent), lead: joined ? '' : w.lines.guestLead(agent), tone: 'plain' }
  }
  const asked = i.asked
  if (i.phase === 'colleagues') return { title: w.lines.colleagues(names), lead: '', tone: 'plain' }
  if (i.phase === 'consult') {
    const waits = !spoken ? '' : partner.hears ? w.lines.waits(who(i)) : w.phone.heldLead(partner.name)
    if (!partner.name) return null
    if (partner.rings || rings(i)) return { title: w.lines.rings(partner.name), lead: waits, tone: 'plain' }
    return { title: w.lines.consult(partner.name), lead: spoken ? waits : w.lines.reads(partner.name), tone: 'plain' }
  }
  if (i.phase === 'conference') return { title: w.lines.conference(names), lead: spoken ? '' : w.lines.speaks(names), tone: 'plain' }
  if (unanswered?.failure) return { title: w.lines.failures[unanswered.failure](f.address(unanswered.number ?? '')), lead: '', tone: 'warn' }
  if (!asked) return null
  if (asked.kind === 'transfer' && !asked.outcome) return { title: w.lines.moving(asked.name), lead: '', tone: 'plain' }
  if (asked.kind === 'transfer' && i.state === 'wrap_up' && asked.outcome === 'accepted') return { title: w.lines.moved(asked.name), lead: '', tone: 'plain' }
  if (!asked.outcome || asked.outcome === 'accepted') return null
  if (asked.kind === 'recall') return null
  return { title: asked.kind === 'transfer' ? w.lines.came(asked.name) : w.lines.outcomes[asked.outcome](asked.name), lead: '', tone: 'warn' }
}

/** The strip of a thread's second line, with what can be done about it. */
export function SecondStrip({ i }: { i: InteractionView }) {
  const second = useSecond(i)
  if (!second) return null
  return (
    <div className={`banner banner--top second${second.tone === 'warn' ? ' banner--warn' : ''}`} role="status">
      <Icon name={second.tone === 'warn' ? 'warn' : 'users'} />
      <span className="grow">
        {second.title}
        {second.lead && (
          <>
            <br />
            <span className="meta">{second.lead}</span>
          </>
        )}
      </span>
      <LineVerbs i={i} small />
    </div>
  )
}

/** Transfer, join and drop: as wide buttons that say who will be talking, or as small ones. */
export function LineVerbs({ i, small }: { i: InteractionView; small?: boolean }) {
  const w = useWords()
  const me = useMe()
  const customer = useWho()(i)
  const give = useLine(() => api.transferLines(i.id))
  const join = useLine(() => api.joinLines(i.id))
  const drop = useDrop(i.id)
  const may = (verb: string) => mayDo(i, verb, me.agent)
  const guest = i.others?.includes(me.agent) ?? false
  const partner = usePartner(i)
  const who = partner.name
  const gives = may('transfer_lines') && !partner.rings // nobody has answered there
  useKeys({ [giveKey]: gives && (() => give.mutate()), [joinKey]: may('join_lines') && (() => join.mutate()) })
  const busy = give.isPending || join.isPending || drop.isPending
  const problem = give.error ?? join.error ?? drop.error
  const dropWord = guest ? w.lines.leave : w.lines.drop
  if (small)
    return (
      <span className="row wrap">
        {gives && <Small text={w.lines.give} title={w.lines.giveLead(customer, who)} chord={giveKey} act={() => give.mutate()} busy={busy} />}
        {may('join_lines') && <Small text={w.lines.join} title={w.lines.joinLead(customer, who)} chord={joinKey} act={() => join.mutate()} busy={busy} />}
        {may('drop_line') && <Small text={dropWord} act={() => drop.mutate(undefined)} busy={busy} />}
        {problem && <Failure error={problem} />}
      </span>
    )
  return (
    <>
      {(gives || may('join_lines')) && (
        <div className="joinbar">
          {gives && <Wide primary icon="swap" text={w.lines.give} lead={w.lines.giveLead(customer, who)} chord={giveKey} act={() => give.mutate()} busy={busy} />}
          {may('join_lines') && <Wide icon="merge" text={w.lines.join} lead={w.lines.joinLead(customer, who)} chord={joinKey} act={() => join.mutate()} busy={busy} />}
        </div>
      )}
      {problem && <Failure error={problem} />}
    </>
  )
}

function Small({ text, title, chord, act, busy }: { text: string; title?: string; chord?: string; act: () => void; busy: boolean }) {
  return (
    <button className="btn btn--xs" onClick={act} disabled={busy} title={[title, chord && spelled(chord)].filter(Boolean).join(' · ')} aria-keyshortcuts={chord && announced(chord)}>
      {text}
    </button>
  )
}

function Wide({ text, lead, icon, chord, act, busy, primary }: { text: string; lead: string; icon: IconName; chord: string; act: () => void; busy: boolean; primary?: boolean }) {
  return (
    <button className={`join${primary ? ' join--primary' : ''}`} onClick={act} disabled={busy} aria-keyshortcuts={announced(chord)}>
      <span className="ic">
        <Icon name={icon} />
      </span>
      <b>{text}</b>
      <span className="d">{lead}</span>
      <Kbd>{printed(chord)}</Kbd>
    </button>
  )
}

const tones = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/** Keys for a menu at the other end; typed or pressed, each goes at once. */
export function Tones({ id }: { id: Id }) {
  const w = useWords()
  const [sent, setSent] = useState('')
  const press = useMutation({ mutationFn: (keys: string) => api.keys(id, keys), onSuccess: (_, keys) => setSent((s) => (s + keys).slice(-24)) })
  const typed = (e: React.KeyboardEvent) => tones.includes(e.key) && (e.preventDefault(), press.mutate(e.key))
  return (
    <div className="tones" onKeyDown={typed}>
      <div className="kpad" role="group" aria-label={w.lines.keys}>
        {tones.map((k, n) => (
          <button key={k} className="key" type="button" autoFocus={n === 0} onClick={() => press.mutate(k)}>
            {k}
          </button>
        ))}
      </div>
      <p className="hint" role="status">
        {sent ? w.lines.sent(sent) : w.lines.keysLead}
      </p>
      {press.error && <Failure error={press.error} />}
    </div>
  )
}
