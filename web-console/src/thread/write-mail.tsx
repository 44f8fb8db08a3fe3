import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { api, uuid } from '../api/client'
import type { Address } from '../api/types'
import { useLanguage, useWords } from '../i18n'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { Failure } from '../ui/parts'
import { useAttachments } from './attachments'
import { MailText, type Handle, type Words } from './mail-text'
import type { About } from './new-mail'
import { Recipients } from './recipients'
import { leaving, useSend } from './send'

/** A mail that nobody has asked for, in a dialog. */
export function WriteMail({ about, close }: { about: About; close: () => void }) {
  const w = useWords()
  const language = useLanguage() // that of who is written to is not known
  const [, go] = useLocation()
  const client = useQueryClient()
  const [to, setTo] = useState<Address[]>(about.to ?? [])
  const [cc, setCc] = useState<Address[]>([])
  const [bcc, setBcc] = useState<Address[]>([])
  const [subject, setSubject] = useState('')
  const [words, setWords] = useState<Words>({})
  const text = words.text ?? ''
  const field = useRef<Handle>(null)
  const [key] = useState(uuid) // sent again after a time-out it is the same mail
  const attachments = useAttachments()
  const write = useMutation({
    mutationFn: (at?: string) => api.writeMail({ ...leaving(at), case: about.case, customer: about.customer, to, cc: cc.length > 0 ? cc : undefined, bcc: bcc.length > 0 ? bcc : undefined, subject: subject.trim(), text: text.trim(), html: words.html, sign: true, attachments: attachments.of(words.html) }, key),
    onSuccess: (written) => {
      void client.invalidateQueries({ queryKey: ['cases'] })
      void client.invalidateQueries({ queryKey: ['case', written.case] })
      close()
      go(`/cases/${written.case}`)
    },
  })
  const ready = to.length > 0 && subject.trim() !== '' && text.trim() !== '' && !write.isPending && !attachments.pending
  const post = (at?: string) => ready && write.mutate(at)
  const sending = useSend(w.mail.send, ready, post, false)
  return (
    <Dialog title={w.mail.new} close={close}>
      <div className="pad stack-2">
        <div className="ed">
          <Recipients label={w.mail.to} add={w.mail.addTo} list={to} set={setTo} autoFocus={to.length === 0} />
          <Recipients label={w.mail.cc} add={w.mail.addCc} list={cc} set={setCc} />
          <Recipients label={w.mail.bcc} add={w.mail.addBcc} list={bcc} set={setBcc} />
        </div>
        <Text label={w.mail.subject} value={subject} set={setSubject} required max={500} />
        <MailText
          label={w.mail.text}
          words={words}
          set={(t, html) => setWords({ text: t, html: html || undefined })}
          placeholder={w.mail.newPlaceholder}
          field={field}
          faq
          language={language}
          send={() => post()}
          later={sending.later}
          files={{ take: attachments.take, url: () => undefined, beside: () => attachments.beside(words.html) }}
          rows={8}
          around={(body, slash, tools) => (
            <div className="composer composer--mail composer--form">
              {slash}
              {body}
              <div className="composer-bar">{tools}</div>
            </div>
          )}
        />
        <span className="hint">{w.mail.signed}</span>
        {attachments.list}
        {write.error && <Failure error={write.error} />}
        <div className="row">
          {attachments.button}
          <span className="grow" />
          {sending.button}
        </div>
      </div>
    </Dialog>
  )
}
