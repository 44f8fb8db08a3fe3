import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { Id, Task } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Chip, Failure, Fetched } from '../ui/parts'

const isDone = (t: Task) => Boolean(t.done_at)

/** What is still to be done for a case, by whom it may be. */
export function Tasks({ case: of, customer }: { case?: Id; customer?: Id }) {
  const w = useWords()
  const me = useMe()
  const client = useQueryClient()
  const [text, setText] = useState<string | null>(null)
  const key = ['tasks', { case: of, customer: of ? undefined : customer }]
  const query = useQuery({ queryKey: key, queryFn: () => api.tasks({ case: of, customer: of ? undefined : customer }) })
  const fresh = () => client.invalidateQueries({ queryKey: ['tasks'] })
  const add = useMutation({
    mutationFn: (t: string) => api.newTask({ title: t, case: of, customer, assignee: me.agent }),
    onSuccess: () => (setText(null), fresh()),
  })
  const tick = useMutation({ mutationFn: (t: Task) => api.changeTask(t.id, { done: !isDone(t) }, t.rev), onSettled: fresh })
  return (
    <section className="sec">
      <div className="sec-h">
        <h3 className="grow">{w.side.tasks}</h3>
        <button className="btn btn--xs btn--quiet" onClick={() => setText('')}>
          <Icon name="plus" size={12} />
          {w.side.newTask}
        </button>
      </div>
      {text !== null && (
        <form
          className="row task-new"
          onSubmit={(e) => {
            e.preventDefault()
            if (text.trim()) add.mutate(text.trim())
          }}
        >
          <div className="field grow">
            <input aria-label={w.side.taskText} placeholder={w.side.taskText} value={text} onChange={(e) => setText(e.target.value)} onKeyDown={(e) => e.key === 'Escape' && setText(null)} autoFocus />
          </div>
          <button className="btn btn--sm" disabled={add.isPending}>
            {w.side.addTask}
          </button>
        </form>
      )}
      {add.error && <Failure error={add.error} />}
      <Fetched query={query} what={w.side.tasks} rows={1}>
        {(page) => (
          <ul className="stack-2">
            {(page.items ?? []).map((t) => (
              <li className="row" key={t.id}>
                <button className="ibtn tick" role="checkbox" aria-checked={isDone(t)} aria-label={t.title} onClick={() => tick.mutate(t)}>
                  <span className={`check${isDone(t) ? ' is-on' : ''}`}>
                    <Icon name="check" size={12} />
                  </span>
                </button>
                <span className={`ell grow${isDone(t) ? ' t-3' : ''}`}>{t.title}</span>
                {t.due_at && !isDone(t) && <Due at={t.due_at} />}
              </li>
            ))}
            {(page.items ?? []).length === 0 && text === null && <li className="meta">{w.side.noTasks}</li>}
          </ul>
        )}
      </Fetched>
    </section>
  )
}

function Due({ at }: { at: string }) {
  const w = useWords()
  const f = useFormat()
  const now = serverNow()
  const today = new Date(at).toDateString() === new Date(now).toDateString()
  const late = Date.parse(at) < now
  return (
    <Chip tone={late ? 'crit' : today ? 'warn' : 'plain'} icon={late ? 'alert' : 'clock'}>
      {today ? w.common.today : f.date(at)}
    </Chip>
  )
}
