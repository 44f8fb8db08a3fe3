import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, type AgentSettings, type Membership } from '../api/admin'
import type { Channel, Id, Phone } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { phoneAddress } from '../phone/number'
import { Field, Switch } from '../ui/controls'
import { Count, Level, Part, Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Avatar, channelIcon, Chip, Failure } from '../ui/parts'
import { useEditing, useKept, type Editing } from './editing'
import { Editor, Listing } from './frame'

const base = '/settings/agents'
const allChannels: Channel[] = ['voice', 'callback', 'voicemail', 'chat', 'email']

export function Agents() {
  const w = useWords()
  const query = useKept('agents')
  const groups = useKept('groups').data?.items ?? []
  const [text, setText] = useState('')
  const fits = (a: AgentSettings) => a.name.toLocaleLowerCase().includes(text.trim().toLocaleLowerCase())
  return (
    <Listing
      title={w.admin.agents}
      add={w.admin.addAgent}
      base={base}
      icon="user"
      query={query}
      name={(a) => a.name}
      keep={fits}
      tools={<Field label={w.admin.findAgent} placeholder={w.admin.findAgent} icon="search" value={text} set={setText} />}
      columns={[
        { head: w.admin.group, cell: (a) => groups.find((g) => g.id === a.group)?.name ?? w.common.none },
        { head: w.admin.channels, cell: (a) => <Channels of={a.channels} /> },
        { head: w.admin.queues, cell: (a) => a.memberships.filter((m) => m.enabled).length || w.common.none, right: true },
        { head: w.admin.skills, cell: (a) => a.skills.length || w.common.none, right: true },
        { head: w.admin.phone, cell: (a) => a.phones[0]?.address ?? w.common.none },
      ]}
    />
  )
}

function Channels({ of }: { of: Channel[] }) {
  const w = useWords()
  return (
    <span className="row">
      {allChannels
        .filter((c) => c !== 'callback' && of.includes(c))
        .map((c) => (
          <span key={c} title={w.channel[c]}>
            <Icon name={channelIcon[c]} />
            <span className="vh">{w.channel[c]}</span>
          </span>
        ))}
    </span>
  )
}

export function Agent({ id, done }: { id: Id; done: (id: Id) => void }) {
  const w = useWords()
  const e = useEditing('agents', id, { name: '', language: 'sv', channels: allChannels, memberships: [], skills: [], phones: [], active: true }, done)
  return (
    <Editor e={e} icon="user" back={base} title={(a) => a.name} active={e.thing?.active} effect={w.admin.effectAgent}>
      {(a) => (
        <>
          <Basics a={a} set={e.set} />
          <Part title={w.admin.channels} lead={w.admin.channelsLead}>
            <ChannelCaps a={a} set={e.set} />
          </Part>
          <Part title={w.admin.queues} lead={w.admin.membershipsLead}>
            <Memberships a={a} set={e.set} />
          </Part>
          <Part title={w.admin.skills} lead={w.admin.skillsLead}>
            <Skills a={a} set={e.set} />
          </Part>
          <Part title={w.admin.phone} lead={w.admin.phoneLead}>
            <Phones a={a} set={e.set} />
          </Part>
        </>
      )}
    </Editor>
  )
}

type Edits = { a: AgentSettings; set: Editing<AgentSettings>['set'] }

function Basics({ a, set }: Edits) {
  const w = useWords()
  const groups = useKept('groups').data?.items ?? []
  return (
    <Part title={w.admin.basics} lead={w.admin.agentLead}>
      <div className="f2">
        <Text label={w.admin.name} required value={a.name} set={(name) => set({ name })} />
        <Text label={w.admin.mail} inputMode="email" value={a.email ?? ''} set={(email) => set({ email })} />
        <Pick label={w.admin.group} value={a.group ?? '0'} set={(group) => set({ group })} of={[['0', w.admin.noGroup], ...groups.map((g) => [g.id, g.name] as const)]} />
        <Pick
          label={w.admin.language}
          value={a.language}
          set={(language) => set({ language })}
          of={[
            ['sv', w.common.language.sv],
            ['en', w.common.language.en],
          ]}
        />
      </div>
      <Switch on={a.active} set={(active) => set({ active })}>
        {w.admin.agentActive}
      </Switch>
    </Part>
  )
}

const capped: Channel[] = ['chat', 'email'] // the others take a whole agent

function ChannelCaps({ a, set }: Edits) {
  const w = useWords()
  const toggle = (c: Channel) => (on: boolean) => set({ channels: allChannels.filter((x) => (x === c ? on : a.channels.includes(x))) })
  return (
    <ul className="boxed">
      {allChannels.map((c) => (
        <li className="optrow" key={c}>
          <Switch on={a.channels.includes(c)} set={toggle(c)}>
            <Icon name={channelIcon[c]} />
            {w.channel[c]}
          </Switch>
          {capped.includes(c) && a.channels.includes(c) && (
            <div className="opt-end">
              <Count hidden label={`${w.channel[c]}: ${w.admin.cap}`} unit={w.admin.atOnce} value={a.caps?.[c] || undefined} set={(n) => set({ caps: { ...a.caps, [c]: n } })} />
            </div>
          )}
        </li>
      ))}
    </ul>
  )
}

function Memberships({ a, set }: Edits) {
  const w = useWords()
  const f = useFormat()
  const queues = (useKept('queues').data?.items ?? []).filter((q) => q.active)
  const change = (queue: Id, by: Partial<Membership>) => {
    const old = a.memberships.find((m) => m.queue === queue) ?? { queue, enabled: true, level: 2 }
    set({ memberships: [...a.memberships.filter((m) => m.queue !== queue), { ...old, ...by }].sort((x, y) => Number(x.queue) - Number(y.queue)) })
  }
  return (
    <ul className="boxed">
      {queues.map((q) => {
        const m = a.memberships.find((x) => x.queue === q.id)
        const name = f.label(q.name)
        return (
          <li className="optrow" key={q.id}>
            <Switch on={m?.enabled ?? false} set={(enabled) => change(q.id, { enabled })}>
              <span className="ell">{name}</span>
            </Switch>
            {m?.enabled && (
              <div className="opt-end">
                <Pick hidden label={`${name}: ${w.admin.level}`} value={String(m.level)} set={(l) => change(q.id, { level: Number(l) })} of={levels(3).map((n) => [String(n), w.admin.queueLevels[n - 1]!] as const)} />
                <Count hidden label={`${name}: ${w.admin.delay}`} unit={w.admin.delayUnit} value={m.delay || undefined} set={(delay) => change(q.id, { delay })} />
              </div>
            )}
          </li>
        )
      })}
    </ul>
  )
}

const levels = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

function Skills({ a, set }: Edits) {
  const w = useWords()
  const skills = useKept('skills').data?.items ?? []
  const change = (skill: Id, level: number) => set({ skills: [...a.skills.filter((s) => s.skill !== skill), ...(level ? [{ skill, level }] : [])].sort((x, y) => Number(x.skill) - Number(y.skill)) })
  if (skills.length === 0) return <p className="hint">{w.admin.noSkills}</p>
  return (
    <ul className="boxed">
      {skills.map((s) => (
        <li className="optrow" key={s.id}>
          <span className="med grow ell">{s.name}</span>
          <div className="opt-end">
            <Level name={s.name} level={a.skills.find((x) => x.skill === s.id)?.level ?? 0} set={(level) => change(s.id, level)} />
          </div>
        </li>
      ))}
    </ul>
  )
}

function Phones({ a, set }: Edits) {
  const w = useWords()
  const f = useFormat()
  const [text, setText] = useState('')
  const [bad, setBad] = useState('')
  const add = () => {
    const phone = phoneAddress(text)
    setBad(phone ? '' : w.settings.phoneBad)
    if (phone) (set({ phones: [...a.phones, phone] }), setText(''))
  }
  return (
    <>
      {a.phones.length > 0 && (
        <ul className="boxed">
          {a.phones.map((p) => (
            <li className="optrow" key={p.address}>
              <Icon name={p.kind === 'sip' ? 'globe' : 'phone'} />
              <span className="med num grow ell">{f.address(p.address)}</span>
              {p.kind === 'pstn' && <Vouching a={a} phone={p} set={set} />}
              <button className="ibtn" aria-label={w.settings.removePhone(p.address)} onClick={() => set({ phones: a.phones.filter((o) => o !== p) })}>
                <Icon name="x" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {a.phones.some((p) => p.kind === 'pstn' && !p.verified_at) && <p className="hint">{w.admin.vouchLead}</p>}
      <Field
        label={w.settings.phoneNew}
        placeholder={w.settings.phoneHint}
        icon="plus"
        value={text}
        set={(t) => (setText(t), setBad(''))}
        bad={bad || undefined}
        onKeyDown={(e) => e.key === 'Enter' && (e.preventDefault(), add())}
        end={
          <button className="btn btn--xs" type="button" onClick={add} disabled={!text.trim()}>
            {w.settings.addPhone}
          </button>
        }
      />
    </>
  )
}

/** Whether queue calls ring a number outside, and the word that they may. Only a number that is saved can be vouched for. */
function Vouching({ a, phone, set }: Edits & { phone: Phone }) {
  const w = useWords()
  const client = useQueryClient()
  const vouch = useMutation({
    mutationFn: () => admin.verifyPhone(a.id, phone.id!),
    onSuccess: (agent) => {
      client.setQueryData(['admin', 'agents', a.id], agent)
      set({ phones: a.phones.map((p) => agent.phones.find((s) => s.id === p.id) ?? p) })
    },
  })
  if (phone.verified_at)
    return (
      <Chip tone="ok" icon="check">
        {w.settings.verified}
      </Chip>
    )
  return (
    <>
      {vouch.error != null && <Failure error={vouch.error} />}
      <Chip tone="warn" icon="info">
        {w.settings.unverified}
      </Chip>
      {phone.id ? (
        <button className="btn btn--xs" type="button" disabled={vouch.isPending} onClick={() => vouch.mutate()} aria-label={w.admin.vouchFor(phone.address)}>
          {w.admin.vouch}
        </button>
      ) : (
        <span className="meta">{w.admin.vouchSaved}</span>
      )}
    </>
  )
}

/** Somebody as a small face, for lists beside the form. */
export const Face = ({ name }: { name: string }) => (
  <span className="row">
    <Avatar name={name} size="sm" />
    <span className="ell">{name}</span>
  </span>
)
