import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { admin, type ChannelPlan, type QueueSettings, type WrapUpPlan } from '../api/admin'
import { api } from '../api/client'
import type { Channel, Id } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { total } from '../phone/directory'
import { useMe } from '../session'
import { Switch } from '../ui/controls'
import { Count, Names, Part, Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Bar, channelIcon, Empty, Skeleton } from '../ui/parts'
import { Face } from './agents'
import { useEditing, useKept, type Editing } from './editing'
import { Editor, Listing } from './frame'
import { instead, Steps } from './steps'

const SignatureField = lazy(() => import('../editor/signature-field').then((m) => ({ default: m.SignatureField })))

const base = '/settings/queues'
const channels: Channel[] = ['voice', 'callback', 'voicemail', 'chat', 'email']

export function Queues() {
  const w = useWords()
  const f = useFormat()
  const query = useKept('queues')
  const calendars = useKept('calendars', useMe().role === 'administrator').data?.items ?? []
  const taken = (q: QueueSettings) => channels.filter((c) => c !== 'callback' && q.channels[c])
  return (
    <Listing
      title={w.admin.queues}
      add={useMe().role === 'administrator' ? w.admin.addQueue : undefined}
      base={base}
      icon="list"
      query={query}
      name={(q) => f.label(q.name)}
      columns={[
        { head: w.admin.band, cell: (q) => q.band, right: true },
        {
          head: w.admin.channels,
          cell: (q) => (
            <span className="row">
              {taken(q).map((c) => (
                <span key={c} title={w.channel[c]}>
                  <Icon name={channelIcon[c]} />
                  <span className="vh">{w.channel[c]}</span>
                </span>
              ))}
            </span>
          ),
        },
        { head: w.admin.sender, cell: (q) => q.from_address || q.from_name || w.common.none },
        { head: w.admin.hours, cell: (q) => calendars.find((c) => c.id === q.calendar)?.name ?? ((q.calendar ?? '0') === '0' ? w.admin.always : w.admin.byCalendar) },
      ]}
    />
  )
}

export function Queue({ id, done }: { id: Id; done: (id: Id) => void }) {
  const w = useWords()
  const f = useFormat()
  const e = useEditing('queues', id, { name: {}, band: 5, active: true }, done)
  return (
    <Editor e={e} icon="list" back={base} title={(q) => f.label(q.name)} active={e.thing?.active} effect={w.admin.effectQueue} side={e.isNew ? undefined : <Now id={id} />}>
      {(q) => (
        <>
          <Part title={w.admin.basics}>
            <Names label={w.admin.name} value={q.name} set={(name) => e.set({ name })} />
            <div className="f2">
              <Pick label={w.admin.band} hint={w.admin.bandHint} value={String(q.band)} set={(b) => e.set({ band: Number(b) })} of={Array.from({ length: 10 }, (_, n) => [String(9 - n), String(9 - n)] as const)} />
              <Calendars q={q} set={e.set} />
            </div>
            <Switch on={q.active} set={(active) => e.set({ active })}>
              {w.admin.queueActive}
            </Switch>
          </Part>
          {q.channels && (
            <Part title={w.admin.channels} lead={w.admin.plansLead}>
              {channels.map((c) => (
                <Plan key={c} channel={c} q={q} set={e.set} />
              ))}
            </Part>
          )}
          <Part title={w.admin.waiting} lead={w.admin.waitingLead}>
            <Steps queue={id} steps={q.steps ?? []} set={(steps) => e.set({ steps })} />
            <div className="f3">
              <Pick label={w.admin.strategy} value={q.strategy || 'longest_idle'} set={(strategy) => e.set({ strategy })} of={strategies.map((s) => [s, w.admin.strategies[s]] as const)} />
              <Count label={w.admin.maxLen} hint={w.admin.maxLenHint} value={q.max_len ?? 0} set={(max_len) => e.set({ max_len })} />
              <Count label={w.admin.maxWait} unit={w.admin.seconds} hint={w.admin.maxWaitHint} value={q.max_wait ?? 0} set={(max_wait) => e.set({ max_wait })} />
            </div>
          </Part>
          {(['on_closed', 'on_full', 'on_unstaffed'] as const).map((when) => (
            <Part key={when} title={w.admin.instead[when]} lead={w.admin.insteadLead[when]}>
              <Steps queue={id} name={w.admin.instead[when]} kinds={instead} steps={q[when] ?? []} set={(steps) => e.set({ [when]: steps })} />
            </Part>
          ))}
          {q.channels && (
            <Part title={w.admin.sticky} lead={w.admin.stickyLead}>
              <div className="f3">
                {channels
                  .filter((c) => q.channels[c])
                  .map((c) => (
                    <Count key={c} label={w.channel[c]} unit={w.admin.seconds} value={q.sticky?.[c]} set={(s) => e.set({ sticky: { ...q.sticky, [c]: s } })} />
                  ))}
              </div>
            </Part>
          )}
          <Part title={w.admin.mailOut} lead={w.admin.mailOutLead}>
            <div className="f2">
              <Text label={w.admin.fromName} value={q.from_name ?? ''} set={(from_name) => e.set({ from_name })} />
              <Text label={w.admin.fromAddress} inputMode="email" hint={w.admin.fromHint} value={q.from_address ?? ''} set={(from_address) => e.set({ from_address })} />
            </div>
            {!e.isNew && (
              <Suspense fallback={<Skeleton rows={2} />}>
                <SignatureField queue label={w.admin.queueSignature} hint={w.admin.queueSignatureHint} at={['admin', 'signature', id]} read={() => admin.signature(id)} save={(words) => admin.setSignature(id, words)} />
              </Suspense>
            )}
          </Part>
        </>
      )}
    </Editor>
  )
}

type Edits = { q: QueueSettings; set: Editing<QueueSettings>['set'] }

function Calendars({ q, set }: Edits) {
  const w = useWords()
  const administers = useMe().role === 'administrator'
  const list = useKept('calendars', administers).data?.items ?? []
  if (!administers) return null // which there are is theirs to know
  return <Pick label={w.admin.hours} value={q.calendar ?? '0'} set={(calendar) => set({ calendar })} of={[['0', w.admin.always], ...list.map((c) => [c.id, c.name] as const)]} />
}

/** How one channel is worked: whether it is, how soon, how long it rings, what comes after. */
function Plan({ channel, q, set }: Edits & { channel: Channel }) {
  const w = useWords()
  const plan = q.channels[channel]
  const put = (p: ChannelPlan | undefined) => {
    const { [channel]: _, ...rest } = q.channels
    set({ channels: p ? { ...rest, [channel]: p } : rest })
  }
  const name = w.channel[channel]
  const wrap = (by: Partial<WrapUpPlan>) => plan && put({ ...plan, wrap_up: { mode: '' as WrapUpPlan['mode'], ...plan.wrap_up, ...by } })
  const last = Object.keys(q.channels).length === 1
  const mode = plan?.wrap_up?.mode || undefined
  const usual = (set: string | undefined): ['', string][] => (set ? [] : [['', w.admin.usual]])
  return (
    <fieldset className="boxed plan">
      <legend className="vh">{name}</legend>
      <Switch on={plan !== undefined} set={(on) => put(on ? {} : undefined)} disabled={plan !== undefined && last}>
        <Icon name={channelIcon[channel]} />
        <span className="med">{name}</span>
      </Switch>
      {plan && (
        <div className="f3">
          <Count label={w.admin.target} unit={w.admin.seconds} value={plan.target} set={(target) => put({ ...plan, target })} />
          <Count label={w.admin.offerTimeout} unit={w.admin.seconds} hint={w.admin.offerHint} value={plan.offer_timeout} set={(offer_timeout) => put({ ...plan, offer_timeout })} />
          <Pick label={w.admin.decline} value={plan.decline ?? ''} set={(decline) => put({ ...plan, decline: decline || undefined })} of={[...usual(plan.decline), ...declines.map((d) => [d, w.admin.declines[d]] as const)]} />
          <Pick label={w.admin.clock} value={plan.clock ?? ''} set={(clock) => put({ ...plan, clock: clock || undefined })} of={[...usual(plan.clock), ...clocks.map((c) => [c, w.admin.clocks[c]] as const)]} />
          {givesWay.has(channel) && (
            <div className="f">
              <span className="label">{w.admin.interruptible}</span>
              <Switch on={plan.interruptible ?? false} set={(interruptible) => put({ ...plan, interruptible })}>
                {w.admin.interruptibleOn}
              </Switch>
            </div>
          )}
          <Pick label={w.admin.wrapUp} value={mode ?? ''} set={(mode) => mode && wrap({ mode })} of={[...usual(mode), ...modes.map((m) => [m, w.admin.modes[m]] as const)]} />
          {mode && lasting.has(mode) && <Count label={w.admin.wrapSeconds} unit={w.admin.seconds} value={plan.wrap_up?.seconds} set={(seconds) => wrap({ seconds })} />}
          <div className="f">
            <span className="label">{w.admin.codes}</span>
            <Switch on={plan.wrap_up?.code_required ?? false} set={(code_required) => wrap({ code_required })}>
              {w.admin.codeRequired}
            </Switch>
          </div>
        </div>
      )}
    </fieldset>
  )
}

const strategies = ['longest_idle', 'skill_first', 'round_robin', 'least_busy', 'ring_all'] as const
const clocks = ['wall', 'calendar'] as const
const givesWay = new Set<Channel>(['email', 'voicemail'])
const declines = ['soft', 'engage', 'vcc'] as const
const lasting = new Set<string>(['optional', 'timed', 'timed_extendable'])
const modes = ['none', 'optional', 'timed', 'timed_extendable', 'manual'] as const

/** How the queue does at this moment, and who works in it. */
function Now({ id }: { id: Id }) {
  const w = useWords()
  const f = useFormat()
  const row = useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items.find((q) => q.id === id)
  const administers = useMe().role === 'administrator'
  const members = (useKept('agents', administers).data?.items ?? []).filter((a) => a.active && a.memberships.some((m) => m.queue === id && m.enabled))
  return (
    <>
      <h3>{w.admin.now}</h3>
      {row && (
        <dl className="kv">
          <dt>{w.board.waiting}</dt>
          <dd className="strong">{f.number(total(row))}</dd>
          <dt>{w.board.progress}</dt>
          <dd>{f.number(row.in_progress)}</dd>
          <dt>{w.board.level}</dt>
          <dd>
            {row.service_level === undefined ? (
              w.common.none
            ) : (
              <span className="sl">
                <Bar share={row.service_level} />
                {f.percent(row.service_level)}
              </span>
            )}
          </dd>
          <dt>{w.board.abandoned}</dt>
          <dd>{f.number(row.abandoned_today)}</dd>
        </dl>
      )}
      {administers && (
        <div className="sec-h">
          <h3 className="grow">{w.admin.members}</h3>
          <span className="badge">{f.number(members.length)}</span>
        </div>
      )}
      {!administers ? null : members.length === 0 ? (
        <Empty icon="users" text={w.admin.noMembers} />
      ) : (
        <ul className="stack-2">
          {members.map((a) => (
            <li key={a.id}>
              <Link className="plain" href={`/settings/agents/${a.id}`}>
                <Face name={a.name} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
