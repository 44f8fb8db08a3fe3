import type { Step, StepKind } from '../api/admin'
import { useFormat, useWords } from '../i18n'
import { Count, Pick } from '../ui/form'
import { Icon } from '../ui/icon'
import { useKept } from './editing'

const kinds: StepKind[] = ['lower_skills', 'drop_skills', 'add_queue', 'move', 'offer_callback', 'voicemail', 'form', 'hang_up']
const elsewhere = new Set<StepKind>(['add_queue', 'move'])

/** What happens to those who wait, one thing after another. A kind that this page doesn't know stays as it is. */
export function Steps({ steps, set, queue }: { steps: Step[]; set: (s: Step[]) => void; queue: string }) {
  const w = useWords()
  const f = useFormat()
  const queues = (useKept('queues').data?.items ?? []).filter((q) => q.active && q.id !== queue)
  const change = (n: number, by: Partial<Step>) => set(steps.map((s, i) => (i === n ? { ...s, ...by } : s)))
  const kind = (n: number, to: StepKind) => {
    const { queue: _, ...rest } = steps[n]!
    set(steps.map((s, i) => (i !== n ? s : elsewhere.has(to) ? { ...rest, do: to, queue: s.queue ?? queues[0]?.id } : { ...rest, do: to })))
  }
  const words = w.admin.steps as Record<string, string>
  const of = (s: Step) => [...kinds, ...(kinds.includes(s.do) ? [] : [s.do])].map((k) => [k, words[k] ?? k] as const)
  return (
    <>
      {steps.length > 0 && (
        <ol className="boxed">
          {steps.map((s, n) => (
            <li className="optrow" key={n}>
              <div className="opt-end opt-end--first">
                <Count hidden label={w.admin.stepAfter(n + 1)} unit={w.admin.seconds} value={s.after} set={(after) => change(n, { after })} />
              </div>
              <div className="grow">
                <Pick hidden label={w.admin.stepDo(n + 1)} value={s.do} set={(k) => kind(n, k)} of={of(s)} />
              </div>
              {elsewhere.has(s.do) && <Pick hidden label={w.admin.stepQueue(n + 1)} value={s.queue ?? ''} set={(q) => change(n, { queue: q })} of={queues.map((q) => [q.id, f.label(q.name)] as const)} />}
              <button className="ibtn" aria-label={w.admin.stepRemove(n + 1)} onClick={() => set(steps.filter((_, i) => i !== n))}>
                <Icon name="x" />
              </button>
            </li>
          ))}
        </ol>
      )}
      <div className="row">
        <button className="btn btn--sm" onClick={() => set([...steps, { after: (steps.at(-1)?.after ?? 0) + 60, do: 'lower_skills' }])}>
          <Icon name="plus" />
          {w.admin.addStep}
        </button>
      </div>
    </>
  )
}
