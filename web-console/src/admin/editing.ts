import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, type Kind, type Kinds } from '../api/admin'
import { Problem } from '../api/client'
import type { Id } from '../api/types'

export const fresh = 'new' // the id of what is not there yet

/** All things of a kind, those out of use too. */
export const useKept = <K extends Kind>(kind: K, wanted = true) => useQuery({ queryKey: ['admin', kind], queryFn: () => admin.list(kind), enabled: wanted })

/** A thing being edited: what was read, what is written over it, and the way to save it. Nothing is sent before that. */
export interface Editing<T> {
  thing: T | undefined
  set: (fields: Partial<T>) => void
  changed: number // fields that differ from what is stored
  isNew: boolean
  undo: () => void
  save: () => void
  saving: boolean
  error: unknown
  conflict: boolean // somebody else has saved meanwhile
  reread: () => void
  query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown; dataUpdatedAt: number }
}

export function useEditing<K extends Kind>(kind: K, id: Id, first: Partial<Kinds[K]>, done: (id: Id) => void): Editing<Kinds[K]> {
  type T = Kinds[K]
  const client = useQueryClient()
  const isNew = id === fresh
  const read = useQuery({ queryKey: ['admin', kind, id], queryFn: () => admin.get(kind, id), enabled: !isNew })
  const [over, setOver] = useState<Partial<T>>({})
  const stored = isNew ? (first as T) : read.data
  const same = (k: keyof T) => JSON.stringify(over[k]) === JSON.stringify(stored?.[k])
  const dirty = (Object.keys(over) as (keyof T)[]).filter((k) => !same(k))
  const save = useMutation({
    mutationFn: () => {
      const body = Object.fromEntries(dirty.map((k) => [k, over[k]])) as Partial<T>
      return isNew ? admin.create(kind, { ...first, ...body }) : admin.change(kind, id, body, read.data!.rev)
    },
    onSuccess: (thing) => {
      setOver({})
      const now = thing.id ?? id // the rules of the house have none
      client.setQueryData(['admin', kind, now], thing)
      void client.invalidateQueries({ predicate: (q) => (q.queryKey[0] === 'admin' && q.queryKey.length === 2) || shown.has(String(q.queryKey[0])) })
      done(now)
    },
  })
  const thing = stored && ({ ...stored, ...over } as T)
  return {
    thing,
    set: (fields) => (save.reset(), setOver({ ...over, ...fields })),
    changed: dirty.length,
    isNew,
    undo: () => (save.reset(), setOver({})),
    save: () => save.mutate(),
    saving: save.isPending,
    error: save.error,
    conflict: save.error instanceof Problem && (save.error.status === 409 || save.error.status === 412) && !isNew,
    reread: () => void read.refetch().then(() => save.reset()),
    query: { data: thing, error: isNew ? null : read.error, isPending: !isNew && read.isPending, refetch: read.refetch, dataUpdatedAt: read.dataUpdatedAt },
  }
}

// What else shows the names of what was changed.
const shown = new Set(['queues', 'agents', 'status-codes', 'transaction-codes', 'me'])
