import { lazy, Suspense, useCallback, useContext, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { useVerb } from '../actions'
import { ShownPage } from '../collaborate'
import type { Id, InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { Cue } from '../inbox/cue'
import { useWho } from '../inbox/who'
import { useNow } from '../live/clock'
import { change, useLive } from '../live/hub'
import { last } from '../live/log'
import { withView } from '../live/state'
import { useUnreadBeside } from '../live/unread'
import { CallBack } from '../phone/call-back'
import { SecondStrip } from '../phone/second'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { useKeys, WorkedIn } from '../ui/keys'
import { channelIcon, Chip, Failure, Skeleton } from '../ui/parts'
import { AskWrapUp } from './ask-wrap-up'
import { Composer } from './composer'
import { Entries } from './entries'
import { Here } from './here'
import { useDeliveries, useLog, useSeen } from './log'
import { NotLive } from './not-live'
import { Assign, Transfer } from './transfer'
import { WhyButton } from './why-button'

const Beside = lazy(() => import('../staff/beside').then((m) => ({ default: m.Beside })))
const SaidBeside = lazy(() => import('../staff/beside').then((m) => ({ default: m.SaidBeside })))
const MailComposer = lazy(() => import('./mail-composer').then((m) => ({ default: m.MailComposer })))

export function Thread({ tab, interaction: i, side, named }: { tab: 'chat' | 'email'; interaction: InteractionView; side: () => void; named?: boolean }) {
  const w = useWords()
  const { log, loaded, error, earlier, retry } = useLog(i.conversation)
  const mail = i.channel === 'email'
  const name = useWho()(i)
  const me = useMe()
  const worked = useContext(WorkedIn)
  const chats = i.channel === 'chat' && (i.state === 'active' || i.state === 'parked')
  const beside = chats && ((me.role !== 'agent' && me.agent !== '0') || i.agent === me.agent || i.others?.includes(me.agent))
  const unread = useUnreadBeside(i.id)
  useSeen(i.conversation, log, worked)
  useDeliveries(i.conversation, mail)
  // The mail that was the newest when the thread was opened stands open; what comes later says "new".
  const [met, setMet] = useState(0)
  const newest = last(log)?.pos ?? 0
  useEffect(() => {
    if (loaded && met === 0) setMet(newest)
  }, [loaded, met, newest])
  useRead(i.id, worked ? last(log)?.pos : undefined)
  return (
    <section className="pane pane--thread" aria-label={named ? name : w.thread.label}>
      <Head tab={tab} i={i} name={name} side={side} brief={named} />
      <SecondStrip i={i} />
      <ShownPage i={i} />
      {(beside || unread) && <Suspense>{beside ? <Beside i={i} /> : <SaidBeside id={i.id} />}</Suspense>}
      {chats && !beside && <NotLive i={i} read={retry} />}
      {i.state === 'parked' && (
        <div className="banner second" role="status">
          <Icon name="pause" />
          <span className="grow">{w.inbox.parkedLead}</span>
        </div>
      )}
      {error && log.entries.length === 0 ? (
        <div className="pad">
          <Failure what={w.thread.what} error={error} retry={retry} />
        </div>
      ) : !loaded && log.entries.length === 0 ? (
        <Skeleton rows={5} />
      ) : (
        <Scroll key={i.conversation} count={log.entries.length + log.pending.length} first={log.entries[0]?.pos ?? 0} earlier={log.whole ? undefined : earlier} mail={mail}>
          <Here value={i}>
            <Entries conversation={i.conversation} log={log} name={name} mail={mail} met={met || newest} />
          </Here>
          <Typing conversation={i.conversation} name={name} />
        </Scroll>
      )}
      {mail ? (
        <Suspense>
          <MailComposer i={i} log={log} name={name} met={met || newest} meet={() => setMet(newest)} />
        </Suspense>
      ) : (
        <Composer i={i} />
      )}
    </section>
  )
}

// What is open and looked at is read.
function useRead(id: Id, pos: number | undefined) {
  useEffect(() => {
    if (pos !== undefined) change((l) => {
      const i = l.interactions[id]
      return i && (i.unread ?? 0) > 0 ? withView(l, { ...i, unread: 0 }) : l
    })
  }, [id, pos])
}

function Head({ tab, i, name, side, brief }: { tab: string; i: InteractionView; name: string; side: () => void; brief?: boolean }) {
  const w = useWords()
  const me = useMe()
  const [transfer, setTransfer] = useState(false)
  const [assign, setAssign] = useState(false)
  const end = useVerb('end')
  const pull = useVerb('pull')
  const resume = useVerb('resume')
  const may = (verb: string) => mayDo(i, verb, me.agent)
  const moves = may('transfer') || may('consult')
  useKeys({ KeyT: moves && (() => setTransfer(true)), KeyE: may('end') && (() => end.mutate(i.id)) })
  const about = [i.channel === 'email' ? '' : w.channel[i.channel], i.queue_name].filter(Boolean).join(' · ')
  const title = i.channel === 'email' ? i.subject || w.inbox.noSubject : name
  const problem = end.error ?? pull.error ?? resume.error
  return (
    <>
      <div className="pane-head">
        <Link className="ibtn narrow-only" href={`/${tab}`} aria-label={w.thread.back}>
          <Icon name="left" />
        </Link>
        {i.channel !== 'email' && (
          <span className="chan wide">
            <Icon name={channelIcon[i.channel]} />
          </span>
        )}
        <div className="col grow">
          <h2 className="ell">{title}</h2>
          <span className="meta ell">
            {i.case_number && <Link href={`/cases/${i.case}`}>{w.thread.case(i.case_number)}</Link>}
            {i.case_number && about && ' · '}
            {about}
          </span>
        </div>
        <span className="head-cue">
          <Cue i={i} large />
          {i.over_capacity && (
            <Chip tone="warn" icon="warn" large>
              {w.thread.over}
            </Chip>
          )}
        </span>
        {moves && (
          <button className="btn btn--sm" onClick={() => setTransfer(true)} aria-label={may('transfer') ? w.thread.transfer : w.lines.more}>
            <Icon name={may('transfer') ? 'fwd' : 'users'} />
            <span className="wide">{may('transfer') ? w.thread.transfer : w.lines.more}</span>
          </button>
        )}
        <AskWrapUp i={i} />
        {may('end') && (
          <button className="btn btn--sm" disabled={end.isPending} onClick={() => end.mutate(i.id)}>
            {w.thread.end[i.channel]}
          </button>
        )}
        {i.state === 'waiting' && me.role !== 'agent' && (
          <button className="btn btn--sm" onClick={() => setAssign(true)}>
            <Icon name="user" />
            {w.thread.assign}
          </button>
        )}
        {may('pull') && (
          <button className="btn btn--sm btn--primary" disabled={pull.isPending} onClick={() => pull.mutate(i.id)}>
            {w.inbox.pull}
          </button>
        )}
        {i.state === 'parked' && may('resume') && (
          <button className="btn btn--sm btn--primary" disabled={resume.isPending} onClick={() => resume.mutate(i.id)}>
            {w.inbox.takeUp}
          </button>
        )}
        {may('call_back') && <CallBack i={i} />}
        {!brief && <WhyButton id={i.id} />}
        <button className="ibtn drawer-only" aria-label={w.thread.details} onClick={side}>
          <Icon name="user" />
        </button>
      </div>
      {problem && (
        <div className="pad">
          <Failure error={problem} />
        </div>
      )}
      {assign && <Assign i={i} close={() => setAssign(false)} />}
      {transfer && <Transfer i={i} close={() => setTransfer(false)} />}
    </>
  )
}

/**
 * The scrolling part. It stays at the newest entry while the reader is there; else it stays
 * where the reader is and offers a way down. Reading backwards keeps the line in place.
 */
function Scroll(props: { count: number; first: number; earlier?: () => Promise<void>; mail: boolean; children: React.ReactNode }) {
  const w = useWords()
  const box = useRef<HTMLDivElement>(null)
  const state = useRef({ bottom: true, height: 0, first: props.first, count: 0 })
  const [missed, setMissed] = useState(0)
  const [busy, setBusy] = useState(false)

  const down = useCallback(() => {
    const el = box.current
    if (el) el.scrollTop = lowest(el)
    state.current.bottom = true
    setMissed(0)
  }, [])

  useLayoutEffect(() => {
    const el = box.current
    const s = state.current
    if (!el) return
    if (s.bottom) el.scrollTop = lowest(el)
    else if (props.first < s.first) el.scrollTop += el.scrollHeight - s.height
    else if (props.count > s.count) setMissed((n) => n + props.count - s.count)
    state.current = { ...s, height: el.scrollHeight, first: props.first, count: props.count }
  }, [props.count, props.first])

  // A mail's frame, a picture or the slash menu may change the height later.
  useEffect(() => {
    const el = box.current
    if (!el) return
    const watch = new ResizeObserver(() => state.current.bottom && down())
    watch.observe(el)
    for (const child of el.children) watch.observe(child)
    return () => watch.disconnect()
  }, [down, props.count])

  const scrolled = () => {
    const el = box.current!
    state.current.bottom = el.scrollTop > Math.min(lowest(el), el.scrollHeight - el.clientHeight) - 24
    if (state.current.bottom) setMissed(0)
  }
  const earlier = async () => {
    setBusy(true)
    await props.earlier?.().catch(() => {})
    setBusy(false)
  }
  return (
    <div className={`thread${props.mail ? ' thread--mail' : ''}`} ref={box} onScroll={scrolled} role="log" aria-label={w.thread.messages} aria-live="off" tabIndex={0}>
      <div className="thread-in">
        {props.earlier && (
          <button className="btn btn--xs thread-earlier" disabled={busy} onClick={() => void earlier()}>
            {w.thread.earlier}
          </button>
        )}
        {props.children}
      </div>
      {missed > 0 && (
        <button className="btn btn--sm jump" onClick={down}>
          <Icon name="arrd" />
          {w.thread.newest(missed)}
        </button>
      )}
    </div>
  )
}

/** How far down a thread begins: at its end, unless the mail that stands open last is too tall; then where that begins. */
function lowest(el: HTMLElement): number {
  const mail = [...el.querySelectorAll<HTMLElement>('.mail')].at(-1)
  if (!mail || mail.offsetHeight < el.clientHeight) return el.scrollHeight
  return el.scrollTop + mail.getBoundingClientRect().top - el.getBoundingClientRect().top - 12 // as far from the edge as mails are from each other
}

function Typing({ conversation, name }: { conversation: Id; name: string }) {
  const w = useWords()
  const until = useLive((l) => l.typing[conversation] ?? 0)
  const typed = useLive((l) => l.typed[conversation])
  const now = useNow()
  if (now > until) return null
  return (
    <div className="event">
      <span className="typing">
        <svg viewBox="0 0 20 8" aria-hidden="true">
          <circle cx="3" cy="4" r="2" />
          <circle cx="10" cy="4" r="2" />
          <circle cx="17" cy="4" r="2" />
        </svg>
      </span>
      {w.thread.typing(name)}
      {typed && <q className="said">{typed}</q>}
    </div>
  )
}
