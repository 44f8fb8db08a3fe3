import { useMutation } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { Button, MenuTrigger } from 'react-aria-components'
import { api } from '../api/client'
import type { Entry, Id } from '../api/types'
import { useWords } from '../i18n'
import { useNow } from '../live/clock'
import { useLive } from '../live/hub'
import { Menu, MenuItem } from '../ui/controls'
import { Icon } from '../ui/icon'
import { printed, useKeys } from '../ui/keys'
import { Failure, Kbd } from '../ui/parts'

const Later = lazy(() => import('./later').then((m) => ({ default: m.Later })))

/** How long a mail can be taken back to be written on, in seconds. */
export const hold = 10

/** When a mail leaves: at a time, or as soon as nobody has thought again. */
export const leaving = (at?: string) => (at ? { send_at: at } : { hold })

/** The button that sends a mail, now or at a time that is asked for. */
export function useSend(text: string, ready: boolean, post: (at?: string) => void, small = true, more?: ReactNode) {
  const w = useWords()
  const [asks, ask] = useState(false)
  const now = () => ready && post()
  const later = () => ready && ask(true)
  return {
    later,
    button: (
      <>
        <div className="split">
          <button type="button" className={`btn btn--primary${small ? ' btn--sm' : ''}`} aria-disabled={!ready} onClick={now}>
            {text}
            <Kbd>{printed('mod+Enter')}</Kbd>
          </button>
          <MenuTrigger>
            <Button className={`btn btn--primary${small ? ' btn--sm' : ''}`} aria-label={w.composer.ways} isDisabled={!ready}>
              <Icon name="down" />
            </Button>
            <Menu aria-label={w.composer.ways} placement="top end">
              <MenuItem icon="send" onAction={now} end={<Kbd>{printed('mod+Enter')}</Kbd>}>
                {text}
              </MenuItem>
              <MenuItem icon="clock" onAction={later} end={<Kbd>{printed('mod+shift+Enter')}</Kbd>}>
                {w.mail.later}
              </MenuItem>
              {more}
            </Menu>
          </MenuTrigger>
        </div>
        {asks && (
          <Suspense>
            <Later send={post} close={() => ask(false)} />
          </Suspense>
        )}
      </>
    ),
  }
}

/** What was sent last, so that it can be taken back and written on; client is its client_id. */
export interface Sent<T> {
  client: Id
  what: T
}

/** Says that a mail leaves soon, and takes it back while it has not. `free` is true where nothing else was begun that a chord could mean. */
export function Undo<T>({ conversation, sent, free, back, over }: { conversation: Id; sent: Sent<T>; free: boolean; back: (what: T) => void; over: () => void }) {
  const entry = useLive((l) => l.logs[conversation]?.entries.find((e) => e.client_id === sent.client))
  return entry ? <Leaving entry={entry} free={free} back={() => back(sent.what)} over={over} /> : null
}

function Leaving({ entry, free, back, over }: { entry: Entry; free: boolean; back: () => void; over: () => void }) {
  const w = useWords()
  const left = Math.ceil((Date.parse(entry.at) + hold * 1000 - useNow()) / 1000)
  const undo = useMutation({ mutationFn: () => api.cancelMail(entry.conversation, entry.pos), onSuccess: back })
  const gone = undo.error ? left < -20 : left <= 0 && !undo.isPending // why it was too late stands for a while
  useEffect(() => {
    if (gone) over()
  }, [gone, over])
  useKeys({ 'mod+KeyZ': free && !undo.isPending && (() => undo.mutate()) })
  if (gone) return null
  return (
    <>
      {undo.error && <Failure error={undo.error} />}
      <div className="banner second">
        <Icon name="clock" />
        <span className="grow" role="status">
          {w.mail.leavesSoon}
        </span>
        <span className="meta" aria-hidden="true">
          {w.mail.seconds(Math.max(left, 0))}
        </span>
        <button type="button" className="btn btn--xs" disabled={undo.isPending} onClick={() => undo.mutate()}>
          {w.mail.undo}
          <Kbd>{printed('mod+KeyZ')}</Kbd>
        </button>
      </div>
    </>
  )
}
