import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Signature } from '../api/types'
import { Failure, Skeleton } from '../ui/parts'
import { KeptText, variables } from './kept'

const own = variables.filter((v) => v !== 'agent.signature') // it can't name itself

/** What mails end with: an agent's, or, with what may be named there, a queue's. Saved when it is left. */
export function SignatureField(props: { label: string; hint?: string; at: string[]; read: () => Promise<Signature>; save: (words: Signature) => Promise<Signature>; done?: () => void; queue?: boolean }) {
  const client = useQueryClient()
  const query = useQuery({ queryKey: props.at, queryFn: props.read })
  const [words, setWords] = useState<Signature | null>(null)
  const save = useMutation({
    mutationFn: props.save,
    onSuccess: (kept) => {
      client.setQueryData(props.at, kept)
      void client.invalidateQueries({ queryKey: ['signature'] })
      setWords(null)
      props.done?.()
    },
  })
  const same = words === null || (words.text === (query.data?.text ?? '') && (words.html ?? '') === (query.data?.html ?? ''))
  const problem = query.error ?? save.error
  if (problem && !query.data) return <Failure error={problem} retry={() => void query.refetch()} />
  if (!query.data) return <Skeleton rows={2} />
  return (
    <>
      <KeptText label={props.label} hint={props.hint} words={words ?? query.data} set={(text, html) => setWords({ text, html: html || undefined })} left={() => words && !same && save.mutate(words)} variables={props.queue ? variables : own} />
      {problem != null && <Failure error={problem} />}
    </>
  )
}
