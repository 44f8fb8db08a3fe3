import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { Switch } from '../ui/controls'
import { Part } from '../ui/form'
import { Failure, Fetched } from '../ui/parts'
import { collaborate, type Settings } from './api'
import { useCollaborateWords } from './words'

const lists = ['mask', 'block', 'forbid', 'allow'] as const
const key = ['admin', 'collaborate']

/** What agents may see of customers' pages, and do there. */
export function CollaborateSettings() {
  const w = useCollaborateWords()
  const query = useQuery({ queryKey: key, queryFn: collaborate.settings })
  return (
    <>
      <div className="set-head">
        <h2 className="grow">{w.title}</h2>
      </div>
      <div className="set-one">
        <div className="set-body" tabIndex={0} role="group" aria-label={w.title}>
          <Fetched query={query} what={w.title} rows={5}>
            {(s) => <Form key={s.rev} stored={s} />}
          </Fetched>
        </div>
      </div>
    </>
  )
}

function Form({ stored }: { stored: Settings }) {
  const w = useCollaborateWords()
  const words = w.admin
  const client = useQueryClient()
  const [s, set] = useState(stored)
  const [text, setText] = useState(() => Object.fromEntries(lists.map((l) => [l, stored[l].join('\n')])) as Record<(typeof lists)[number], string>)
  const bad = lists.flatMap((l) => selectors(text[l])).find((one) => !valid(one))
  const save = useMutation({
    mutationFn: () => collaborate.set({ ...s, ...(Object.fromEntries(lists.map((l) => [l, selectors(text[l])])) as Pick<Settings, (typeof lists)[number]>) }),
    onSuccess: (now) => client.setQueryData(key, now),
  })
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault()
        if (!bad) save.mutate()
      }}
    >
      <Part title={w.title} lead={words.lead}>
        <Switch on={s.enabled} set={(enabled) => set({ ...s, enabled })}>
          {words.enabled}
        </Switch>
        <Switch on={s.control} disabled={!s.enabled} set={(control) => set({ ...s, control })}>
          {words.control}
        </Switch>
      </Part>
      {lists.map((l) => (
        <Part key={l} title={words[l]} lead={words[`${l}Hint`]}>
          <Area label={words[l]} value={text[l]} set={(v) => setText({ ...text, [l]: v })} />
        </Part>
      ))}
      <div className="pad stack-2" role="status">
        {bad !== undefined && <span className="t-crit">{words.bad(bad)}</span>}
        {save.error != null && <Failure error={save.error} />}
        <span>
          <button className="btn btn--primary" disabled={save.isPending || bad !== undefined}>
            {words.save}
          </button>
        </span>
        {stored.rev > 1 && !save.isPending && <span className="meta">{words.saved}</span>}
      </div>
    </form>
  )
}

function Area({ label, value, set }: { label: string; value: string; set: (v: string) => void }) {
  const id = useId()
  return <textarea id={id} className="area" aria-label={label} rows={3} spellCheck={false} value={value} onChange={(e) => set(e.target.value)} />
}

/** One a line. */
export const selectors = (text: string) =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean)

function valid(selector: string): boolean {
  try {
    document.createDocumentFragment().querySelector(selector)
    return true
  } catch {
    return false
  }
}
