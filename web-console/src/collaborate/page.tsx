import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Id, InteractionView } from '../api/types'
import { useLive } from '../live/hub'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Chip, Failure } from '../ui/parts'
import { collaborate } from './api'
import { Pane } from './pane'
import { useCollaborateWords } from './words'

/** How it stands: read anew whenever the conversation tells of it. */
function useCollaboration(i: InteractionView) {
  const pos = useLive((l) => l.logs[i.conversation]?.entries.findLast((e) => e.kind === 'event' && (e.body as { what?: string })?.what?.startsWith('collaborate_'))?.pos ?? 0)
  return useQuery({ queryKey: ['collaboration', i.id, pos], queryFn: () => collaborate.of(i.id), enabled: pos > 0, retry: false, placeholderData: (before) => before, refetchInterval: (q) => (q.state.data?.state === 'asked' && q.state.data.code ? 2000 : false) }) // that a code is typed is no entry
}

export function Ask({ i }: { i: InteractionView }) {
  const w = useCollaborateWords()
  const me = useMe()
  const client = useQueryClient()
  const { data: c } = useCollaboration(i)
  const seen = () => client.invalidateQueries({ queryKey: ['collaboration', i.id] })
  const ask = useMutation({ mutationFn: () => collaborate.ask(i.id), onSettled: seen })
  const end = useMutation({ mutationFn: (id: Id) => collaborate.end(id), onSettled: seen })
  const open = c && c.state !== 'ended' && c.agent === me.agent
  const call = i.channel === 'voice'
  return (
    <section className="sec">
      <div className="sec-h">
        <h3 className="grow">{w.title}</h3>
        {c?.state === 'shared' && open && (
          <Chip tone="crit" icon="screen">
            {w.page}
          </Chip>
        )}
      </div>
      {open && c.state === 'asked' && (
        <div className="col stack-2" role="status">
          {c.code ? (
            <>
              <span className="meta">{w.code}</span>
              <output className="collab-code num">{`${c.code.slice(0, 3)} ${c.code.slice(3)}`}</output>
              <span className="meta">{w.leadCall}</span>
            </>
          ) : (
            <span>{call ? w.codeUsed : w.waiting}</span>
          )}
          <button className="btn btn--sm" disabled={end.isPending} onClick={() => end.mutate(c.id)}>
            {w.cancel}
          </button>
        </div>
      )}
      {!open && (
        <div className="col stack-2">
          {c?.cause && c.agent === me.agent && <span className="meta">{w.ended[c.cause] ?? c.cause}</span>}
          <button className="btn btn--sm" disabled={ask.isPending} onClick={() => ask.mutate()}>
            <Icon name="screen" />
            {call ? w.askCall : w.ask}
          </button>
          <span className="meta">{w.lead}</span>
        </div>
      )}
      {(ask.error ?? end.error) != null && <Failure error={ask.error ?? end.error} />}
    </section>
  )
}

export function Shown({ i }: { i: InteractionView }) {
  const me = useMe()
  const { data: c } = useCollaboration(i)
  if (!c || c.state !== 'shared' || c.agent !== me.agent) return null
  return <Pane key={c.id} c={c} />
}
