import { useState } from 'react'
import { useFormat, useWords } from '../i18n'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { local, usual } from './usual'

const year = 366 * 86_400_000 // as far ahead as the server takes a mail

/** When a mail leaves that does not leave now: at a usual time, or one that is typed. */
export function Later({ send, close }: { send: (at: string) => void; close: () => void }) {
  const w = useWords()
  const f = useFormat()
  const [now] = useState(() => new Date())
  const [at, setAt] = useState(() => local(usual(now)[1]!.at))
  const when = Date.parse(at)
  const fits = when > Date.now() && when < Date.now() + year
  const leave = (date: Date) => {
    send(date.toISOString())
    close()
  }
  return (
    <Dialog title={w.mail.later} close={close}>
      <form
        className="pad stack-2"
        onSubmit={(e) => {
          e.preventDefault()
          if (fits) leave(new Date(when))
        }}
      >
        {usual(now).map((u) => (
          <button key={u.name} type="button" className="btn row" onClick={() => leave(u.at)}>
            <span>{w.mail.usual[u.name]}</span>
            <span className="grow" />
            <span className="meta">{`${f.date(u.at.toISOString())} ${f.clock(u.at.getTime())}`}</span>
          </button>
        ))}
        <Text label={w.mail.laterAt} type="datetime-local" value={at} set={setAt} hint={w.mail.laterHint} />
        <div className="row">
          <span className="grow" />
          <button className="btn btn--primary" aria-disabled={!fits}>
            {w.mail.sendThen}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
