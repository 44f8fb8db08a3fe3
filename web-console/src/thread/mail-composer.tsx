import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { upload } from '../api/client'
import type { Address, Article, Attachment, Entry, InteractionView, Mail } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import type { Log } from '../live/log'
import { last } from '../live/log'
import { send } from '../live/outbox'
import { useMe } from '../session'
import { Tabs } from '../ui/controls'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'
import { printed, useKeys } from '../ui/keys'
import { Avatar, Failure, Kbd } from '../ui/parts'
import { useSetting } from '../ui/settings'
import { Composer, type Mode } from './composer'
import { articleLink, articleText } from './slash'
import { typeSlash, Writer } from './writer'

const isFromCustomer = (e: Entry) => e.kind === 'mail' && e.author.kind === 'customer'

/**
 * The answer to a mail. It remembers what had been read when the writing began: if the
 * customer writes meanwhile, a strip says so above the buttons and the primary button
 * becomes "Read and send".
 */
export function MailComposer({ i, log, name, met, meet }: { i: InteractionView; log: Log; name: string; met: number; meet: () => void }) {
  const w = useWords()
  const me = useMe()
  const [mode, setMode] = useState<Mode>('reply')
  const can = mayDo(i, 'reply', me.agent)
  useKeys({ KeyR: can && (() => setMode('reply')), KeyN: () => setMode('note') })
  if (!can) return <Composer i={i} />
  const choice = (
    <Tabs
      as="seg"
      label={w.composer.reply}
      chosen={mode}
      choose={setMode}
      tabs={[
        { key: 'reply', text: w.composer.reply },
        { key: 'note', text: w.composer.note, end: <Icon name="lock" size={12} /> },
      ]}
    />
  )
  return mode === 'reply' ? <Answer i={i} log={log} name={name} choice={choice} met={met} meet={meet} /> : <NoteOnly i={i} back={() => setMode('reply')} />
}

function NoteOnly({ i, back }: { i: InteractionView; back: () => void }) {
  const w = useWords()
  return (
    <>
      <div className="composer-back">
        <button className="btn btn--xs btn--quiet" onClick={back}>
          <Icon name="reply" size={12} />
          {w.thread.reply}
        </button>
      </div>
      <Composer i={{ ...i, actions: ['note'] }} />
    </>
  )
}

function Answer({ i, log, name, choice, met, meet }: { i: InteractionView; log: Log; name: string; choice: React.ReactNode; met: number; meet: () => void }) {
  const w = useWords()
  const f = useFormat()
  const draft = useDraft(`${i.id}.mail`)
  const [signature] = useSetting('signature')
  const field = useRef<HTMLTextAreaElement>(null)
  const newest = log.entries.findLast(isFromCustomer)
  const [cc, setCc] = useState<string | null>(null)
  const [files, setFiles] = useState<Attachment[]>([])
  const picker = useRef<HTMLInputElement>(null)
  const attach = useMutation({ mutationFn: (list: File[]) => Promise.all(list.map(upload)), onSuccess: (more) => setFiles((have) => [...have, ...more]) })
  const to = recipient(newest, i, name)
  const clash = draft.text !== '' && newest && newest.pos > met ? newest : null
  const ready = draft.text.trim() !== ''

  const write = (t: string) => {
    if (draft.text === '') meet()
    draft.set(t)
  }
  const post = () => {
    if (!ready) return
    const text = [draft.text.trim(), signature].filter(Boolean).join('\n\n')
    send({ conversation: i.conversation, interaction: i.id, do: 'reply', text, reply: { to: to ? [to] : undefined, cc: addresses(cc), attachments: files.length ? files : undefined, seen_pos: last(log)?.pos ?? 0 } })
    draft.clear()
    setFiles([])
    meet()
  }
  const read = () => {
    meet()
    requestAnimationFrame(() => document.querySelector('.thread')?.scrollTo({ top: 1e9 }))
  }
  const pick = (a: Article, asText: boolean) => (asText ? articleText(a) : articleLink(a))
  return (
    <Writer
      label={w.mail.body}
      text={draft.text}
      set={write}
      placeholder={w.mail.placeholder}
      field={field}
      pick={pick}
      send={clash ? read : post}
      rows={3}
      around={(text, slash) => (
        <div className="composer composer--mail">
          {slash}
          <div className="ed">
            <div className="ed-row">
              <span className="overline">{w.mail.to}</span>
              <span className="rcpt" title={to?.value}>
                <Avatar name={to?.name || to?.value || name} size="sm" />
                <span className="ell">{to?.name || to?.value || name}</span>
              </span>
              <span className="grow" />
              {cc === null && (
                <button className="btn btn--xs btn--quiet" onClick={() => setCc('')}>
                  {w.mail.cc}
                </button>
              )}
              {choice}
            </div>
            {cc !== null && (
              <div className="ed-row">
                <span className="overline">{w.mail.cc}</span>
                <input className="ed-input" aria-label={w.mail.addCc} placeholder={w.mail.addCc} value={cc} onChange={(e) => setCc(e.target.value)} autoFocus />
              </div>
            )}
            {text}
            {signature && <p className="sig ed-sig">{signature}</p>}
            {(files.length > 0 || attach.isPending || attach.error) && (
              <div className="atts">
                {files.map((a) => (
                  <span className="att" key={a.blob}>
                    <span className="thumb">
                      <Icon name={a.type.startsWith('image/') ? 'image' : 'file'} />
                    </span>
                    <span className="col">
                      <span className="med ell">{a.name}</span>
                      <span className="meta">{f.size(a.size)}</span>
                    </span>
                    <button className="ibtn" aria-label={w.mail.detach(a.name)} onClick={() => setFiles((have) => have.filter((o) => o !== a))}>
                      <Icon name="x" />
                    </button>
                  </span>
                ))}
                {attach.isPending && <span className="meta">{w.mail.attaching}</span>}
                {attach.error && <Failure error={attach.error} />}
              </div>
            )}
            {clash && (
              <div className="banner banner--warn clash" role="status">
                <Icon name="warn" />
                <span className="grow">
                  <b className="strong">{w.mail.clash(name.split(' ')[0] ?? name, f.clock(clash.at))}</b> <span className="sub">{w.mail.stillTrue}</span>
                </span>
                <button className="btn btn--xs" onClick={read}>
                  {w.mail.compare}
                </button>
              </div>
            )}
            <div className="composer-bar">
              <button className="ibtn" aria-label={w.mail.attach} onClick={() => picker.current?.click()}>
                <Icon name="clip" />
              </button>
              <input ref={picker} type="file" multiple hidden onChange={(e) => e.target.files && attach.mutate([...e.target.files])} />
              <button className={`ibtn${slash ? ' is-on' : ''}`} aria-label={w.composer.faq} onClick={() => typeSlash(field.current, draft.text, write)}>
                <Icon name="book" />
              </button>
              {draft.kept && <span className="meta">{w.composer.kept}</span>}
              <span className="grow" />
              {clash && (
                <button className="btn btn--sm btn--quiet" onClick={post}>
                  {w.mail.sendAnyway}
                </button>
              )}
              <button className="btn btn--sm btn--primary" aria-disabled={!ready} onClick={clash ? read : post}>
                {clash ? w.mail.readAndSend : w.mail.send}
                <Kbd>{printed('mod+Enter')}</Kbd>
              </button>
            </div>
          </div>
        </div>
      )}
    />
  )
}

function recipient(newest: Entry | undefined, i: InteractionView, name: string): Address | undefined {
  const from = (newest?.body as Mail | undefined)?.from
  if (from?.value) return from
  return i.customer_address ? { kind: 'email', value: i.customer_address, name } : undefined
}

function addresses(text: string | null): Address[] | undefined {
  const values = (text ?? '').split(/[,;\s]+/).filter((v) => v.includes('@'))
  return values.length > 0 ? values.map((value) => ({ kind: 'email', value })) : undefined
}
