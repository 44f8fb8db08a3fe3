import { useEffect, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { useInteraction } from '../inbox/interaction'
import { useWho } from '../inbox/who'
import { useLive } from '../live/hub'
import { Guard } from '../ui/guard'
import { Icon } from '../ui/icon'
import { announced, place, printed, useKeys, WorkedIn } from '../ui/keys'
import { Badge, Empty, Kbd } from '../ui/parts'

const most = 6

/**
 * Up to six chats side by side, each whole: what was said, who types, where one answers. One is worked in: it hears the keys,
 * and only it counts as read. On a narrow page only that one shows, under the names of all.
 */
export function Grid({ thread }: { thread: (i: InteractionView, open: () => void) => ReactNode }) {
  const w = useWords()
  const [, go] = useLocation()
  const chats = useChats()
  const [chosen, choose] = useState<string>()
  const worked = chats.find((c) => c.id === chosen) ?? chats[0]
  const [asked, ask] = useState(0) // for the keys, each time they choose
  useKeys(Object.fromEntries(chats.map((c, n) => [place(n + 1), () => (choose(c.id), ask((k) => k + 1))])))
  useEffect(() => {
    if (asked) document.querySelector<HTMLElement>('.grid-cell.is-sel textarea')?.focus()
  }, [asked])
  return (
    <main className="sheet grid-page">
      <div className="subhead grid-head">
        <h1 className="vh">{w.inbox.grid}</h1>
        <div className="tabs" role="group" aria-label={w.inbox.grid}>
          {chats.map((c, n) => (
            <Name key={c.id} c={c} n={n + 1} on={c === worked} choose={() => (choose(c.id), ask((k) => k + 1))} />
          ))}
        </div>
        <span className="grow" />
        <Link className="btn btn--sm" href={worked ? `/chat/${worked.id}` : '/chat'}>
          <Icon name="list" />
          {w.inbox.title}
        </Link>
      </div>
      {chats.length === 0 ? (
        <Empty icon="chat" text={w.inbox.emptyMine} />
      ) : (
        <div className={`grid-cells grid-cells--${chats.length}`}>
          {chats.map((c) => (
            <div key={c.id} className={`grid-cell${c === worked ? ' is-sel' : ''}`} onFocus={() => choose(c.id)} onPointerDown={() => choose(c.id)}>
              <Guard>
                <WorkedIn value={c === worked}>
                  <Chat id={c.id}>{(i) => thread(i, () => go(`/chat/${c.id}`))}</Chat>
                </WorkedIn>
              </Guard>
            </div>
          ))}
        </div>
      )}
    </main>
  )
}

/** Those that I have, in the order in which they came: none moves when another has news. */
function useChats(): InteractionView[] {
  const mine = useLive((l) => Object.values(l.interactions))
  return mine
    .filter((i) => i.channel === 'chat')
    .sort((a, b) => a.arrived_at.localeCompare(b.arrived_at) || Number(a.id) - Number(b.id))
    .slice(0, most)
}

function Name({ c, n, on, choose }: { c: InteractionView; n: number; on: boolean; choose: () => void }) {
  const w = useWords()
  const name = useWho()(c)
  const unread = on ? 0 : (c.unread ?? 0)
  return (
    <button className="tab" aria-pressed={on} aria-keyshortcuts={announced(place(n))} onClick={choose}>
      <span className="ell">{name}</span>
      <Kbd>{printed(place(n))}</Kbd>
      {unread > 0 && (
        <>
          <Badge count={unread} tone="accent" />
          <span className="vh">{w.inbox.unread(unread)}</span>
        </>
      )}
    </button>
  )
}

/** One of them, with what may be done now; what is still to be done after its end is done in full view. */
function Chat({ id, children }: { id: string; children: (i: InteractionView) => ReactNode }) {
  const { interaction } = useInteraction(id)
  return interaction ? children(interaction) : null
}
