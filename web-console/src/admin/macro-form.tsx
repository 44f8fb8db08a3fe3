import { useMutation, useQueries, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { admin } from '../api/admin'
import { api } from '../api/client'
import type { CodeList, Id, Macro } from '../api/types'
import { KeptText, variables } from '../editor/kept'
import { useFormat, useWords } from '../i18n'
import { useArticles } from '../thread/slash'
import { Field } from '../ui/controls'
import { Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Mark } from '../ui/mark'
import { Failure } from '../ui/parts'
import { useMacroWords } from './macro-words'

const states = ['open', 'pending', 'closed'] as const
type Edits = { m: Partial<Macro>; set: (fields: Partial<Macro>) => void }

/** A macro, whole: what it says, what becomes of the case, and where it is offered. */
export function MacroForm({ first, own, done }: { first: Partial<Macro>; own: boolean; done: () => void }) {
  const w = useWords()
  const m = useMacroWords()
  const [macro, setMacro] = useState(first)
  const [tags, setTags] = useState((first.tags ?? []).join(', '))
  const queues = useQuery({ queryKey: ['queues'], queryFn: api.queues }).data?.items ?? []
  const set = (fields: Partial<Macro>) => setMacro((was) => ({ ...was, ...fields }))
  const name = macro.name?.trim() ?? ''
  const save = useMutation({
    mutationFn: () => {
      const { agent: _, ...kept } = macro as Partial<Macro> & { agent?: unknown } // whose it is, the address says
      const list = tags.split(',').map((t) => t.trim())
      return admin.saveMacro({ ...kept, own, name, tags: list.filter(Boolean) })
    },
    onSuccess: done,
  })
  return (
    <form
      className="pad stack-2"
      aria-label={macro.id ? m.changeOf(first.name ?? '') : m.add}
      onSubmit={(e) => {
        e.preventDefault()
        if (name) save.mutate()
      }}
    >
      <Text label={m.name} required value={macro.name ?? ''} set={(n) => set({ name: n })} />
      <KeptText label={m.text} hint={m.textHint} words={macro} set={(text, html) => set({ text, html: html || undefined })} variables={variables} />
      <Articles m={macro} set={set} />
      <div className="f3">
        <Pick label={m.state} value={macro.state ?? ''} set={(s) => set({ state: s || undefined })} of={[['', m.stateSame], ...states.map((s) => [s, w.customers.states[s]!] as const)]} />
        <Pick label={m.queue} value={macro.queue ?? ''} set={(q) => set({ queue: q || undefined })} of={[['', m.stateSame], ...queues.map((q) => [q.id, q.name] as const)]} />
        <Text label={m.tags} value={tags} set={setTags} hint={m.tagsHint} />
      </div>
      <Codes m={macro} set={set} />
      <Chosen title={m.queues} hint={m.queuesHint} of={queues} chosen={macro.queues} set={(list) => set({ queues: list })} />
      {save.error != null && <Failure error={save.error} />}
      <div className="row">
        <button className="btn btn--primary" disabled={save.isPending || !name}>
          {w.common.save}
        </button>
        <button type="button" className="btn btn--quiet" onClick={done}>
          {m.stop}
        </button>
      </div>
    </form>
  )
}

/** The articles whose links it gives, found by their words or shortcuts. */
function Articles({ m: macro, set }: Edits) {
  const w = useWords()
  const m = useMacroWords()
  const [text, setText] = useState('')
  const ids = macro.articles ?? []
  const chosen = useQueries({ queries: ids.map((id) => ({ queryKey: ['article', id, ''], queryFn: () => api.readArticle(id) })) })
  const { items } = useArticles(text.trim().replace(/^\//, '') || null, '')
  const put = (list: Id[]) => set({ articles: list.length > 0 ? list : undefined })
  return (
    <div className="f" role="group" aria-label={m.articles}>
      <span className="label">{m.articles}</span>
      {ids.length > 0 && (
        <div className="row wrap">
          {ids.map((id, n) => {
            const title = chosen[n]?.data?.title ?? `#${id}`
            return (
              <span className="rcpt" key={id}>
                <Icon name="book" size={12} />
                <span className="ell">{title}</span>
                <button type="button" className="ibtn" aria-label={w.mail.detach(title)} onClick={() => put(ids.filter((o) => o !== id))}>
                  <Icon name="x" size={12} />
                </button>
              </span>
            )
          })}
        </div>
      )}
      <Field label={m.findArticle} placeholder={m.findArticle} icon="search" value={text} set={setText} onKeyDown={(e) => e.key === 'Enter' && e.preventDefault()} />
      <span className="hint">{m.articlesHint}</span>
      {items
        .filter((a) => !a.internal && !ids.includes(a.id))
        .map((a) => (
          <button
            type="button"
            className="btn btn--sm found"
            key={a.id}
            onClick={() => {
              put([...ids, a.id])
              setText('')
            }}
          >
            <Icon name="plus" size={12} />
            {a.title}
          </button>
        ))}
    </div>
  )
}

/** The codes that a wrap-up begins with. A code that has kinds only heads them. */
function Codes({ m: macro, set }: Edits) {
  const f = useFormat()
  const m = useMacroWords()
  const lists = useQuery({ queryKey: ['transaction-codes', '0'], queryFn: () => api.transactionCodes('0') }).data?.items ?? []
  const codesOf = (l: CodeList) => l.codes.filter((c) => !l.codes.some((k) => k.parent === c.id)).map((c) => ({ id: c.id, name: f.label(c.name) }))
  return lists.map((l) => <Chosen key={l.id} title={m.codesOf(f.label(l.name))} hint={m.codesHint} of={codesOf(l)} chosen={macro.codes} set={(list) => set({ codes: list })} />)
}

function Chosen({ title, hint, of, chosen = [], set }: { title: string; hint: string; of: { id: Id; name: string }[]; chosen?: Id[]; set: (list: Id[] | undefined) => void }) {
  if (of.length === 0) return null
  const put = (list: Id[]) => set(list.length > 0 ? list : undefined)
  return (
    <fieldset className="f">
      <legend className="label">{title}</legend>
      <div className="choices">
        {of.map((o) => (
          <Mark key={o.id} on={chosen.includes(o.id)} set={(on) => put(on ? [...chosen, o.id] : chosen.filter((c) => c !== o.id))}>
            {o.name}
          </Mark>
        ))}
      </div>
      <span className="hint">{hint}</span>
    </fieldset>
  )
}
