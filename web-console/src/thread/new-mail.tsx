import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, uuid } from '../api/client'
import type { Address, Id } from '../api/types'
import { useWords } from '../i18n'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { Failure } from '../ui/parts'
import { useAttachments } from './attachments'
import { Recipients } from './recipients'
import { leaving, useSend } from './send'

type About = { case?: Id; customer?: Id; to?: Address[] }

/** A button that writes to somebody who has not written; the answer comes to the case. */
export function NewMail({ about, children }: { about?: About; children: (open: () => void) => React.ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      {children(() => setOpen(true))}
      {open && <Write about={about ?? {}} close={() => setOpen(false)} />}
    </>
  )
}

function Write({ about, close }: { about: About; close: () => void }) {
  const w = useWords()
  const [, go] = useLocation()
  const client = useQueryClient()
  const [to, setTo] = useState<Address[]>(about.to ?? [])
  const [cc, setCc] = useState<Address[]>([])
  const [bcc, setBcc] = useState<Address[]>([])
  const [subject, setSubject] = useState('')
  const [text, setText] = useState('')
  const [key] = useState(uuid) // sent again after a time-out it is the same mail
  const attachments = useAttachments()
  const write = useMutation({
    mutationFn: (at?: string) => api.writeMail({ ...leaving(at), case: about.case, customer: about.customer, to, cc: cc.length > 0 ? cc : undefined, bcc: bcc.length > 0 ? bcc : undefined, subject: subject.trim(), text: text.trim(), sign: true, attachments: attachments.files }, key),
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
        <div className="f">
          <label className="label" htmlFor="new-mail">
            {w.mail.text}
          </label>
          <textarea id="new-mail" className="area" rows={8} value={text} onChange={(e) => setText(e.target.value)} onKeyDown={(e) => e.key === 'Enter' && (e.ctrlKey || e.metaKey) && post()} />
          <span className="hint">{w.mail.signed}</span>
        </div>
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
