import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Problem } from '../api/client'
import type { Id } from '../api/types'
import { useWords } from '../i18n'
import { Icon } from '../ui/icon'

/** An edit that someone else got ahead of brings what is there now, and says so. */
export function useEdit<T extends { id: Id; rev: number }, B>(key: string, id: Id, run: (body: B, rev: number) => Promise<T>) {
  const client = useQueryClient()
  const edit = useMutation({
    mutationFn: (b: B) => run(b, (client.getQueryData([key, id]) as T | undefined)?.rev ?? 0),
    onSuccess: (fresh) => client.setQueryData([key, id], fresh),
    onSettled: () => void client.invalidateQueries({ queryKey: [`${key}s`] }),
    onError: (err) => {
      if (err instanceof Problem && err.status === 409) void client.invalidateQueries({ queryKey: [key, id] })
    },
  })
  const moved = edit.error instanceof Problem && edit.error.status === 409
  return { edit, moved }
}

export function Moved() {
  const w = useWords()
  return (
    <div className="banner banner--warn" role="status">
      <Icon name="warn" />
      <span className="grow">{w.customers.moved}</span>
    </div>
  )
}
