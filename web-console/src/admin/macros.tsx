import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { admin } from '../api/admin'
import { api } from '../api/client'
import type { Macro } from '../api/types'
import { useWords } from '../i18n'
import { Icon } from '../ui/icon'
import { Failure, Skeleton } from '../ui/parts'
import { useMacroWords } from './macro-words'
import { RowHead, Tabled } from './tabled'

const MacroForm = lazy(() => import('./macro-form').then((m) => ({ default: m.MacroForm })))

/** Everybody's macros, which administrators keep. */
export const Macros = () => <Kept own={false} />
/** An agent's own. */
export const MyMacros = () => <Kept own />

function Kept({ own }: { own: boolean }) {
  const w = useWords()
  const m = useMacroWords()
  const client = useQueryClient()
  const query = useQuery({ queryKey: ['macros'], queryFn: () => api.macros() })
  const again = () => client.invalidateQueries({ queryKey: ['macros'] })
  const [open, setOpen] = useState<Partial<Macro> | null>(null)
  const drop = useMutation({ mutationFn: admin.dropMacro, onSettled: again })
  return (
    <Tabled
      title={own ? w.settings.mine : m.title}
      lead={own ? m.mineLead : m.lead}
      icon="list"
      empty={m.none}
      heads={[m.name, m.text, m.does, w.board.actions]}
      query={query}
      items={(query.data?.items ?? []).filter((o) => o.own === own)}
      above={
        <>
          {open ? (
            <Suspense fallback={<Skeleton rows={4} />}>
              <MacroForm key={open.id ?? ''} first={open} own={own} done={() => (setOpen(null), void again())} />
            </Suspense>
          ) : (
            <div className="pad">
              <button className="btn btn--sm" onClick={() => setOpen({})}>
                <Icon name="plus" size={12} />
                {m.add}
              </button>
            </div>
          )}
          {drop.error != null && <Failure error={drop.error} />}
        </>
      }
      row={(o) => (
        <tr key={o.id}>
          <RowHead>
            <span className="med">{o.name}</span>
          </RowHead>
          <td className="detail">{o.text || w.common.none}</td>
          <td>
            <Does m={o} />
          </td>
          <td>
            <span className="row row-1">
              <button className="btn btn--xs" onClick={() => setOpen(o)} aria-label={m.changeOf(o.name)}>
                {m.change}
              </button>
              <button className="btn btn--xs" disabled={drop.isPending} onClick={() => drop.mutate(o)} aria-label={m.removeOf(o.name)}>
                {m.remove}
              </button>
            </span>
          </td>
        </tr>
      )}
    />
  )
}

/** What a macro does beside its words, in a few. */
function Does({ m: o }: { m: Macro }) {
  const w = useWords()
  const m = useMacroWords()
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items ?? []
  const does = [
    o.state && w.customers.states[o.state],
    o.queue && queues.find((q) => q.id === o.queue)?.name,
    ...(o.tags ?? []),
    o.articles && m.count.articles(o.articles.length),
    o.codes && m.count.codes(o.codes.length),
  ]
  return <>{does.filter(Boolean).join(', ') || w.common.none}</>
}
