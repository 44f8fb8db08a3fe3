import { lazy, Suspense, useRef, useState } from 'react'
import { mailURL, rawURL } from '../api/client'
import type { Address, Entry, Mail } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useLive } from '../live/hub'
import { useMe } from '../session'
import { Icon } from '../ui/icon'
import { Avatar, Chip } from '../ui/parts'
import { File } from './entries'
import { FollowUpButton } from './follow-up-button'
import { useHere } from './here'
import { Delivery, Doubts, MailFacts, Reached, TakeBack } from './mail-facts'
import { foldQuoted, linesOf, parted } from './quoted'

const Invitation = lazy(() => import('./invitation').then((m) => ({ default: m.Invitation })))

const nameOf = (a: Address | undefined) => a?.name || a?.value || ''

/** One mail. The newest of the customer's stands open, the others are one line that opens. */
export function MailEntry({ e, name, open: first, fresh }: { e: Entry; name: string; open: boolean; fresh: boolean }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const here = useHere()
  const m = (e.body ?? {}) as Mail
  const [chosen, setChosen] = useState<boolean | null>(null)
  const [facts, setFacts] = useState(false)
  const open = chosen ?? first
  const ours = e.author.kind !== 'customer'
  const out = useLive((l) => (ours ? l.mails[`${e.conversation}/${e.pos}`] : undefined)) // where that is known
  const mine = ours && e.author.id === me.agent
  const who = mine ? w.common.you : ours ? (e.author.name ?? nameOf(m.from)) : nameOf(m.from) || name
  if (!open)
    return (
      <button className={`mail-fold${fresh ? ' mail-fold--new' : ''}`} onClick={() => setChosen(true)} aria-expanded="false" title={w.thread.openMail}>
        <Avatar name={mine ? me.name : who} size="sm" me={mine} />
        <span className={`nowrap ${fresh ? 'strong' : 'med'}`}>{who}</span>
        {fresh && <Chip tone="accent">{w.thread.fresh}</Chip>}
        {m.forwards && <Chip icon="fwd">{w.mail.forwarded}</Chip>}
        <span className={`ell grow${fresh ? '' : ' t-3'}`}>{(parted(e).own || m.subject).slice(0, 200)}</span>
        {out && <Delivery out={out} />}
        <time className="meta">{f.when(e.at, Date.now())}</time>
      </button>
    )
  const to = [...(m.to ?? []), ...(m.cc ?? []), ...(m.bcc ?? [])].map((a) => a.value).join(', ')
  return (
    <article className="mail">
      <div className="mail-head">
        <Avatar name={mine ? me.name : who} size="md" me={mine} />
        <div className="col grow">
          <span className="row">
            <span className="strong ell">{who}</span>
            <span className="meta ell">{m.from?.value}</span>
          </span>
          <span className="meta ell">{w.thread.to(to)}</span>
        </div>
        {m.forwards && <Chip icon="fwd">{w.mail.forwarded}</Chip>}
        {out && <Delivery out={out} />}
        <time className="meta nowrap">{f.when(e.at, Date.now())}</time>
        {here && <FollowUpButton about={{ case: here.case, customer: here.customer, title: m.subject, note: `${who}, ${f.date(e.at)} ${f.clock(e.at)}\n\n${e.text.slice(0, 2000)}` }} />}
        <button className="ibtn" aria-label={w.mail.details} aria-expanded={facts} onClick={() => setFacts(!facts)}>
          <Icon name="info" />
        </button>
        <button className="ibtn" aria-label={w.thread.foldMail} aria-expanded="true" onClick={() => setChosen(false)}>
          <Icon name="down" />
        </button>
      </div>
      {facts && <MailFacts m={m} />}
      {out && <Reached out={out} />}
      {out?.state === 'queued' && (mine || me.role !== 'agent') && <TakeBack out={out} />}
      {!ours && <Doubts m={m} />}
      {m.invitation && (
        <Suspense>
          <Invitation e={e} meeting={m.invitation} />
        </Suspense>
      )}
      {m.defects && <Damage e={e} defects={m.defects} />}
      {m.html ? <Html e={e} m={m} from={who} /> : <Plain e={e} />}
      {m.attachments && m.attachments.filter((a) => !a.cid).length > 0 && (
        <div className="atts">
          {m.attachments
            .filter((a) => !a.cid)
            .map((a) => (
              <File key={a.blob + a.name} e={e} a={a} />
            ))}
        </div>
      )}
    </article>
  )
}

/** What was wrong with a mail that is shown as well as it could be read, and the mail as it came. */
function Damage({ e, defects }: { e: Entry; defects: string[] }) {
  const w = useWords()
  return (
    <div className="mail-guard">
      <Icon name="alert" />
      <span className="grow">{w.mail.damaged(defects.map((d) => w.mail.defects[d] ?? d).join(', '))}</span>
      <a className="btn btn--xs" href={rawURL(e)} target="_blank" rel="noreferrer">
        {w.mail.source}
      </a>
    </div>
  )
}


/** Lays a mail that brings no style of its own on our paper; what the sender wrote comes later and wins. */
function dress(doc: Document, frame: HTMLElement) {
  const paper = getComputedStyle(frame)
  const style = doc.createElement('style')
  style.textContent = `body { margin: 0; padding: ${paper.getPropertyValue('--paper-pad')}; color: ${paper.color}; background: ${paper.backgroundColor}; font: ${paper.font}; overflow-wrap: anywhere } img { max-width: 100%; height: auto }${quotedStyle(paper)}`
  doc.head.prepend(style)
}

/** The button of what is quoted, as it stands under a plain text: .fold-q. */
const quotedStyle = (paper: CSSStyleDeclaration) =>
  ` summary { display: inline-block; margin-top: 8px; padding: 4px 8px; border-radius: 4px; list-style: none; cursor: pointer; background: ${paper.getPropertyValue('--c-paper-well')}; color: ${paper.getPropertyValue('--c-paper-ink-2')}; font: ${paper.getPropertyValue('--t-meta-m')} } [open] > summary > :first-child, :not([open]) > summary > :last-child { display: none }`

const remoteImage = /<img[^>]+src\s*=\s*["']?(https?:)?\/\//i

/**
 * The sender's HTML in a document of its own, made safe by the server, without scripts. It
 * is of our origin only so that its height can be read; its policy lets nothing out.
 */
function Html({ e, m, from }: { e: Entry; m: Mail; from: string }) {
  const w = useWords()
  const [images, setImages] = useState(false)
  const frame = useRef<HTMLIFrameElement>(null)
  const [height, setHeight] = useState(160)
  const fit = () => {
    const doc = frame.current?.contentDocument
    if (!doc?.body) return
    dress(doc, frame.current!)
    const parts = parted(e)
    if (parts.quoted) foldQuoted(doc.body, parts, w.thread.quoted(linesOf(parts.quoted)), w.thread.hideQuoted)
    const measure = () => setHeight(Math.min(4000, Math.ceil(doc.documentElement.getBoundingClientRect().height)))
    measure()
    new ResizeObserver(measure).observe(doc.documentElement)
  }
  return (
    <>
      {!images && remoteImage.test(m.html ?? '') && (
        <div className="mail-guard">
          <Icon name="image" />
          <span className="grow">{w.thread.images}</span>
          <button className="btn btn--xs" onClick={() => setImages(true)}>
            {w.thread.showImages}
          </button>
        </div>
      )}
      <iframe ref={frame} className="paper-frame" title={w.thread.mailFrame(from)} sandbox="allow-same-origin allow-popups" src={mailURL(e, images)} height={height} onLoad={fit} referrerPolicy="no-referrer" />
    </>
  )
}

/** Text as it was written; what it quotes of earlier mails is folded. */
function Plain({ e }: { e: Entry }) {
  const w = useWords()
  const [all, setAll] = useState(false)
  const { own, quoted } = parted(e)
  return (
    <div className="paper">
      <div className="said">{own}</div>
      {quoted && (
        <button className="fold-q" aria-expanded={all} onClick={() => setAll(!all)}>
          <Icon name="more" size={12} />
          {all ? w.thread.hideQuoted : w.thread.quoted(linesOf(quoted))}
        </button>
      )}
      {quoted && all && <blockquote className="said quoted">{quoted}</blockquote>}
    </div>
  )
}
