import { useRef, useState } from 'react'
import type { DraftWords } from '../api/client'
import type { Address, Entry, InteractionView, Mail } from '../api/types'
import { useWords } from '../i18n'
import { send } from '../live/outbox'
import { Icon } from '../ui/icon'
import { useAttachments } from './attachments'
import { Other, useMailDraft } from './drafting'
import { Recipients } from './recipients'
import { leaving, useSend } from './send'
import { Writer } from './writer'

/** Passes a mail on to somebody who is not the customer; what they answer comes to the same case. */
export function Forward({ i, original, choice, done }: { i: InteractionView; original: Entry; choice: React.ReactNode; done: () => void }) {
  const w = useWords()
  const field = useRef<HTMLTextAreaElement>(null)
  const [to, setTo] = useState<Address[]>([])
  const [bcc, setBcc] = useState<Address[] | null>(null)
  const attachments = useAttachments()
  const restore = (d: DraftWords) => {
    setTo(d.to ?? [])
    setBcc(d.bcc ?? null)
    attachments.put(d.attachments)
  }
  const draft = useMailDraft(i.conversation, 'forward', true, { to: to.length > 0 ? to : undefined, bcc: bcc?.length ? bcc : undefined, attachments: attachments.files }, restore)
  const mail = original.body as Mail
  const ready = to.length > 0 && !attachments.pending
  const post = (at?: string) => {
    if (!ready) return
    send({ conversation: i.conversation, interaction: i.id, do: 'forward', text: draft.text.trim(), forward: { ...leaving(at), draft: draft.rev(), sign: true, to, bcc: bcc?.length ? bcc : undefined, pos: original.pos, attachments: attachments.files } })
    draft.clear()
    attachments.clear()
    done()
  }
  const sending = useSend(w.mail.forward, ready, post)
  return (
    <Writer
      label={w.mail.noteOnForward}
      text={draft.text}
      set={draft.set}
      placeholder={w.mail.noteOnForward}
      field={field}
      send={() => post()}
      sendEnd={sending.later}
      rows={2}
      around={(text) => (
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
