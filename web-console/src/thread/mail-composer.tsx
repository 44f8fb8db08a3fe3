import { useMutation, useQuery } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import { api, draftFileURL } from '../api/client'
import type { Address, Answering, Attachment, Entry, Id, InteractionView, Mail } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { takeInteraction } from '../live/hub'
import type { Log } from '../live/log'
import { last } from '../live/log'
import { send } from '../live/outbox'
import { useMe } from '../session'
import { MenuItem, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { printed, useKeys } from '../ui/keys'
import { Failure, Kbd } from '../ui/parts'
import { useAttachments } from './attachments'
import { Composer, type Mode } from './composer'
import { Drafting, Other, useMailDraft } from './drafting'
import { Forward } from './forward'
import { MacroButton } from './macros'
import { joined, MailText, type Handle } from './mail-text'
import { Recipients } from './recipients'
import { leaving, Undo, useSend, type Sent } from './send'
import { SignatureBelow } from './signature'
import { useSpoken } from './spoken'

const isFromCustomer = (e: Entry) => e.kind === 'mail' && e.author.kind === 'customer'

/**
 * The answer to a mail. It remembers what had been read when the writing began: if the
 * customer writes meanwhile, a strip says so above the buttons and the primary button
 * becomes "Read and send".
 */
export function MailComposer({ i, log, name, met, meet }: { i: InteractionView; log: Log; name: string; met: number; meet: () => void }) {
  const w = useWords()
  const me = useMe()
  const [mode, setMode] = useState<Mode | 'forward'>('reply')
  const can = mayDo(i, 'reply', me.agent)
  const original = log.entries.findLast(isFromCustomer)
  useKeys({ KeyR: can && (() => setMode('reply')), KeyF: can && original && (() => setMode('forward')), KeyN: () => setMode('note') })
  if (!can)
    return (
      <>
        <Drafting conversation={i.conversation} />
        <Composer i={i} />
      </>
    )
  const choice = (
    <Tabs
      as="seg"
      label={w.composer.reply}
      chosen={mode}
      choose={setMode}
      tabs={[
        { key: 'reply' as const, text: w.composer.reply },
        { key: 'forward' as const, text: w.mail.forward },
        { key: 'note' as const, text: w.composer.note, end: <Icon name="lock" size={12} /> },
      ].filter((t) => t.key !== 'forward' || original)}
    />
  )
  if (mode === 'forward' && original) return <Forward i={i} original={original} choice={choice} done={() => setMode('reply')} />
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
  const me = useMe()
  const language = useSpoken(i)
  const [from, setFrom] = useState('')
  const [problem, setProblem] = useState<unknown>(null)
  const field = useRef<Handle>(null)
  const newest = log.entries.findLast(isFromCustomer)
  const to = useAddressees(i, newest, name)
  const attachments = useAttachments()
  const [sent, setSent] = useState<Sent<Written> | null>(null)
  const put = (d: Partial<Written>) => {
    to.put(d)
    attachments.put(d.attachments)
  }
  const draft = useMailDraft(i.conversation, 'reply', log.entries.length > 0, (html) => ({ ...to.own, attachments: attachments.of(html) }), put)
  const clash = draft.text !== '' && newest && newest.pos > met ? newest : null
  const ready = draft.text.trim() !== '' && to.to.length > 0 && !attachments.pending

  const write = (text: string, html?: string) => {
    if (draft.text === '') meet()
    draft.set(text, html)
  }
  const post = (at?: string) => {
    if (!ready) return
    const what = { text: draft.text.trim(), html: draft.html || undefined, to: to.to, cc: to.cc, bcc: to.bcc, attachments: attachments.of(draft.html) }
    const client = send({ conversation: i.conversation, interaction: i.id, do: 'reply', text: what.text, reply: { ...leaving(at), from: from || undefined, draft: draft.rev(), html: what.html, sign: true, to: what.to, cc: what.cc, bcc: what.bcc.length > 0 ? what.bcc : undefined, attachments: what.attachments, seen_pos: last(log)?.pos ?? 0 } })
    setSent(at ? null : { client, what })
    draft.clear()
    to.reset()
    attachments.clear()
    meet()
  }
  const takeBack = (was: Written) => {
    const both = joined(was, draft) // what was begun since stands below
    draft.set(both.text ?? '', both.html)
    put(was)
    setSent(null)
    field.current?.focus()
  }
  const over = useCallback(() => setSent(null), [])
  const aside = useMutation({
    mutationFn: async () => {
      await draft.save()
      return api.end(i.id, true)
    },
    onSuccess: (ended) => takeInteraction(ended, me.agent),
    onError: setProblem,
  })
  const sending = useSend(
    w.mail.send,
    ready,
    post,
    true,
    mayDo(i, 'end', me.agent) && (
      <MenuItem icon="pause" onAction={() => aside.mutate()}>
        {w.mail.setAside}
      </MenuItem>
    ),
  )
  const read = () => {
    meet()
    requestAnimationFrame(() => document.querySelector('.thread')?.scrollTo({ top: 1e9 }))
  }
  const url = (cid: string) => {
    const blob = attachments.blobOf(cid)
    return blob && draftFileURL(i.conversation, 'reply', blob)
  }
  return (
    <MailText
      label={w.mail.body}
      words={draft}
      set={write}
      placeholder={w.mail.placeholder}
      field={field}
      faq
      language={language}
      send={clash ? read : () => post()}
      later={clash ? read : sending.later}
      yields={sent !== null}
      files={{ take: attachments.take, url, beside: () => attachments.beside(draft.html) }}
      rows={3}
      around={(text, slash, tools) => (
        <div className="composer composer--mail">
          {slash}
          {draft.other && <Other draft={draft.other} mine={draft.text !== ''} take={draft.take} keep={draft.keep} />}
          {sent && <Undo conversation={i.conversation} sent={sent} free={draft.text === ''} back={takeBack} over={over} />}
          <div className="ed">
            <Recipients
              label={w.mail.to}
              add={w.mail.addTo}
              list={to.to}
              set={to.setTo}
              end={
                <>
                  {to.others && (
                    <button className="btn btn--xs btn--quiet" aria-pressed={to.all} onClick={() => to.setAll(!to.all)}>
                      {to.all ? w.mail.toAuthor : w.mail.toAll}
                    </button>
                  )}
                  {!to.copied && (
                    <button className="btn btn--xs btn--quiet" onClick={to.copy}>
                      {w.mail.cc}
                    </button>
                  )}
                  {!to.secretly && (
                    <button className="btn btn--xs btn--quiet" onClick={to.copySecretly}>
                      {w.mail.bcc}
                    </button>
                  )}
                  {choice}
                </>
              }
            />
            <From queue={i.queue} chosen={from} choose={setFrom} />
            {to.copied && <Recipients label={w.mail.cc} add={w.mail.addCc} list={to.cc} set={to.setCc} autoFocus={to.cc.length === 0} />}
            {to.secretly && <Recipients label={w.mail.bcc} add={w.mail.addBcc} list={to.bcc} set={to.setBcc} autoFocus={to.bcc.length === 0} />}
            {text}
            <SignatureBelow of={i.id} />
            {attachments.list}
            {problem != null && <Failure error={problem} />}
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
              {tools}
              {tools && <span className="vsep" />}
              {attachments.button}
              <button className={`ibtn${slash ? ' is-on' : ''}`} aria-label={w.composer.faq} onClick={() => field.current?.slash()}>
                <Icon name="book" />
              </button>
              <MacroButton i={i} write={(m) => field.current?.add(m)} failed={setProblem} />
              {draft.kept && <span className="meta">{w.composer.kept}</span>}
              <span className="grow" />
              {clash && (
                <>
                  <button className="btn btn--sm btn--quiet" onClick={() => post()}>
                    {w.mail.sendAnyway}
                  </button>
                  <button className="btn btn--sm btn--primary" aria-disabled={!ready} onClick={read}>
                    {w.mail.readAndSend}
                    <Kbd>{printed('mod+Enter')}</Kbd>
                  </button>
                </>
              )}
              {!clash && sending.button}
            </div>
          </div>
        </div>
      )}
    />
  )
}

/** From whose identity a mail is, where there is a choice: its queue's, or that of another queue of the agent's. */
function From({ queue, chosen, choose }: { queue: Id; chosen: Id; choose: (queue: Id) => void }) {
  const w = useWords()
  const queues = useMe().queues ?? []
  const others = queues.filter((q) => q.from && q.id !== queue)
  if (others.length === 0) return null
  const own = queues.find((q) => q.id === queue)
  return (
    <label className="ed-row">
      <span className="overline">{w.mail.from}</span>
      <select className="ed-input" value={chosen} onChange={(e) => choose(e.target.value)}>
        <option value="">{own?.from ?? own?.name ?? w.mail.usualFrom}</option>
        {others.map((q) => (
          <option key={q.id} value={q.id}>
            {q.from}
          </option>
        ))}
      </select>
    </label>
  )
}

/** What was written before it was sent. */
interface Written {
  text: string
  html?: string
  to: Address[]
  cc: Address[]
  bcc: Address[]
  attachments: Attachment[] | undefined
}

/**
 * Whom the answer goes to: all who got the mail, as the server says (it knows who we are),
 * until the agent says otherwise. Another mail from the customer begins anew.
 */
function useAddressees(i: InteractionView, newest: Entry | undefined, name: string) {
  const pos = newest?.pos ?? 0
  const { data } = useQuery({ queryKey: ['recipients', i.id, pos], queryFn: () => api.recipients(i.id) })
  const [all, setAll] = useState(true)
  const [changed, setChanged] = useState<{ pos: number; to?: Address[]; cc?: Address[]; bcc?: Address[] }>({ pos })
  const own: typeof changed = changed.pos === pos ? changed : { pos }
  const said = data?.[all ? 'all' : 'author'] ?? { to: author(newest, i, name), cc: [] }
  const cc = own.cc ?? said.cc
  return {
    to: own.to ?? said.to,
    cc,
    all,
    others: others(data),
    bcc: own.bcc ?? [],
    copied: own.cc !== undefined || cc.length > 0,
    secretly: own.bcc !== undefined,
    setTo: (to: Address[]) => setChanged({ ...own, to }),
    setCc: (list: Address[]) => setChanged({ ...own, cc: list }),
    setBcc: (list: Address[]) => setChanged({ ...own, bcc: list }),
    copy: () => setChanged({ ...own, cc: [] }),
    copySecretly: () => setChanged({ ...own, bcc: [] }),
    setAll: (yes: boolean) => {
      setAll(yes)
      setChanged({ pos })
    },
    own: { to: own.to, cc: own.cc?.length ? own.cc : undefined, bcc: own.bcc?.length ? own.bcc : undefined },
    put: ({ to, cc, bcc }: Partial<Written>) => setChanged({ pos, to, cc: cc?.length ? cc : undefined, bcc: bcc?.length ? bcc : undefined }),
    reset: () => setChanged({ pos }),
  }
}

const others = (a: Answering | undefined) => a !== undefined && a.all.to.length + a.all.cc.length > a.author.to.length + a.author.cc.length

// Before the server has said: who wrote last, else the customer.
function author(newest: Entry | undefined, i: InteractionView, name: string): Address[] {
  const from = (newest?.body as Mail | undefined)?.from
  if (from?.value) return [from]
  return i.customer_address?.includes('@') ? [{ kind: 'email', value: i.customer_address, name }] : []
}
