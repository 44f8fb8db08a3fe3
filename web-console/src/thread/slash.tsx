import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useRef, useState } from 'react'
import { api } from '../api/client'
import type { Article, Language } from '../api/types'
import { useWords } from '../i18n'
import { Chip, Kbd } from '../ui/parts'
import { foreign } from './spoken'

/** The word after a slash just before the caret, if the caret stands in one. */
export function slashWord(text: string, caret: number): { word: string; from: number } | null {
  const m = /(^|\s)\/([\p{L}\p{N}_-]*)$/u.exec(text.slice(0, caret))
  return m ? { word: m[2]!, from: caret - m[2]!.length - 1 } : null
}

const pause = 60 // ms without a key before the server is asked
const most = 8 // four show at once, the rest scroll

/** Articles for a word: the exact shortcut first. Old questions are dropped, answers kept for a minute. */
export function useArticles(word: string | null, language: string) {
  const [asked, setAsked] = useState(word)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(word), word ? pause : 0)
    return () => clearTimeout(timer)
  }, [word])
  const query = useQuery({
    queryKey: ['articles', language, asked],
    queryFn: ({ signal }) => api.articles(asked!, language, signal),
    enabled: asked !== null,
    staleTime: 60_000,
    placeholderData: (before) => before,
  })
  const items = word === null ? [] : exactFirst(query.data?.items ?? [], word)
  return { items: items.slice(0, most), pending: query.isFetching && items.length === 0, error: query.error }
}

function exactFirst(items: Article[], word: string): Article[] {
  const exact = (a: Article) => (bare(a.shortcut) === word.toLocaleLowerCase() ? 0 : 1)
  return [...items].sort((a, b) => exact(a) - exact(b))
}

export const bare = (shortcut?: string) => (shortcut ?? '').replace(/^\//, '').toLocaleLowerCase()

/** The article as plain text, for a letter; a list holds only its beginning. */
export async function articleText(a: Article): Promise<string> {
  const whole = await api.readArticle(a.id, a.language)
  if (!whole.html) return whole.markdown ?? a.snippet
  const doc = new DOMParser().parseFromString(whole.html, 'text/html')
  for (const e of doc.body.querySelectorAll('p, li, h1, h2, h3, h4, pre, tr')) e.append('\n')
  return (doc.body.textContent ?? '').replace(/\n{3,}/g, '\n\n').trim()
}

/** Its title and public address, for a letter. */
export async function articleLink(a: Article): Promise<string> {
  const { url } = await api.readArticle(a.id, a.language)
  return url ? `${a.title}: ${new URL(url, location.origin).href}` : a.title
}

/** What a person typed stands out in what was found. */
export function Marked({ text, word }: { text: string; word: string }) {
  const at = word ? text.toLocaleLowerCase().indexOf(word.toLocaleLowerCase()) : -1
  if (at < 0) return <>{text}</>
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + word.length)}</mark>
      {text.slice(at + word.length)}
    </>
  )
}

export const optionId = (list: string, a: Article) => `${list}-${a.id}`

/** Says of an article in which language it is, where that is not the customer's. */
export function Foreign({ a, language }: { a: Article; language: string }) {
  const w = useWords()
  if (!foreign(a, language)) return null
  return <Chip icon="globe">{w.common.language[a.language as Language] ?? a.language}</Chip>
}

/** The menu of a field whose caret stands in a slash word: what the field says of it to who cannot see it, and the keys that are meant for it. */
export function useSlash(found: { word: string; from: number } | null, language: string, choose: (a: Article, asText: boolean) => void) {
  const list = useId()
  const [closed, setClosed] = useState('')
  const [active, setActive] = useState(0)
  const open = found !== null && closed !== `${found.from}`
  const { items, pending } = useArticles(open ? found.word : null, language)
  const at = Math.min(active, Math.max(0, items.length - 1))
  const current = open ? items[at] : undefined
  useEffect(() => setActive(0), [found?.word])
  const close = () => found && setClosed(`${found.from}`)
  return {
    close,
    controls: open ? list : undefined,
    descendant: current ? optionId(list, current) : undefined,
    menu: open && <SlashMenu id={list} language={language} items={items} active={at} word={found.word} pending={pending} pick={choose} point={setActive} />,
    /** True when the key was meant for the menu. */
    key(e: { key: string; shiftKey: boolean }): boolean {
      if (!open) return false
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
      if (step) setActive((at + step + items.length) % Math.max(1, items.length))
      else if (e.key === 'Escape') close()
      else if ((e.key === 'Enter' || e.key === 'Tab') && current) choose(current, e.shiftKey)
      else return false
      return true
    },
  }
}

/** The list over the composer. The keys are heard by the field; the pointer works too. */
export function SlashMenu(props: { id: string; language: string; items: Article[]; active: number; word: string; pending: boolean; pick: (a: Article, asText: boolean) => void; point: (i: number) => void }) {
  const w = useWords()
  const shown = props.items[props.active]
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    void list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }) // a promise in newer browsers
  }, [props.active])
  return (
    <div className="slash pop">
      <div className="slash-list" ref={list} role="listbox" id={props.id} aria-label={w.slash.label} tabIndex={props.items.length > 0 ? 0 : undefined}>
        {props.items.map((a, i) => (
          <div
            key={a.id}
            id={optionId(props.id, a)}
            role="option"
            aria-selected={i === props.active}
            className={`slash-row${i === props.active ? ' is-active' : ''}`}
            onPointerMove={() => i !== props.active && props.point(i)}
            onPointerDown={(e) => {
              e.preventDefault()
              props.pick(a, e.shiftKey)
            }}
          >
            <span className="code ell">{a.shortcut ? `/${bare(a.shortcut)}` : `#${a.number}`}</span>
            <span className={`ell${i === props.active ? ' med' : ''}`}>
              <Marked text={a.title} word={props.word} />
            </span>
            <Foreign a={a} language={props.language} />
          </div>
        ))}
        {props.items.length === 0 && <div className="slash-row sub">{props.pending ? w.common.loading : w.slash.none}</div>}
      </div>
      <div className="slash-prev">
        {shown && (
          <>
            <div className="row">
              <span className="strong grow ell">{shown.title}</span>
              <Chip icon={shown.internal ? 'lock' : 'globe'}>{shown.internal ? w.knowledge.internal : w.common.language[shown.language as Language] ?? shown.language}</Chip>
            </div>
            <p className="sub clamp">{shown.internal ? w.slash.internal : shown.snippet}</p>
          </>
        )}
      </div>
      <div className="slash-foot">
        <span className="row row-1">
          <Kbd>↑</Kbd>
          <Kbd>↓</Kbd>
          {w.slash.choose}
        </span>
        <span className="row row-1">
          <Kbd>↵</Kbd>
          {w.slash.link}
        </span>
        <span className="row row-1 wide">
          <Kbd>⇧</Kbd>
          <Kbd>↵</Kbd>
          {w.slash.text}
        </span>
        <span className="grow" />
        <span className="row row-1">
          <Kbd>Esc</Kbd>
          {w.slash.close}
        </span>
      </div>
    </div>
  )
}
