import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, Problem, type DraftKind, type DraftWords, type MailDraft } from '../api/client'
import type { Id, Page } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { useAgentName } from '../live/names'
import { useMe } from '../session'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'

const pause = 1000 // ms without a key, after which what is written is saved
const again = 5000 // ms after which a server that was not reached is tried anew

/** What we know the server to have. It outlives a reload, to know then whether somebody has written since. */
interface Base {
  rev: number
  words: string
}

const empty = JSON.stringify({ text: '' })
const wordsOf = ({ text, html, to, cc, bcc, attachments }: DraftWords) => JSON.stringify({ text, html: html || undefined, to, cc, bcc, attachments })

const useDrafts = (conversation: Id) => useQuery({ queryKey: ['drafts', conversation], queryFn: () => api.drafts(conversation) }).data?.items

/**
 * A mail that is being written: in this browser at once, and on the server after each pause, so
 * that it is there on another machine and for colleagues. What somebody else has written is
 * shown, and nobody's words are written over without being asked.
 */
export function useMailDraft(conversation: Id, kind: DraftKind, ready: boolean, more: (html: string) => Omit<DraftWords, 'text' | 'html'>, restore: (d: DraftWords) => void) {
  const me = useMe()
  const client = useQueryClient()
  const local = useDraft(`${conversation}.${kind}`)
  const rich = useDraft(`${conversation}.${kind}.html`)
  const place = `vaxel.base.${conversation}.${kind}`
  const base = useRef<Base>(JSON.parse(localStorage.getItem(place) ?? 'null') ?? { rev: 0, words: empty })
  const saving = useRef<Promise<void> | null>(null)
  const [other, setOther] = useState<MailDraft | null>(null) // that we have not taken over
  const [round, next] = useState(0)
  const [back, setBack] = useState(base.current.rev === 0) // what was kept beside the words is there again after a reload
  const list = useDrafts(conversation)
  const there = list?.find((d) => d.kind === kind)
  const words = wordsOf({ ...more(rich.text), text: local.text, html: rich.text })
  const latest = useRef(words)
  latest.current = words
  const loaded = ready && back && list !== undefined

  const write = (text: string, html = '') => {
    local.set(text)
    rich.set(html)
  }
  const settle = (b: Base) => {
    base.current = b
    if (b.rev || b.words !== empty) localStorage.setItem(place, JSON.stringify(b))
    else localStorage.removeItem(place)
    next((n) => n + 1)
  }
  const take = (d: MailDraft) => {
    setOther(null)
    write(d.text, d.html)
    restore(d)
    settle({ rev: d.rev, words: wordsOf(d) })
  }
  const shown = async (d: MailDraft | null) => {
    await client.cancelQueries({ queryKey: ['drafts', conversation] }) // what it would bring is older
    client.setQueryData<Page<MailDraft>>(['drafts', conversation], (page) => page && { ...page, items: [...page.items.filter((o) => o.kind !== kind), ...(d ? [d] : [])] })
  }
  const refused = (err: unknown) => {
    if (!(err instanceof Problem) || err.code !== 'stale') return void setTimeout(() => next((n) => n + 1), again)
    const has = err.data as MailDraft
    if (has.rev) setOther(has)
    else settle({ rev: 0, words: empty }) // it was sent or thrown away; what is written now is another
  }
  const save = () => {
    const { rev } = base.current
    const said = latest.current
    if (saving.current || said === base.current.words) return
    const done = said === empty ? api.dropDraft(conversation, kind, rev).then(() => null) : api.saveDraft(conversation, kind, JSON.parse(said) as DraftWords, rev)
    saving.current = done
      .then(async (d) => {
        await shown(d)
        settle({ rev: d?.rev ?? 0, words: said })
      })
      .catch(refused)
      .finally(() => (saving.current = null))
  }

  useEffect(() => {
    if (!ready || back) return
    restore(JSON.parse(base.current.words || empty) as DraftWords)
    setBack(true)
  }, [ready, back])
  useEffect(() => {
    if (!loaded || saving.current) return
    const { rev, words: known } = base.current
    const dirty = latest.current !== known
    if (!there) {
      if (rev === 0) return
      if (!dirty) {
        write('')
        restore({ text: '' })
      }
      settle({ rev: 0, words: empty })
    } else if (there.rev <= rev) return
    else if (wordsOf(there) === latest.current) settle({ rev: there.rev, words: latest.current })
    else if (there.agent === me.agent && (!dirty || (rev === 0 && there.text === local.text))) take(there) // from another machine, or saved just before a reload
    else setOther(there)
  }, [loaded, there])
  useEffect(() => {
    if (!loaded || other || words === base.current.words) return
    const timer = setTimeout(save, pause)
    return () => clearTimeout(timer)
  }, [loaded, other, words, round])
  const leave = useRef(save)
  leave.current = () => loaded && !other && save()
  useEffect(() => () => leave.current(), [])

  return {
    text: local.text,
    html: rich.text,
    set: write,
    kept: local.text !== '' && words === base.current.words,
    /** Saves at once, and ends when the server has it. */
    save: async () => {
      await saving.current
      save()
      await saving.current
      if (latest.current !== base.current.words) throw new Problem(409, 'stale', '')
    },
    rev: () => base.current.rev || undefined,
    other: other ?? null,
    take: () => other && take(other),
    keep: () => {
      if (!other) return
      settle({ rev: other.rev, words: '' })
      setOther(null)
    },
    /** It is sent, and ends with that. What a save brings that is on its way is thrown away afterwards. */
    clear: () => {
      local.clear()
      rich.clear()
      settle({ rev: base.current.rev, words: empty })
    },
  }
}

/** What a colleague has written, or somebody while we wrote: to go on with it, or to keep one's own. */
export function Other({ draft, mine, take, keep }: { draft: MailDraft; mine: boolean; take: () => void; keep: () => void }) {
  const w = useWords()
  return (
    <Written draft={draft} warn={mine}>
      {mine && (
        <button type="button" className="btn btn--xs btn--quiet" onClick={keep}>
          {w.mail.keepMine}
        </button>
      )}
      <button type="button" className="btn btn--xs" onClick={take}>
        {mine ? w.mail.takeTheirs : w.mail.goOn}
      </button>
    </Written>
  )
}

/** What is being written in a conversation, for who only reads it. */
export function Drafting({ conversation, children }: { conversation: Id; children?: React.ReactNode }) {
  return useDrafts(conversation)?.map((d) => (
    <Written key={d.kind} draft={d}>
      {children}
    </Written>
  ))
}

function Written({ draft, warn, children }: { draft: MailDraft; warn?: boolean; children?: React.ReactNode }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const name = useAgentName()
  const who = draft.agent === me.agent ? w.common.you : name(draft.agent)
  return (
    <div className={`banner second${warn ? ' banner--warn' : ''}`} role="status">
      <Icon name={warn ? 'warn' : 'pen'} />
      <span className="grow col">
        <span className="strong">{warn ? w.mail.wroteToo(who, f.clock(draft.saved_at)) : w.mail.writes(who, f.clock(draft.saved_at))}</span>
        <span className="meta clamp">{draft.text}</span>
      </span>
      {children}
    </div>
  )
}
