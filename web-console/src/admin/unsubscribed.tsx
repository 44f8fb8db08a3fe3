import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { admin, type Unsubscribed } from '../api/admin'
import { useFormat, useWords } from '../i18n'
import { serverNow } from '../live/clock'
import { Field } from '../ui/controls'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { Failure } from '../ui/parts'
import { Add, RowHead, Tabled, usePaged } from './tabled'
import { useUnsubscribedWords } from './unsubscribed-words'

const key = ['admin', 'unsubscribed']

/** Who wants no automatic mail, since when and how they said so; one is found by words, and may have it again. */
export function UnsubscribedList() {
  const w = useWords()
  const u = useUnsubscribedWords()
  const [text, setText] = useState('')
  const [asked, ask] = useState<Unsubscribed>()
  const q = useDeferredValue(text.trim())
  const list = usePaged([...key, q], (after) => admin.unsubscribed(q, after))
  return (
    <>
      <Tabled
        title={w.admin.unsubscribed}
        lead={u.lead}
        icon="mail"
        empty={q ? u.noneFound : u.none}
        heads={[u.address, u.way, w.admin.since, w.board.actions]}
        tools={<Field label={u.find} placeholder={u.find} icon="search" value={text} set={setText} rest={{ maxLength: 200 }} />}
        above={<Note />}
        {...list}
        row={(one) => <Row key={one.id} one={one} ask={() => ask(one)} />}
      />
      {asked && <Again one={asked} close={() => ask(undefined)} />}
    </>
  )
}

function Row({ one, ask }: { one: Unsubscribed; ask: () => void }) {
  const w = useUnsubscribedWords()
  const f = useFormat()
  return (
    <tr>
      <RowHead>
        <span className="med">{one.address}</span>
      </RowHead>
      <td>{w.ways[one.way]}</td>
      <td>
        <time>{f.when(one.at, serverNow())}</time>
      </td>
      <td>
        <button className="btn btn--xs" onClick={ask} aria-label={w.againOf(one.address)}>
          {w.again}
        </button>
      </td>
    </tr>
  )
}

/** What a customer has said to somebody here. */
function Note() {
  const w = useUnsubscribedWords()
  const client = useQueryClient()
  const [address, setAddress] = useState('')
  const add = useMutation({ mutationFn: () => admin.unsubscribe(address.trim()), onSuccess: () => (setAddress(''), client.invalidateQueries({ queryKey: key })) })
  return (
    <Add add={add} ready={address.trim().length >= 3} text={w.add}>
      <Text label={w.address} required value={address} set={setAddress} hint={w.addressHint} max={320} inputMode="email" />
    </Add>
  )
}

/** Asks first: mail that nobody wants harms the mailbox's name. */
function Again({ one, close }: { one: Unsubscribed; close: () => void }) {
  const w = useWords()
  const u = useUnsubscribedWords()
  const client = useQueryClient()
  const again = useMutation({ mutationFn: () => admin.resubscribe(one.id), onSuccess: close, onSettled: () => client.invalidateQueries({ queryKey: key }) })
  return (
    <Dialog title={u.askTitle} close={close}>
      <div className="pad stack-2">
        <p>{u.ask(one.address)}</p>
        {again.error != null && <Failure error={again.error} />}
        <div className="row">
          <button className="btn" onClick={close}>
            {w.common.cancel}
          </button>
          <span className="grow" />
          <button className="btn btn--primary" disabled={again.isPending} onClick={() => again.mutate()}>
            {u.again}
          </button>
        </div>
      </div>
    </Dialog>
  )
}
