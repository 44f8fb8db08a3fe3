import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, type Held, type Node } from '../api/admin'
import { useFormat, useWords } from '../i18n'
import { serverNow, useNow } from '../live/clock'
import { Dialog } from '../ui/dialog'
import { Count, Pick, Text } from '../ui/form'
import { Chip, Failure, Fetched, type Tone } from '../ui/parts'
import type { IconName } from '../ui/icon'
import { Head } from './frame'

const key = ['admin', 'nodes']
const silent = 15_000 // ms; a node says every 2 s that it is there

/** The processes of the house, what each has in its hands, and the platform switch: a node is emptied before it is stopped. */
export function Nodes() {
  const w = useWords()
  const client = useQueryClient()
  const query = useQuery({ queryKey: key, queryFn: admin.nodes, refetchInterval: 2000 })
  const [asked, setAsked] = useState('')
  const items = query.data?.items ?? []
  const callOff = useMutation({ mutationFn: admin.undrain, onSettled: () => client.invalidateQueries({ queryKey: key }) })
  return (
    <>
      <Head title={w.admin.nodes} lead={w.admin.node.lead} />
      <div className="set-body set-body--list" tabIndex={0} role="group" aria-label={w.admin.nodes}>
        {callOff.error != null && <Failure error={callOff.error} />}
        <Fetched query={query} what={w.admin.nodes} rows={3}>
          {() => (
            <ul className="boxed">
              {items.map((n) => (
                <Row key={n.name} n={n} busy={callOff.isPending} ask={() => setAsked(n.name)} callOff={() => callOff.mutate(n.name)} />
              ))}
            </ul>
          )}
        </Fetched>
      </div>
      {asked && <Switching name={asked} alone={!items.some((n) => n.name !== asked && !begun(n))} close={() => setAsked('')} />}
    </>
  )
}

const begun = (n: Node) => n.drain !== undefined && Date.parse(n.drain.since) <= serverNow()

function Row({ n, busy, ask, callOff }: { n: Node; busy: boolean; ask: () => void; callOff: () => void }) {
  const w = useWords()
  const held = useHeld()
  const { tone, icon, text } = useStanding(n)
  const past = n.remains?.at_deadline
  return (
    <li className="optrow optrow--tall">
      <div className="col grow">
        <span className="row">
          <span className="med">{n.name}</span>
          <Chip tone={tone} icon={icon}>
            {text}
          </Chip>
        </span>
        <span className="meta">
          {n.address} · {n.roles.map((r) => w.admin.node.role[r] ?? r).join(', ')}
        </span>
        <span>{w.admin.node.holds(held(n.remains))}</span>
        {past && n.drain && <span className="meta">{w.admin.node.atDeadline(held(past), n.remains?.drain_killed ?? 0)}</span>}
      </div>
      <div className="opt-end">
        <button className="btn btn--sm" onClick={ask} aria-label={n.drain ? w.admin.node.moveOf(n.name) : w.admin.node.switchOf(n.name)}>
          {n.drain ? w.admin.node.move : w.admin.node.switch}
        </button>
        {n.drain && (
          <button className="btn btn--sm" disabled={busy} onClick={callOff} aria-label={w.admin.node.callOffOf(n.name)}>
            {w.admin.node.callOff}
          </button>
        )}
      </div>
    </li>
  )
}

/** What a node has in its hands, in words. */
function useHeld() {
  const w = useWords().admin.node
  return (h: Held | undefined) => {
    if (!h) return w.nothing
    const parts = [h.calls > 0 && w.calls(h.calls), h.consoles > 0 && w.consoles(h.consoles), h.visitors > 0 && w.visitors(h.visitors), h.mailboxes && w.mailboxes, h.leads && w.leads]
    return parts.filter(Boolean).join(', ') || w.nothing
  }
}

/** How a node is. */
function useStanding(n: Node): { tone: Tone; icon: IconName; text: string } {
  const w = useWords().admin.node
  const f = useFormat()
  const now = useNow()
  const at = (time: string) => (new Date(time).toDateString() === new Date(now).toDateString() ? f.clock(time) : `${f.date(time)} ${f.clock(time)}`)
  if (now - Date.parse(n.seen_at) > silent) return { tone: 'crit', icon: 'alert', text: w.silent }
  if (!n.drain) return { tone: 'ok', icon: 'check', text: w.works }
  if (!begun(n)) return { tone: 'accent', icon: 'clock', text: w.planned(at(n.drain.since)) }
  if (n.remains?.done) return { tone: 'ok', icon: 'okc', text: w.empty }
  if (Date.parse(n.drain.deadline) < now) return { tone: 'crit', icon: 'alert', text: w.past(at(n.drain.deadline)) }
  return { tone: 'wrap', icon: 'swap', text: w.drains(at(n.drain.deadline)) }
}

/** When a node is emptied, and how long it may take. */
function Switching({ name, alone, close }: { name: string; alone: boolean; close: () => void }) {
  const w = useWords()
  const client = useQueryClient()
  const [begins, setBegins] = useState<'now' | 'at'>('now')
  const [at, setAt] = useState('')
  const [deadline, setDeadline] = useState(30)
  const [final, setFinal] = useState(10)
  const start = useMutation({
    mutationFn: () => admin.drain(name, { at: begins === 'at' ? new Date(at).toISOString() : undefined, deadline: deadline * 60, final: final * 60 }),
    onSuccess: () => (close(), client.invalidateQueries({ queryKey: key })),
  })
  const wrong = deadline < 1 || final > deadline || (begins === 'at' && !at)
  return (
    <Dialog title={w.admin.node.switchOf(name)} close={close}>
      <form
        className="dialog-foot"
        onSubmit={(e) => {
          e.preventDefault()
          start.mutate()
        }}
      >
        <p className="hint">{alone ? w.admin.node.alone : w.admin.node.explained}</p>
        <Pick
          label={w.admin.node.begins}
          value={begins}
          set={setBegins}
          of={[
            ['now', w.admin.node.now],
            ['at', w.admin.node.later],
          ]}
          hint={begins === 'at' ? w.admin.node.laterHint : undefined}
        />
        {begins === 'at' && <Text label={w.admin.node.at} required type="datetime-local" value={at} set={setAt} />}
        <div className="f2">
          <Count label={w.admin.node.deadline} value={deadline} set={setDeadline} unit={w.admin.node.minutes} hint={w.admin.node.deadlineHint} />
          <Count label={w.admin.node.final} value={final} set={setFinal} unit={w.admin.node.minutes} hint={w.admin.node.finalHint} />
        </div>
        {start.error != null && <Failure error={start.error} />}
        <div className="row">
          <span className="grow" />
          <button className="btn btn--primary" disabled={start.isPending || wrong}>
            {begins === 'at' ? w.admin.node.plan : w.admin.node.begin}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
