import type { Step, StepKind } from '../api/admin'
import type { Channel } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { Count, Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { useKept } from './editing'

const all: StepKind[] = ['lower_skills', 'drop_skill', 'drop_skills', 'add_queue', 'move', 'offer_callback', 'voicemail', 'form', 'external', 'hang_up']
/** What can be done with those who are not let in at all. */
export const instead: StepKind[] = ['move', 'offer_callback', 'voicemail', 'form', 'external', 'hang_up']
const elsewhere = new Set<StepKind>(['add_queue', 'move'])
const channels: Channel[] = ['voice', 'chat', 'email', 'voicemail', 'callback']

/** What happens to those who wait, one thing after another. A kind that this page doesn't know stays as it is. */
export function Steps({ steps, set, queue, kinds = all, name }: { steps: Step[]; set: (s: Step[]) => void; queue: string; kinds?: StepKind[]; name?: string }) {
  const w = useWords()
  const f = useFormat()
  const queues = (useKept('queues').data?.items ?? []).filter((q) => q.active && q.id !== queue)
  const skills = useKept('skills').data?.items ?? []
  const change = (n: number, by: Partial<Step>) => set(steps.map((s, i) => (i === n ? { ...s, ...by } : s)))
  // What another kind of step needs says nothing to this one.
  const kind = (n: number, to: StepKind) => {
    const { after, channels } = steps[n]!
    const more: Partial<Step> = elsewhere.has(to) ? { queue: queues[0]?.id } : to === 'drop_skill' ? { skill: skills[0]?.id } : to === 'lower_skills' ? { by: 1 } : {}
    set(steps.map((s, i) => (i === n ? { after, channels, do: to, ...more } : s)))
  }
  const words = w.admin.steps as Record<string, string>
  const of = (s: Step) => [...kinds, ...(kinds.includes(s.do) ? [] : [s.do])].map((k) => [k, words[k] ?? k] as const)
  const label = (text: string) => (name ? `${name}: ${text}` : text)
  const only = (s: Step) => (s.channels?.length === 1 ? s.channels[0]! : s.channels?.length ? 'some' : '')
  return (
    <>
      {steps.length > 0 && (
        <ol className="boxed">
          {steps.map((s, n) => (
            <li className="optrow wrap" key={n}>
              <div className="opt-end opt-end--first">
                <Count hidden label={label(w.admin.stepAfter(n + 1))} unit={w.admin.seconds} value={s.after} set={(after) => change(n, { after })} />
              </div>
              <div className="grow">
                <Pick hidden label={label(w.admin.stepDo(n + 1))} value={s.do} set={(k) => kind(n, k)} of={of(s)} />
              </div>
              {elsewhere.has(s.do) && <Pick hidden label={label(w.admin.stepQueue(n + 1))} value={s.queue ?? ''} set={(q) => change(n, { queue: q })} of={queues.map((q) => [q.id, f.label(q.name)] as const)} />}
              {s.do === 'drop_skill' && <Pick hidden label={label(w.admin.stepSkill(n + 1))} value={s.skill ?? ''} set={(skill) => change(n, { skill })} of={skills.map((x) => [x.id, x.name] as const)} />}
              {s.do === 'lower_skills' && (
                <div className="opt-end opt-end--first">
                  <Count hidden label={label(w.admin.stepBy(n + 1))} unit={w.admin.levels} value={s.by || 1} set={(by) => change(n, { by })} />
                </div>
              )}
              {s.do === 'external' && <Text label={label(w.admin.stepTo(n + 1))} value={s.to ?? ''} set={(to) => change(n, { to })} placeholder="+46 8 465 004 10" />}
              <Pick
                hidden
                label={label(w.admin.stepFor(n + 1))}
                value={only(s)}
                set={(c) => change(n, { channels: c === '' ? null : [c as Channel] })}
                of={[['', w.admin.everyChannel], ...(only(s) === 'some' ? [['some', s.channels!.map((c) => w.channel[c]).join(', ')] as const] : []), ...channels.map((c) => [c, w.channel[c]] as const)]}
              />
              <button className="ibtn" aria-label={label(w.admin.stepRemove(n + 1))} onClick={() => set(steps.filter((_, i) => i !== n))}>
                <Icon name="x" />
              </button>
            </li>
          ))}
        </ol>
      )}
      <div className="row">
        <button className="btn btn--sm" aria-label={label(w.admin.addStep)} onClick={() => set([...steps, kinds === all ? { after: (steps.at(-1)?.after ?? 0) + 60, do: 'lower_skills', by: 1 } : { after: 0, do: 'voicemail' }])}>
          <Icon name="plus" />
          {w.admin.addStep}
        </button>
      </div>
    </>
  )
}
