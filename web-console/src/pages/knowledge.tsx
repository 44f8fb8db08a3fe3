import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '../api/client'
import type { Article, Id, Language } from '../api/types'
import { useLanguage, useWords } from '../i18n'
import { useLive } from '../live/hub'
import { useMe } from '../session'
import { sendArticle } from '../thread/composer'
import { bare, Marked } from '../thread/slash'
import { Field, Tabs } from '../ui/controls'
import { Icon } from '../ui/icon'
import { Chip, Empty, Fetched } from '../ui/parts'

/** The knowledge base: search it, read it as the customer does, send its link to who is waiting. */
export function Knowledge({ id }: { id?: Id }) {
  const w = useWords()
  const own = useLanguage()
  const [language, setLanguage] = useState<Language>(own)
  const [text, setText] = useState('')
  const word = text.trim().replace(/^\//, '')
  const query = useQuery({ queryKey: ['articles', language, word, 'all'], queryFn: ({ signal }) => api.articles(word, language, signal), placeholderData: (b) => b })
  return (
    <main className={`sheet sheet--2${id ? ' has-open' : ''}`}>
      <section className="pane pane--list" aria-label={w.knowledge.title}>
        <div className="pane-head">
          <h1 className="grow">{w.knowledge.title}</h1>
        </div>
        <div className="sec stack-2">
          <Field label={w.knowledge.find} placeholder={w.knowledge.find} icon="search" value={text} set={setText} />
          <Tabs
            as="seg"
            label={w.knowledge.language}
            chosen={language}
            choose={setLanguage}
            tabs={[
              { key: 'sv', text: w.common.language.sv },
              { key: 'en', text: w.common.language.en },
            ]}
          />
        </div>
        <div className="side-scroll list-pad" tabIndex={-1}>
          <Fetched query={query} what={w.inbox.what} rows={6}>
            {(page) =>
              page.items.length === 0 ? (
                <Empty icon="search" text={word ? w.knowledge.none : w.knowledge.start} hint={word ? w.knowledge.noneHint : undefined} />
              ) : (
                <ul>
                  {page.items.map((a) => (
                    <li key={a.id}>
                      <Link className={`hit${a.id === id ? ' is-sel' : ''}`} href={`/knowledge/${a.id}`} aria-current={a.id === id ? 'true' : undefined}>
                        <span className="row">
                          <span className="med ell grow">
                            <Marked text={a.title} word={word} />
                          </span>
                          {a.internal && <Chip icon="lock">{w.knowledge.internal}</Chip>}
                        </span>
                        <span className="meta ell">{a.snippet}</span>
                        {a.shortcut && <span className="code code--own">/{bare(a.shortcut)}</span>}
                      </Link>
                    </li>
                  ))}
                </ul>
              )
            }
          </Fetched>
        </div>
      </section>
      {id ? (
        <Reader key={id} id={id} language={language} />
      ) : (
        <section className="pane" aria-label={w.knowledge.what}>
          <Empty icon="book" text={w.knowledge.pick} hint={w.knowledge.pickHint} />
        </section>
      )}
    </main>
  )
}

function Reader({ id, language }: { id: Id; language: Language }) {
  const w = useWords()
  const query = useQuery({ queryKey: ['article', id, language], queryFn: () => api.readArticle(id, language) })
  return (
    <section className="pane" aria-label={w.knowledge.what}>
      <Fetched query={query} what={w.knowledge.what} rows={6}>
        {(a) => (
          <>
            <div className="pane-head">
              <Link className="ibtn narrow-only" href="/knowledge" aria-label={w.thread.back}>
                <Icon name="left" />
              </Link>
              <div className="col grow">
                <h2 className="ell">{a.title}</h2>
                <span className="meta ell">
                  {[a.shortcut && `/${bare(a.shortcut)}`, ...(a.tags ?? [])].filter(Boolean).join(' · ')}
                </span>
              </div>
              <Acts a={a} />
            </div>
            <div className="page-body side-scroll" tabIndex={0} role="region" aria-label={a.title}>
              {a.internal && (
                <div className="banner banner--warn">
                  <Icon name="lock" />
                  <span>{w.slash.internal}</span>
                </div>
              )}
              <ArticleText a={a} />
            </div>
          </>
        )}
      </Fetched>
    </section>
  )
}

/** The article's HTML was made of Markdown and made safe by the server; plain text stands in for it. */
function ArticleText({ a }: { a: Article }) {
  if (a.html) return <div className="article" lang={a.language} dangerouslySetInnerHTML={{ __html: a.html }} />
  return (
    <div className="article said" lang={a.language}>
      {a.markdown ?? a.snippet}
    </div>
  )
}

function Acts({ a }: { a: Article }) {
  const w = useWords()
  const me = useMe()
  const [copied, setCopied] = useState(false)
  const chat = useLive((l) => Object.values(l.interactions).find((i) => i.channel === 'chat' && i.state === 'active' && i.agent === me.agent))
  if (a.internal || !a.url) return null
  const copy = () => void navigator.clipboard.writeText(new URL(a.url!, location.origin).href).then(() => setCopied(true), () => {})
  return (
    <>
      {chat && (
        <button className="btn btn--sm btn--primary" onClick={() => sendArticle(chat, a, a.language)}>
          {w.knowledge.insert(chat.customer_name?.split(' ')[0] ?? w.side.customer)}
        </button>
      )}
      <button className="btn btn--sm wide" onClick={copy}>
        <Icon name={copied ? 'check' : 'link'} />
        {copied ? w.knowledge.copied : w.knowledge.copy}
      </button>
      <a className="ibtn" href={a.url} target="_blank" rel="noreferrer" aria-label={w.knowledge.link}>
        <Icon name="ext" />
      </a>
    </>
  )
}
