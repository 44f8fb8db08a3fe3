import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link, useLocation, useSearch } from 'wouter'
import { api, fileURL } from '../api/client'
import { AskPage, ShownPage } from '../collaborate'
import type { Case, Happening, InteractionView, Recording } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { short } from '../i18n/format'
import { isCall, mayDo } from '../inbox/interaction'
import { serverNow } from '../live/clock'
import { takeInteraction, useLive } from '../live/hub'
import { last } from '../live/log'
import { useAgentName } from '../live/names'
import { send } from '../live/outbox'
import { Directory, keyOf, type Goal } from '../phone/directory'
import { CallBack } from '../phone/call-back'
import { Cords, keyOf as keyOfLine, LineCard } from '../phone/line-card'
import { useLines } from '../phone/lines'
import { recordingOf, telephone } from '../phone/number'
import { Busy, LineVerbs, useAsk, useGive, useSecond } from '../phone/second'
import { useMe } from '../session'
import { Fact } from '../thread/side'
import { FaqBox } from '../thread/faq-box'
import { useLog } from '../thread/log'
import { WrapUp } from '../thread/wrap-up'
import { Field } from '../ui/controls'
import { useDraft } from '../ui/draft'
import { Icon, type IconName } from '../ui/icon'
import { Badge, Chip, Empty, Failure, Fetched } from '../ui/parts'
import { Player } from '../ui/player'

export function Phone() {
  const w = useWords()
  const wrapUp = useLive((l) => Object.values(l.interactions).find((i) => isCall(i) && i.state === 'wrap_up'))
  const [closed, setClosed] = useState(false) // the drawer that it is on a narrow screen
  const [catalogue, setCatalogue] = useState(false)
  useEffect(() => setClosed(false), [wrapUp?.id])
  return (
    <main className={`sheet sheet--3 sheet--phone${(wrapUp && !closed) || catalogue ? ' has-side' : ''}`}>
      <Dialling />
      <Lines catalogue={() => setCatalogue(true)} />
      <aside className="pane" aria-label={wrapUp ? w.wrapUp.title : w.phone.catalogue}>
        {wrapUp ? <WrapUp key={wrapUp.id} i={wrapUp} close={() => setClosed(true)} /> : <Catalogue close={() => setCatalogue(false)} />}
      </aside>
    </main>
  )
}

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/** The number field, the keypad, the voicemails and what was called today. */
function Dialling() {
  const w = useWords()
  const me = useMe()
  const asked = new URLSearchParams(useSearch()).get('number') ?? ''
  const [text, setText] = useState(asked)
  const phone = me.phones?.[0]
  const [bad, setBad] = useState('')
  const onCall = useCall()
  const second = onCall && mayDo(onCall, 'consult', me.agent) && !onCall.outside // a number that is dialled in a call is for line 2
  const dial = useMutation({ mutationFn: dialOf(me.queues?.[0]?.id), onSuccess: (i) => (takeInteraction(i, me.agent), setText('')) })
  const { ask } = useAsk(onCall?.id ?? '', () => setText(''))
  const ring = (number: string) => (second ? ask.mutate({ to: { kind: 'number', id: number, name: number } }) : dial.mutate(number))
  const problem = dial.error ?? ask.error
  const call = () => {
    const number = telephone(text)
    setBad(number || !/\d/.test(text) ? '' : w.phone.badNumber)
    if (number) ring(number)
    else if (text.trim() && !/\d/.test(text)) void byName(text).then((found) => (found ? ring(found) : setBad(w.phone.noNumber(text.trim()))))
  }
  const query = useQuery({ queryKey: ['cases', 'calls'], queryFn: () => api.cases({ assignee: me.agent }) })
  const calls = (query.data?.items ?? []).filter((c) => c.channel === 'voice' || c.channel === 'callback')
  const held = useLive((l) => Object.values(l.interactions).filter((i) => i.channel === 'voicemail' || (i.channel === 'callback' && i.state === 'active' && !i.phase)))
  const queued = useQuery({ queryKey: ['interactions', 'voicemail'], queryFn: () => api.interactions({ scope: 'queues' }) })
  const voicemails = [...held, ...(queued.data?.items ?? []).filter((i) => i.channel === 'voicemail')]
  return (
    <section className="pane pane--list" aria-label={w.phone.title}>
      <div className="pane-head">
        <h1 className="grow">{w.phone.title}</h1>
        {phone ? (
          <Chip tone="ok" icon="phone">
            {w.phone.ready}
          </Chip>
        ) : (
          <Link href="/settings">
            <Chip tone="warn" icon="warn">
              {w.phone.noPhone}
            </Chip>
          </Link>
        )}
      </div>
      <div className="side-scroll" tabIndex={-1}>
        <form
          className="sec"
          onSubmit={(e) => {
            e.preventDefault()
            call()
          }}
        >
          <Field
            large
            label={w.phone.dial}
            icon="phone"
            placeholder={w.phone.number}
            value={text}
            set={(t) => (setText(t), setBad(''))}
            bad={bad || undefined}
            rest={{ inputMode: 'tel' }}
            end={
              <button className="btn btn--xs" disabled={dial.isPending || ask.isPending || !text.trim()}>
                {second ? w.lines.line2 : w.phone.dial}
              </button>
            }
          />
          {problem && <Failure error={problem} />}
        </form>
        <div className="sec">
          <div className="kpad" role="group" aria-label={w.phone.keypad}>
            {keys.map((k) => (
              <button key={k} className="key" type="button" onClick={() => setText((t) => t + k)}>
                {k}
              </button>
            ))}
          </div>
        </div>
        <h2 className="group-h">
          {w.phone.voicemails} <Badge count={voicemails.filter((v) => v.state !== 'finished').length} />
        </h2>
        <ul>
          {voicemails.map((v) => (
            <Voicemail key={v.id} i={v} />
          ))}
          {queued.isSuccess && voicemails.length === 0 && <li className="log-empty meta">{w.phone.noVoicemails}</li>}
        </ul>
        <h2 className="group-h">{w.phone.log}</h2>
        <Fetched query={query} what={w.phone.log}>
          {() => (
            <ul>
              {calls.map((c) => (
                <Called key={c.id} c={c} />
              ))}
              {calls.length === 0 && <li className="log-empty meta">{w.phone.noLog}</li>}
            </ul>
          )}
        </Fetched>
      </div>
    </section>
  )
}

const dialOf = (queue?: string) => (number: string) => api.dial(number, queue)

async function byName(text: string): Promise<string | undefined> {
  const page = await api.customers(text.trim())
  return page.items?.flatMap((c) => c.addresses ?? []).find((a) => a.kind === 'phone')?.value
}

function Voicemail({ i }: { i: InteractionView }) {
  const f = useFormat()
  const me = useMe()
  const { log } = useLog(i.conversation)
  const sound = recordingOf(log.entries, i.id)
  const r = sound?.body as Recording | undefined
  const name = i.customer_name || f.address(i.customer_address)
  return (
    <>
      <li className="log">
        <span className="t-accent">
          <Icon name="voicemail" />
        </span>
        <Link className="col plain" href={`/chat/${i.id}`}>
          <span className={`ell num${i.state === 'finished' ? '' : ' strong'}`}>{name}</span>
        </Link>
        <time className="meta">{f.when(i.arrived_at, serverNow())}</time>
      </li>
      {sound && r && (
        <li className="log log--player">
          <Player src={fileURL(sound, r.blob)} ms={r.duration_ms} name={name} />
        </li>
      )}
      {mayDo(i, 'call_back', me.agent) && (
        <li className="log log--player">
          <CallBack i={i} />
        </li>
      )}
    </>
  )
}

function Called({ c }: { c: Case }) {
  const w = useWords()
  const f = useFormat()
  const open = useLive((l) => Object.values(l.interactions).some((i) => i.case === c.id && (i.state === 'active' || i.state === 'wrap_up')))
  const about = [`#${c.number}`, c.queue_name, open ? w.inbox.groups.now.toLocaleLowerCase() : (w.customers.states[c.state] ?? c.state)]
  return (
    <li className="log">
      <span className={open ? 't-ok' : 't-3'}>
        <Icon name="phone" />
      </span>
      <Link className="col plain" href={`/cases/${c.id}`}>
        <span className="med ell">{c.customer_name || c.subject || w.thread.case(c.number)}</span>
        <span className="meta ell">{about.filter(Boolean).join(' · ')}</span>
      </Link>
      {c.interaction && c.interaction_state === 'finished' && <CallBack i={{ id: c.interaction }} />}
      {c.last_activity_at && <time className="meta">{f.when(c.last_activity_at, serverNow())}</time>}
    </li>
  )
}

/** What comes of a second line: who would be talking, and how the last question ended. */
function Second({ i }: { i: InteractionView }) {
  const second = useSecond(i)
  return (
    <>
      {second?.tone === 'warn' && (
        <div className="banner banner--warn" role="status">
          <Icon name="warn" />
          <span className="grow">{second.title}</span>
        </div>
      )}
      <LineVerbs i={i} />
    </>
  )
}

/** The two lines and the cords between them and the agent. */
function Lines({ catalogue }: { catalogue: () => void }) {
  const w = useWords()
  const lines = useLines().filter((l) => l !== undefined)
  const talking = lines.find((l) => l.state === 'live')
  const held = lines.find((l) => l.state === 'held')
  const ringing = lines.find((l) => l.state === 'ringing')
  const main = lines.find((l) => l.interaction)?.interaction
  const title = talking ? w.phone.talking(talking.name) : ringing ? w.phone.ringing : held ? w.panel.held : w.phone.idle
  const lead = talking ? (held ? w.phone.heldLead(held.name) : w.phone.talkingLead) : held ? w.phone.heldLead(held.name) : ringing ? w.phone.ringingLead : ''
  return (
    <section className="pane pane--thread" aria-label={w.phone.lines}>
      <div className="pane-head">
        <div className="col grow">
          <h2 className="ell">{title}</h2>
          {lead && <span className="meta ell">{lead}</span>}
        </div>
        <button className="btn btn--sm drawer-only" onClick={catalogue}>
          {w.phone.catalogue}
        </button>
      </div>
      {lines.length === 0 ? (
        <Empty icon="phone" text={w.phone.idle} hint={w.phone.idleLead} />
      ) : (
        <div className="phone-main" tabIndex={-1}>
          <div className="patch">
            <Cords lines={lines} />
            <div className="lines">
              {lines.map((l) => (
                <LineCard key={keyOfLine(l)} line={l} />
              ))}
            </div>
          </div>
          {main && <Second i={main} />}
          {main && <AskPage i={main} />}
          {main && <ShownPage i={main} />}
          {main && <About i={main} />}
        </div>
      )}
    </section>
  )
}

/** The customer, the note, the course of the call and the FAQ box, under the lines. */
function About({ i }: { i: InteractionView }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const { log } = useLog(i.conversation)
  const name = i.customer_name || f.address(i.customer_address)
  const agentName = useAgentName()
  const waited = i.accepted_at ? Date.parse(i.accepted_at) - Date.parse(i.arrived_at) : 0
  const steps = log.entries.filter((e) => e.kind === 'event').slice(-5)
  return (
    <>
      <div className="cols-2">
        <div className="cardbox">
          <div className="sec-h">
            <h3 className="grow ell num">{name}</h3>
          </div>
          <dl className="kv">
            {i.case_number && (
              <Fact name={w.phone.case}>
                <Link href={`/cases/${i.case}`}>
                  #{i.case_number} {i.subject}
                </Link>
              </Fact>
            )}
            <Fact name={w.phone.queue}>{i.queue_name ?? w.common.none}</Fact>
            {i.customer_address && <Fact name={w.phone.number2}>{f.address(i.customer_address)}</Fact>}
            {waited > 0 && <Fact name={w.phone.waitedFor}>{short(waited)}</Fact>}
          </dl>
        </div>
        <CallNote i={i} />
      </div>
      <div className="cols-2">
        <div className="cardbox">
          <div className="sec-h">
            <h3 className="grow">{w.phone.course}</h3>
          </div>
          <ul>
            {i.accepted_at && steps.length === 0 && <Step icon="inr" text={i.outbound ? w.phone.outbound : w.offer.voice} at={i.arrived_at} />}
            {steps.map((e) => (
              <Step key={e.pos} icon="okc" text={w.thread.events[(e.body as Happening)?.what]?.(agentName((e.body as Happening).agent) || e.author.name || w.common.unknown) ?? e.text} at={e.at} />
            ))}
            {last(log) === undefined && !i.accepted_at && <li className="meta">{w.customers.emptyTimeline}</li>}
          </ul>
        </div>
        <div className="cardbox">{mayDo(i, 'article', me.agent) ? <FaqBox i={i} /> : <Known />}</div>
      </div>
    </>
  )
}

function Known() {
  const w = useWords()
  return (
    <>
      <div className="sec-h">
        <h3 className="grow">{w.rail.knowledge}</h3>
      </div>
      <Link className="btn btn--sm" href="/knowledge">
        <Icon name="book" />
        {w.knowledge.find}
      </Link>
    </>
  )
}

function Step({ icon, text, at }: { icon: IconName; text: string; at: string }) {
  const f = useFormat()
  return (
    <li className="tl">
      <span className="chan chan--sm">
        <Icon name={icon} size={12} />
      </span>
      <span className="ell">{text}</span>
      <time className="meta">{f.exact(at)}</time>
    </li>
  )
}

function CallNote({ i }: { i: InteractionView }) {
  const w = useWords()
  const draft = useDraft(`${i.id}.note`)
  const save = () => {
    if (!draft.text.trim()) return
    send({ conversation: i.conversation, interaction: i.id, do: 'note', text: draft.text.trim() })
    draft.clear()
  }
  return (
    <div className="cardbox">
      <div className="sec-h">
        <h3 className="grow ell">
          <label htmlFor="call-note">{w.phone.noteTitle}</label>
        </h3>
        {i.case_number && <span className="meta nowrap">{w.phone.noteTo(i.case_number)}</span>}
      </div>
      <textarea id="call-note" className="area" rows={3} placeholder={w.composer.notePlaceholder} value={draft.text} onChange={(e) => draft.set(e.target.value)} />
      <div className="row">
        <span className="meta grow">{draft.kept ? w.composer.kept : ''}</span>
        <button className="btn btn--xs" onClick={save} aria-disabled={!draft.text.trim()}>
          {w.phone.saveNote}
        </button>
      </div>
    </div>
  )
}

/** The call that the agent has on line 1. */
const useCall = () => useLines().find((l) => l?.no === 1 && l.state !== 'ringing')?.interaction

/** Everyone beside the phone: hand the call over, or write to a colleague. */
function Catalogue({ close }: { close: () => void }) {
  const w = useWords()
  const me = useMe()
  const [chosen, setChosen] = useState<Goal | null>(null)
  const [, go] = useLocation()
  const call = useCall()
  const give = useGive(call?.id ?? '')
  const asking = useAsk(call?.id ?? '')
  const chat = useMutation({ mutationFn: (e: Goal) => api.newStaffChat([e.id]), onSuccess: (c) => go(`/messages/${c.id}`) })
  const problem = give.error ?? asking.error ?? chat.error
  return (
    <>
      <div className="pane-head">
        <h2 className="grow">{w.phone.catalogue}</h2>
        <span className="meta wide">{w.common.live('').trim().toLocaleLowerCase()}</span>
        <button className="ibtn drawer-only" aria-label={w.common.close} onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      {(problem || asking.busy) && (
        <div className="pad">
          <Busy asking={asking} />
          {problem && <Failure error={problem} />}
        </div>
      )}
      <Directory
        label={w.phone.findIn}
        chosen={chosen ? keyOf(chosen) : undefined}
        choose={setChosen}
        numbers={call && mayDo(call, 'consult', me.agent) && !call.outside}
        actions={(e) => (
          <>
            {call && mayDo(call, 'consult', me.agent) && (
              <button className="btn btn--xs" disabled={asking.ask.isPending} onClick={() => asking.ask.mutate({ to: e })}>
                <Icon name="phone" size={12} />
                {w.lines.line2}
              </button>
            )}
            {call && mayDo(call, 'transfer', me.agent) && (
              <button className="btn btn--xs" disabled={give.isPending} onClick={() => give.mutate({ to: e })}>
                <Icon name="fwd" size={12} />
                {w.phone.blindTo}
              </button>
            )}
            {e.kind === 'agent' && (
              <button className="btn btn--xs" onClick={() => chat.mutate(e)}>
                <Icon name="chat" size={12} />
                {w.phone.chat}
              </button>
            )}
            {e.kind === 'queue' && (
              <Link className="btn btn--xs" href="/status">
                <Icon name="pulse" size={12} />
                {w.rail.status}
              </Link>
            )}
          </>
        )}
      />
    </>
  )
}
