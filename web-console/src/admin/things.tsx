import { useState } from 'react'
import { Link } from 'wouter'
import type { Outcome, StatusCode } from '../api/admin'
import type { Id, Intent } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useMe } from '../session'
import { Switch } from '../ui/controls'
import { Count, Names, Part, Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Chip, Empty } from '../ui/parts'
import { StatusGlyph } from '../ui/presence'
import { fresh, useEditing, useKept } from './editing'
import { Editor, Listing } from './frame'

type One = { id: Id; done: (id: Id) => void }

/** Groups and skills: a name, and who has it. */
export function Plain({ kind }: { kind: 'groups' | 'skills' }) {
  const w = useWords()
  const administers = useMe().role === 'administrator'
  const agents = useKept('agents', administers).data?.items ?? []
  const has = (id: Id) => agents.filter((a) => a.active && (kind === 'groups' ? a.group === id : a.skills.some((s) => s.skill === id))).length
  return (
    <Listing
      title={w.admin[kind]}
      lead={kind === 'skills' ? w.admin.skillsHint : w.admin.groupsHint}
      add={administers ? w.admin.add : undefined}
      base={`/settings/${kind}`}
      icon={kind === 'groups' ? 'users' : 'star'}
      query={useKept(kind)}
      name={(t) => t.name}
      columns={administers ? [{ head: w.admin.agents, cell: (t) => has(t.id) || w.common.none, right: true }] : []}
    />
  )
}

export function PlainOne({ kind, id, done }: One & { kind: 'groups' | 'skills' }) {
  const w = useWords()
  const e = useEditing(kind, id, { name: '' }, done)
  return (
    <Editor e={e} icon={kind === 'groups' ? 'users' : 'star'} back={`/settings/${kind}`} title={(t) => t.name}>
      {(t) => (
        <Part title={w.admin.basics} lead={kind === 'skills' ? w.admin.skillsHint : undefined}>
          <Text label={w.admin.name} required value={t.name} set={(name) => e.set({ name })} />
        </Part>
      )}
    </Editor>
  )
}

const intents: Intent[] = ['on_break', 'working_offline', 'available', 'logged_out']

export function StatusCodes() {
  const w = useWords()
  const f = useFormat()
  const groups = useKept('groups').data?.items ?? []
  return (
    <Listing
      title={w.admin.statusCodes}
      lead={w.admin.statusCodesLead}
      add={w.admin.add}
      base="/settings/status-codes"
      icon="pulse"
      query={useKept('status-codes')}
      name={(c) => f.label(c.name)}
      columns={[
        {
          head: w.board.state,
          cell: (c: StatusCode) => (
            <span className="row row-1">
              {c.intent === 'decline' ? <Icon name="x" /> : <StatusGlyph status={c.intent} silent />}
              {c.intent === 'decline' ? w.offer.decline : w.status[c.intent]}
            </span>
          ),
        },
        { head: w.admin.code, cell: (c) => <span className="code">{c.code}</span> },
        { head: w.admin.group, cell: (c) => groups.find((g) => g.id === c.group)?.name ?? w.common.all },
        { head: w.admin.position, cell: (c) => c.position, right: true },
      ]}
    />
  )
}

export function StatusCodeOne({ id, done }: One) {
  const w = useWords()
  const f = useFormat()
  const groups = useKept('groups').data?.items ?? []
  const e = useEditing('status-codes', id, { intent: 'on_break', code: '', name: {}, position: 0, active: true }, done)
  return (
    <Editor e={e} icon="pulse" back="/settings/status-codes" title={(c) => f.label(c.name)} active={e.thing?.active}>
      {(c) => (
        <Part title={w.admin.basics} lead={w.admin.statusCodesLead}>
          <Names label={w.admin.name} value={c.name} set={(name) => e.set({ name })} />
          <div className="f2">
            <Pick label={w.board.state} value={c.intent} set={(intent) => e.set({ intent })} of={[...intents.map((i) => [i, w.status[i]] as const), ['decline', w.offer.decline] as const]} />
            <Text label={w.admin.code} required hint={w.admin.codeHint} value={c.code} set={(code) => e.set({ code: code.toLowerCase().replace(/[^a-z0-9_]/g, '_') })} />
            <Pick label={w.admin.group} value={c.group ?? '0'} set={(group) => e.set({ group })} of={[['0', w.common.all], ...groups.map((g) => [g.id, g.name] as const)]} />
            <Count label={w.admin.position} value={c.position} set={(position) => e.set({ position })} />
          </div>
          <OnlyFor chosen={c.agents ?? []} set={(agents) => e.set({ agents })} />
          <Switch on={c.active} set={(active) => e.set({ active })}>
            {w.admin.codeActive}
          </Switch>
        </Part>
      )}
    </Editor>
  )
}

/** Agents for whom alone a code is; none: for everybody of the group. */
function OnlyFor({ chosen, set }: { chosen: Id[]; set: (a: Id[]) => void }) {
  const w = useWords()
  const agents = (useKept('agents').data?.items ?? []).filter((a) => a.active)
  const rest = agents.filter((a) => !chosen.includes(a.id))
  return (
    <div className="f">
      <Pick label={w.admin.onlyFor} hint={w.admin.onlyForHint} value="" set={(id) => id && set([...chosen, id])} of={[['', w.admin.onlyForAdd], ...rest.map((a) => [a.id, a.name] as const)]} />
      <span className="row wrap">
        {chosen.map((id) => {
          const name = agents.find((a) => a.id === id)?.name ?? id
          return (
            <span className="chip" key={id}>
              {name}
              <button className="ibtn ibtn--in" aria-label={w.admin.removeDay(name)} onClick={() => set(chosen.filter((x) => x !== id))}>
                <Icon name="x" size={12} />
              </button>
            </span>
          )
        })}
      </span>
    </div>
  )
}

export function Lists() {
  const w = useWords()
  const f = useFormat()
  const queues = useKept('queues').data?.items ?? []
  const named = (ids: Id[] | null) => (ids?.length ? ids.map((id) => f.label(queues.find((q) => q.id === id)?.name ?? {})).join(', ') : w.admin.everyQueue)
  return (
    <Listing
      title={w.admin.outcomes}
      lead={w.admin.outcomesLead}
      add={w.admin.addList}
      base="/settings/outcomes"
      icon="tag"
      query={useKept('transaction-lists')}
      name={(l) => f.label(l.name)}
      columns={[
        { head: w.admin.codes, cell: (l) => l.codes?.filter((c) => c.active).length || w.common.none, right: true },
        { head: w.admin.rule, cell: (l) => [l.required ? w.admin.required : w.admin.optional, l.many ? w.admin.many : w.admin.one].join(' · ') },
        { head: w.admin.queues, cell: (l) => named(l.queues) },
      ]}
    />
  )
}

export function ListOne({ id, done }: One) {
  const w = useWords()
  const f = useFormat()
  const queues = (useKept('queues').data?.items ?? []).filter((q) => q.active)
  const e = useEditing('transaction-lists', id, { name: {}, queues: [], required: false, many: false, position: 0, active: true }, done)
  return (
    <Editor e={e} icon="tag" back="/settings/outcomes" title={(l) => f.label(l.name)} active={e.thing?.active}>
      {(l) => {
        const chosen = l.queues ?? []
        return (
          <>
            <Part title={w.admin.basics} lead={w.admin.outcomesLead}>
              <Names label={w.admin.name} value={l.name} set={(name) => e.set({ name })} />
              <Switch on={l.required} set={(required) => e.set({ required })}>
                {w.admin.listRequired}
              </Switch>
              <Switch on={l.many} set={(many) => e.set({ many })}>
                {w.admin.listMany}
              </Switch>
              <Switch on={l.active} set={(active) => e.set({ active })}>
                {w.admin.codeActive}
              </Switch>
            </Part>
            <Part title={w.admin.queues} lead={w.admin.listQueues}>
              <ul className="boxed">
                {queues.map((q) => (
                  <li className="optrow" key={q.id}>
                    <Switch on={chosen.includes(q.id)} set={(on) => e.set({ queues: queues.map((x) => x.id).filter((x) => (x === q.id ? on : chosen.includes(x))) })}>
                      {f.label(q.name)}
                    </Switch>
                  </li>
                ))}
              </ul>
            </Part>
            {id !== fresh && (
              <Part title={w.admin.codes} lead={w.admin.treeLead}>
                <Tree list={id} codes={l.codes ?? []} />
              </Part>
            )}
          </>
        )
      }}
    </Editor>
  )
}

/** The codes of a list in their two levels; a heading is not chosen, those below it are. */
function Tree({ list, codes }: { list: Id; codes: Outcome[] }) {
  const w = useWords()
  const f = useFormat()
  const under = (parent: Id | undefined) => codes.filter((c) => (c.parent && c.parent !== '0' ? c.parent : undefined) === parent).sort((a, b) => a.position - b.position)
  const row = (c: Outcome, inner: boolean) => (
    <li key={c.id}>
      <div className={`optrow${inner ? ' optrow--in' : ''}`}>
        <Link className="row plain grow" href={`/settings/codes/${c.id}`}>
          <span className={`ell${inner ? '' : ' med'}`}>{f.label(c.name)}</span>
          {!c.active && <Chip icon="pause">{w.admin.inactive}</Chip>}
          <Icon name="right" />
        </Link>
        {!inner && (
          <Link className="btn btn--xs" href={`/settings/codes/new?list=${list}&parent=${c.id}&at=${under(c.id).length}`} aria-label={w.admin.addUnder(f.label(c.name))}>
            <Icon name="plus" size={12} />
            {w.admin.add}
          </Link>
        )}
      </div>
      {!inner && under(c.id).length > 0 && <ul>{under(c.id).map((k) => row(k, true))}</ul>}
    </li>
  )
  return (
    <>
      {codes.length === 0 ? <Empty icon="tag" text={w.admin.empty} /> : <ul className="boxed">{under(undefined).map((c) => row(c, false))}</ul>}
      <div className="row">
        <Link className="btn btn--sm" href={`/settings/codes/new?list=${list}&at=${under(undefined).length}`}>
          <Icon name="plus" />
          {w.admin.addCode}
        </Link>
      </div>
    </>
  )
}

export function CodeOne({ id, done }: One) {
  const w = useWords()
  const f = useFormat()
  const [asked] = useState(() => new URLSearchParams(location.search))
  const e = useEditing('transaction-codes', id, { list: asked.get('list') ?? '', parent: asked.get('parent') ?? undefined, name: {}, position: Number(asked.get('at') ?? 0), active: true }, done)
  return (
    <Editor e={e} icon="tag" back={e.thing?.list ? `/settings/outcomes/${e.thing.list}` : '/settings/outcomes'} title={(c) => f.label(c.name)} active={e.thing?.active}>
      {(c) => (
        <Part title={w.admin.basics} lead={c.parent && c.parent !== '0' ? undefined : w.admin.treeLead}>
          <Names label={w.admin.name} value={c.name} set={(name) => e.set({ name })} />
          <Count label={w.admin.position} value={c.position} set={(position) => e.set({ position })} />
          <Switch on={c.active} set={(active) => e.set({ active })}>
            {w.admin.codeActive}
          </Switch>
        </Part>
      )}
    </Editor>
  )
}
