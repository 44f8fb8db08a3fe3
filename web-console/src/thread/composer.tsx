import { useRef, useState } from 'react'
import { Button, MenuTrigger } from 'react-aria-components'
import { useVerb } from '../actions'
import type { Article, InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { mayDo } from '../inbox/interaction'
import { say } from '../live/hub'
import { send } from '../live/outbox'
import { useMe } from '../session'
import { Menu, MenuItem, Tabs } from '../ui/controls'
import { useDraft } from '../ui/draft'
import { Icon } from '../ui/icon'
import { printed, useKeys } from '../ui/keys'
import { Failure, Kbd } from '../ui/parts'
import { useFiles } from './files'
import { MacroButton, withText } from './macros'
import { articleText } from './slash'
import { useSpoken } from './spoken'
import { typeSlash, Writer } from './writer'

const longest = 5000 // characters of one chat line
const typingEvery = 3000 // ms

export type Mode = 'reply' | 'note'

/** Where a chat is answered and notes are written. */
export function Composer({ i }: { i: InteractionView }) {
  const w = useWords()
  const me = useMe()
  const canReply = mayDo(i, 'message', me.agent)
  const canNote = mayDo(i, 'note', me.agent)
  const [chosen, setMode] = useState<Mode>('reply')
  const mode: Mode = canReply ? chosen : 'note'
  const field = useRef<HTMLTextAreaElement>(null)
  const to = (m: Mode) => () => {
    setMode(m)
    requestAnimationFrame(() => field.current?.focus())
  }
  useKeys({ KeyR: canReply && to('reply'), KeyN: canNote && to('note') })
  if (!canReply && !canNote) return null
  const tabs = [
    { key: 'reply' as const, text: w.composer.reply },
    { key: 'note' as const, text: w.composer.note, end: <Icon name="lock" size={12} /> },
  ].filter((t) => t.key === 'note' || canReply)
  const choice = <Tabs as="seg" label={w.composer.reply} chosen={mode} choose={setMode} tabs={tabs} />
  return mode === 'reply' ? <Reply key="reply" i={i} field={field} choice={choice} /> : <Note key="note" i={i} field={field} choice={choice} />
}

type Part = { i: InteractionView; field: React.RefObject<HTMLTextAreaElement | null>; choice: React.ReactNode }

function Reply({ i, field, choice }: Part) {
  const w = useWords()
  const language = useSpoken(i)
  const draft = useDraft(`${i.id}.reply`)
  const end = useVerb('end')
  const told = useRef(0)
  const files = useFiles(i, field)
  const [problem, setProblem] = useState<unknown>(null)
  const over = draft.text.length - longest
  const ready = draft.text.trim() !== '' && over <= 0

  const write = (t: string) => {
    draft.set(t)
    if (t && Date.now() - told.current > typingEvery) {
      told.current = Date.now()
      say('typing', { conversation: i.conversation, on: true })
    }
  }
  const post = () => {
    if (!ready) return
    send({ conversation: i.conversation, interaction: i.id, do: 'message', text: draft.text.trim() })
    draft.clear()
    field.current?.focus()
  }
  const postEnd = () => {
    post()
    end.mutate(i.id)
  }
  const pick = (a: Article, asText: boolean) => {
    if (asText) return articleText(a)
    sendArticle(i, a, language)
    return ''
  }
  return (
    <Writer
      label={w.composer.reply}
      text={draft.text}
      set={write}
      placeholder={w.composer.placeholder}
      field={field}
      pick={pick}
      language={language}
      send={post}
      sendEnd={postEnd}
      around={(text, slash) => (
        <div className="composer" onPaste={files.paste}>
          {slash}
          <Top choice={choice} kept={draft.kept} left={-over} />
          {text}
          {files.list}
          {problem != null && <Failure error={problem} />}
          <div className="composer-bar">
            <button className={`ibtn${slash ? ' is-on' : ''}`} aria-label={w.composer.faq} onClick={() => typeSlash(field.current, draft.text, write)}>
              <Icon name="book" />
            </button>
            <MacroButton i={i} write={(m) => write(withText(draft.text, m.text ?? ''))} failed={setProblem} />
            {files.button}
            <span className="grow" />
            <div className="split">
              <button className="btn btn--sm btn--primary" aria-disabled={!ready} onClick={post}>
                {w.common.send}
                <Kbd>{printed('mod+Enter')}</Kbd>
              </button>
              <MenuTrigger>
                <Button className="btn btn--sm btn--primary" aria-label={w.composer.ways}>
                  <Icon name="down" />
                </Button>
                <Menu aria-label={w.composer.ways} placement="top end">
                  <MenuItem icon="send" onAction={post}>
                    {w.common.send}
                  </MenuItem>
                  <MenuItem icon="check" onAction={postEnd} end={<Kbd>{printed('mod+shift+Enter')}</Kbd>}>
                    {w.composer.sendEnd}
                  </MenuItem>
                </Menu>
              </MenuTrigger>
            </div>
          </div>
        </div>
      )}
    />
  )
}

/** An article goes out as a card of its own; the server writes it in the customer's language. */
export function sendArticle(i: InteractionView, a: Article, language: string) {
  const card = { article: a.id, number: a.number, language: a.language, title: a.title, snippet: a.snippet, url: a.url ?? '' }
  send({ conversation: i.conversation, interaction: i.id, do: 'article', text: a.title, article: { article: a.id, language: a.language || language, card } })
}

function Note({ i, field, choice }: Part) {
  const w = useWords()
  const draft = useDraft(`${i.id}.note`)
  const goesOn = i.state === 'active' || i.state === 'parked' // maybe with a colleague
  const ready = draft.text.trim() !== ''
  const post = () => {
    if (!ready) return
    send({ conversation: i.conversation, interaction: i.id, do: 'note', text: draft.text.trim() })
    draft.clear()
  }
  return (
    <Writer
      label={w.composer.note}
      text={draft.text}
      set={draft.set}
      placeholder={goesOn || i.channel !== 'chat' ? w.composer.notePlaceholder : w.composer.ended}
      field={field}
      send={post}
      around={(text) => (
        <div className="composer composer--note">
          <Top choice={choice} kept={draft.kept} left={longest} />
          {text}
          <div className="composer-bar">
            <span className="meta row row-1">
              <Icon name="lock" size={12} />
              {w.thread.note}
            </span>
            <span className="grow" />
            <button className="btn btn--sm" aria-disabled={!ready} onClick={post}>
              {w.composer.saveNote}
              <Kbd>{printed('mod+Enter')}</Kbd>
            </button>
          </div>
        </div>
      )}
    />
  )
}

function Top({ choice, kept, left }: { choice: React.ReactNode; kept: boolean; left: number }) {
  const w = useWords()
  return (
    <div className="composer-top">
      {choice}
      <span className="grow" />
      {left < 0 ? <span className="meta t-crit">{w.composer.tooLong(-left)}</span> : left < 200 ? <span className="meta">{w.composer.limit(left)}</span> : null}
      {kept && left >= 200 && <span className="meta">{w.composer.kept}</span>}
    </div>
  )
}

