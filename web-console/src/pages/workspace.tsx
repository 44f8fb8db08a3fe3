import { useEffect, useState } from 'react'
import { useWords } from '../i18n'
import { Inbox } from '../inbox/inbox'
import { useInteraction } from '../inbox/interaction'
import { Side } from '../thread/side'
import { Thread } from '../thread/thread'
import { Guard } from '../ui/guard'
import { Empty } from '../ui/parts'

/** List, thread and side panel: the chat tab holds everything, the e-mail tab only mail. */
export function Workspace({ tab, id }: { tab: 'chat' | 'email'; id?: string }) {
  const w = useWords()
  const { interaction, query } = useInteraction(id)
  const [asked, setSide] = useState<boolean | null>(null)
  const side = asked ?? interaction?.state === 'wrap_up' // what is still to be done isn't hidden in a drawer
  useEffect(() => setSide(null), [id, interaction?.state])
  return (
    <main className={`sheet sheet--3${id ? ' has-open' : ''}${side ? ' has-side' : ''}`}>
      <Inbox tab={tab} chosen={id} />
      {interaction ? (
        <Guard key={interaction.id}>
          <Thread tab={tab} interaction={interaction} side={() => setSide(!side)} />
        </Guard>
      ) : (
        <section className="pane" aria-label={w.thread.label}>
          {!id && <Empty icon={tab === 'email' ? 'mail' : 'chat'} text={w.thread.pick} hint={w.thread.pickHint} />}
          {id && query.error && <Empty icon="info" text={w.thread.gone} />}
        </section>
      )}
      <aside className="pane" aria-label={interaction?.state === 'wrap_up' ? w.wrapUp.title : w.side.customer}>
        {interaction && (
          <Guard key={interaction.id}>
            <Side interaction={interaction} close={() => setSide(false)} />
          </Guard>
        )}
      </aside>
    </main>
  )
}
