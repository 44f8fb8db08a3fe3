import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin } from '../api/admin'
import { api } from '../api/client'
import type { Macro } from '../api/types'
import { useWords } from '../i18n'
import { useMe } from '../session'
import { Pick, Text } from '../ui/form'
import { Failure } from '../ui/parts'
import { RowHead, Tabled } from './tabled'

type Draft = Partial<Macro> & { name: string; text: string }
const none: Draft = { name: '', text: '' }

/** Everybody's macros, which administrators keep. */
export const Macros = () => <Kept own={false} />
/** An agent's own. */
export const MyMacros = () => <Kept own />

function Kept({ own }: { own: boolean }) {
  const w = useWords()
  const client = useQueryClient()
  const query = useQuery({ queryKey: ['macros'], queryFn: () => api.macros() })
  const again = () => client.invalidateQueries({ queryKey: ['macros'] })
  const [draft, setDraft] = useState<Draft>(none)
  const drop = useMutation({ mutationFn: admin.dropMacro, onSettled: again })
  return (
    <Tabled
      title={own ? w.settings.mine : w.macros.title}
      lead={own ? w.macros.mineLead : w.macros.lead}
      icon="list"
      empty={w.macros.none}
      heads={[w.macros.name, w.macros.text, w.macros.state, w.macros.tags, w.board.actions]}
      query={query}
      items={(query.data?.items ?? []).filter((m) => m.own === own)}
      above={
        <>
          <Write key={draft.id ?? ''} draft={draft} set={setDraft} own={own} saved={() => (setDraft(none), again())} />
          {drop.error != null && <Failure error={drop.error} />}
        </>
      }
      row={(m) => (
        <tr key={m.id}>
          <RowHead>
            <span className="med">{m.name}</span>
          </RowHead>
          <td className="detail">{m.text || w.common.none}</td>
          <td>{m.state ? w.customers.states[m.state] : w.macros.stateSame}</td>
          <td>{m.tags?.join(', ') || w.common.none}</td>
          <td>
            <span className="row row-1">
              <button className="btn btn--xs" onClick={() => setDraft({ ...m, text: m.text ?? '' })} aria-label={w.macros.changeOf(m.name)}>
                {w.macros.change}
              </button>
              <button className="btn btn--xs" disabled={drop.isPending} onClick={() => drop.mutate(m)} aria-label={w.macros.removeOf(m.name)}>
                {w.macros.remove}
              </button>
            </span>
          </td>
        </tr>
      )}
    />
  )
}

const states = ['open', 'pending', 'closed'] as const

/** A new one, or one that is changed: what this form does not show stays as it is. */
function Write({ draft, set, own, saved }: { draft: Draft; set: (d: Draft) => void; own: boolean; saved: () => unknown }) {
  const w = useWords()
  const queues = useMe().queues ?? []
  const [tags, setTags] = useState((draft.tags ?? []).join(', '))
  const save = useMutation({
    mutationFn: () => {
      const list = tags.split(',').map((t) => t.trim())
      const { agent: _, ...kept } = draft as Draft & { agent?: unknown } // whose it is, the address says
      return admin.saveMacro({ ...kept, own, name: draft.name.trim(), tags: list.filter(Boolean) })
    },
    onSuccess: saved,
  })
  const one = draft.queues?.length === 1 ? draft.queues[0]! : ''
  return (
    <form
      className="pad stack-2"
      onSubmit={(e) => {
        e.preventDefault()
        save.mutate()
      }}
    >
      <Text label={w.macros.name} required value={draft.name} set={(name) => set({ ...draft, name })} />
      <div className="f">
        <label className="label" htmlFor="macro-text">
          {w.macros.text}
        </label>
        <textarea id="macro-text" className="area" rows={4} maxLength={100_000} value={draft.text} onChange={(e) => set({ ...draft, text: e.target.value, html: undefined })} aria-describedby="macro-hint" />
        <span className="hint" id="macro-hint">
          {w.macros.textHint}
        </span>
      </div>
      <div className="f3">
        <Pick label={w.macros.state} value={draft.state ?? ''} set={(s) => set({ ...draft, state: s || undefined })} of={[['', w.macros.stateSame], ...states.map((s) => [s, w.customers.states[s]!] as const)]} />
        <Text label={w.macros.tags} value={tags} set={setTags} hint={w.macros.tagsHint} />
        {(draft.queues?.length ?? 0) < 2 && <Pick label={w.macros.queues} value={one} set={(q) => set({ ...draft, queues: q ? [q] : undefined })} of={[['', w.macros.everywhere], ...queues.map((q) => [q.id, q.name] as const)]} />}
      </div>
      {save.error != null && <Failure error={save.error} />}
      <div className="row">
        <button className="btn btn--primary" disabled={save.isPending || !draft.name.trim()}>
          {w.common.save}
        </button>
        {draft.id && (
          <button type="button" className="btn btn--quiet" onClick={() => set(none)}>
            {w.macros.stop}
          </button>
        )}
      </div>
    </form>
  )
}
