import { useRef, useState } from 'react'
import { draftFileURL, type DraftWords } from '../api/client'
import type { Address, Entry, InteractionView, Mail } from '../api/types'
import { useWords } from '../i18n'
import { send } from '../live/outbox'
import { Icon } from '../ui/icon'
import { useAttachments } from './attachments'
import { Other, useMailDraft } from './drafting'
import { MailText, type Handle } from './mail-text'
import { Recipients } from './recipients'
import { leaving, useSend } from './send'

/** Passes a mail on to somebody who is not the customer; what they answer comes to the same case. */
export function Forward({ i, original, choice, done }: { i: InteractionView; original: Entry; choice: React.ReactNode; done: () => void }) {
  const w = useWords()
  const field = useRef<Handle>(null)
  const [to, setTo] = useState<Address[]>([])
  const [bcc, setBcc] = useState<Address[] | null>(null)
  const attachments = useAttachments()
  const restore = (d: DraftWords) => {
    setTo(d.to ?? [])
    setBcc(d.bcc ?? null)
    attachments.put(d.attachments)
  }
  const draft = useMailDraft(i.conversation, 'forward', true, (html) => ({ to: to.length > 0 ? to : undefined, bcc: bcc?.length ? bcc : undefined, attachments: attachments.of(html) }), restore)
  const mail = original.body as Mail
  const ready = to.length > 0 && !attachments.pending
  const post = (at?: string) => {
    if (!ready) return
    send({ conversation: i.conversation, interaction: i.id, do: 'forward', text: draft.text.trim(), forward: { ...leaving(at), draft: draft.rev(), html: draft.html || undefined, sign: true, to, bcc: bcc?.length ? bcc : undefined, pos: original.pos, attachments: attachments.of(draft.html) } })
    draft.clear()
    attachments.clear()
    done()
  }
  const sending = useSend(w.mail.forward, ready, post)
  const url = (cid: string) => {
    const blob = attachments.blobOf(cid)
    return blob && draftFileURL(i.conversation, 'forward', blob)
  }
  return (
    <MailText
      label={w.mail.noteOnForward}
      words={draft}
      set={draft.set}
      placeholder={w.mail.noteOnForward}
      field={field}
      send={() => post()}
      later={sending.later}
      files={{ take: attachments.take, url, beside: () => attachments.beside(draft.html) }}
      rows={2}
      around={(text, _, tools) => (
        <div className="composer composer--mail">
          {draft.other && <Other draft={draft.other} mine={draft.text !== '' || to.length > 0} take={draft.take} keep={draft.keep} />}
          <div className="ed">
            <Recipients
              label={w.mail.to}
              add={w.mail.addTo}
              list={to}
              set={setTo}
              autoFocus
              end={
                <>
                  {!bcc && (
                    <button className="btn btn--xs btn--quiet" onClick={() => setBcc([])}>
                      {w.mail.bcc}
                    </button>
                  )}
                  {choice}
                </>
              }
            />
            {bcc && <Recipients label={w.mail.bcc} add={w.mail.addBcc} list={bcc} set={setBcc} autoFocus />}
            {text}
            <p className="meta row row-1 ed-sig">
              <Icon name="fwd" size={12} />
              {w.mail.passesOn(mail.from?.name || mail.from?.value || '', mail.attachments?.length ?? 0)}
            </p>
            {attachments.list}
            <div className="composer-bar">
              {tools}
              {tools && <span className="vsep" />}
              {attachments.button}
              {draft.kept && <span className="meta">{w.composer.kept}</span>}
              <span className="grow" />
              {sending.button}
            </div>
          </div>
        </div>
      )}
    />
  )
}
