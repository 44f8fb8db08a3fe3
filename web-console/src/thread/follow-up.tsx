import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import type { Id } from '../api/types'
import { useWords } from '../i18n'
import { useMe } from '../session'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { useOnce } from '../ui/once'
import { Failure } from '../ui/parts'
import { local, usual } from './usual'

export interface About {
  case: Id
  customer: Id
  title: string
  note?: string
}

/** A task of one's own for later, about what one has just read or done. */
export function FollowUp({ about, close }: { about: About; close: () => void }) {
  const w = useWords()
  const me = useMe()
  const client = useQueryClient()
  const [title, setTitle] = useState(about.title)
  const [at, setAt] = useState(() => local(usual(new Date())[1]!.at))
  const due = Date.parse(at)
  const ready = title.trim() !== '' && !Number.isNaN(due)
  const key = useOnce([title, at])
  const add = useMutation({
    mutationFn: () => api.newTask({ title: title.trim(), note: about.note, case: about.case, customer: about.customer === '0' ? undefined : about.customer, assignee: me.agent, due_at: new Date(due).toISOString() }, key),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['tasks'] })
      close()
    },
  })
  return (
    <Dialog title={w.mail.followUp} close={close}>
      <form
        className="pad stack-2"
        onSubmit={(e) => {
          e.preventDefault()
          if (ready) add.mutate()
        }}
      >
        <Text label={w.side.taskText} value={title} set={setTitle} required max={500} />
        <Text label={w.mail.time} type="datetime-local" value={at} set={setAt} />
        {add.error && <Failure error={add.error} />}
        <div className="row">
          <span className="grow" />
          <button className="btn btn--primary" aria-disabled={!ready} disabled={add.isPending}>
            {w.side.addTask}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
