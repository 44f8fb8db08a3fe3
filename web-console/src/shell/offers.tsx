import { useEffect, useRef, useState } from 'react'
import { Button, MenuTrigger } from 'react-aria-components'
import { useLocation } from 'wouter'
import { useAccept, useDecline } from '../actions'
import type { Named, Offer } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { short } from '../i18n/format'
import { useWho } from '../inbox/who'
import { useNow } from '../live/clock'
import { useStatusCodes } from '../live/codes'
import { leads, useLive } from '../live/hub'
import { Icon } from '../ui/icon'
import { announced, printed, spelled, useKeys } from '../ui/keys'
import { Avatar, Bar, channelIcon, Failure, Kbd } from '../ui/parts'
import { getSettings } from '../ui/settings'
import { notify, ring } from './ring'
import { Codes } from './status-menu'

const acceptKey = 'ctrl+alt+KeyA'
const declineKey = 'ctrl+alt+KeyD'

/** The offers of this moment. They never take the focus: the keys work from everywhere. */
export function Offers() {
  const w = useWords()
  const who = useWho()
  const offers = useLive((l) => Object.values(l.offers).sort((a, b) => a.created_at.localeCompare(b.created_at)))
  const first = offers[0]
  const [path, go] = useLocation()
  const accept = useAccept((o) => (o.channel === 'chat' && path === '/chats') || go(o.channel === 'voice' ? '/phone' : `/${o.channel === 'email' ? 'email' : 'chat'}/${o.interaction}`))
  const decline = useDecline()
  const reasons = useStatusCodes()?.decline ?? []
  const [asking, setAsking] = useState('') // of which offer the reason for declining is being chosen
  useKeys({
    [acceptKey]: first && first.channel !== 'voice' && (() => accept.mutate(first)),
    [declineKey]: first && (() => (reasons.length ? setAsking(`${first.interaction}/${first.no}`) : decline.mutate({ offer: first }))),
  })
  useAlert(first, offers.length)
  return (
    <div className="offers">
      <p className="vh" role="alert">
        {first && `${w.offer.announce(w.offer[first.channel], first.queue_name ?? '', who(first))} ${first.channel === 'voice' ? w.offer.answerPhone : w.offer.acceptWith}`}
      </p>
      {offers.map((o) => (
        <Card key={`${o.interaction}/${o.no}`} offer={o} first={o === first} accept={() => accept.mutate(o)} decline={(code) => decline.mutate({ offer: o, code })} reasons={reasons} asking={asking === `${o.interaction}/${o.no}`} ask={(yes) => setAsking(yes ? `${o.interaction}/${o.no}` : '')} busy={accept.isPending || decline.isPending} />
      ))}
      {(accept.error ?? decline.error) && first && <Failure error={accept.error ?? decline.error} />}
    </div>
  )
}

function Card(props: { offer: Offer; first: boolean; accept: () => void; decline: (code?: string) => void; reasons: Named[]; asking: boolean; ask: (yes: boolean) => void; busy: boolean }) {
  const { offer: o } = props
  const w = useWords()
  const f = useFormat()
  const who = useWho()
  const now = useNow()
  const whole = Date.parse(o.expires_at) - Date.parse(o.created_at)
  const left = Math.max(0, Date.parse(o.expires_at) - now)
  const waited = (o.waited_s ?? 0) * 1000
  const how = o.kind === 'transfer' ? w.offer.transfer : o.kind === 'recall' ? w.offer.recall : o.kind === 'consult' ? w.offer.consult : w.offer.waited(short(waited))
  const second = [o.customer_name ? f.address(o.customer_address) : '', o.subject ?? '', o.open_cases ? w.offer.openCases(o.open_cases) : '']
  return (
    <div className="offer pop" role="alertdialog" aria-label={w.offer[o.channel]} aria-modal="false">
      <div className="offer-head">
        <Icon name={channelIcon[o.channel]} />
        <span className="grow ell">{[w.offer[o.channel], o.queue_name, how].filter(Boolean).join(' · ')}</span>
        <time className="num strong">{w.offer.left(Math.ceil(left / 1000))}</time>
      </div>
      <Bar share={whole > 0 ? left / whole : 0} tone="crit" />
      <div className="offer-body">
        <Avatar name={who(o)} size="lg" />
        <div className="col grow">
          <span className="strong t-title ell">{who(o)}</span>
          <span className="meta num ell">{second.filter(Boolean).join(' · ')}</span>
        </div>
      </div>
      <div className="offer-acts">
        {props.reasons.length > 0 ? (
          <MenuTrigger isOpen={props.asking} onOpenChange={props.ask}>
            <Button className="btn" isDisabled={props.busy}>
              {w.offer.decline}
              {props.first && <Kbd>{printed(declineKey)}</Kbd>}
            </Button>
            <Codes status="decline" codes={props.reasons} placement="bottom start" choose={props.decline} />
          </MenuTrigger>
        ) : (
          <button className="btn" onClick={() => props.decline()} disabled={props.busy} title={spelled(declineKey)} aria-keyshortcuts={announced(declineKey)}>
            {w.offer.decline}
            {props.first && <Kbd>{printed(declineKey)}</Kbd>}
          </button>
        )}
        {o.channel === 'voice' ? (
          <span className="offer-phone" role="note">
            <Icon name="phone" />
            {w.offer.inPhone}
          </span>
        ) : (
          <button className="btn btn--ok" onClick={props.accept} disabled={props.busy} title={spelled(acceptKey)} aria-keyshortcuts={announced(acceptKey)}>
            <Icon name={channelIcon[o.channel]} />
            {w.offer.accept}
            {props.first && <Kbd>{printed(acceptKey)}</Kbd>}
          </button>
        )}
      </div>
    </div>
  )
}

/** The title counts, the tab that leads rings, and a console in the background says so on the desktop. */
function useAlert(first: Offer | undefined, count: number) {
  const w = useWords()
  const who = useWho()
  const told = useRef('')
  const key = first ? `${first.interaction}/${first.no}` : ''
  useEffect(() => {
    document.title = first ? w.offer.title(count, `${w.offer[first.channel]} · Växel`) : 'Växel'
  }, [key, count, w, first])
  useEffect(() => {
    if (!first || !leads()) return
    const text = [w.offer[first.channel], who(first), first.queue_name].filter(Boolean).join(' · ')
    if (told.current !== key) notify(text)
    told.current = key
    return getSettings().ring ? ring() : undefined
    // A new offer rings anew; what is written on it may change meanwhile.
  }, [key])
}

