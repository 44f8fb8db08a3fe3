import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { api, Problem } from '../api/client'
import type { Article, InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { Field } from '../ui/controls'
import { useKeys } from '../ui/keys'
import { Kbd } from '../ui/parts'
import { sendArticle } from './composer'
import { bare, Foreign, useArticles } from './slash'
import { useSpoken } from './spoken'

/** The FAQ box: type a shortcut, Enter sends its link. What else fits is listed below it. */
export function FaqBox({ i }: { i: InteractionView }) {
  const w = useWords()
  const language = useSpoken(i)
  const [text, setText] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const word = text.trim().replace(/^\//, '')
  const { items } = useArticles(word || null, language)
  useKeys({ F2: () => input.current?.focus() })

  const put = (a: Article) => {
    sendArticle(i, a, language)
    setText('')
  }
  const byShortcut = useMutation({ mutationFn: () => api.shortcut(word, language), onSuccess: put })
  const enter = () => {
    const exact = items.find((a) => bare(a.shortcut) === word.toLocaleLowerCase())
    if (exact) put(exact)
    else if (word) byShortcut.mutate()
  }
  const unknown = byShortcut.error instanceof Problem && byShortcut.error.status === 404
  return (
    <>
      <div className="sec-h">
        <h3 className="grow">{w.side.faqBox}</h3>
        <Kbd>F2</Kbd>
      </div>
      <Field
        label={w.side.faqBox}
        icon="search"
        placeholder={w.side.faqHint}
        value={text}
        set={(t) => (setText(t), byShortcut.reset())}
        input={input}
        bad={unknown ? w.side.faqNone(text) : undefined}
        onKeyDown={(e) => {
          if (e.key === 'Enter') enter()
          if (e.key === 'Escape') setText('')
        }}
      />
      <ul className="faq-hits">
        {items
          .filter((a) => !a.internal)
          .map((a) => (
            <li className="sugg" key={a.id}>
              <span className="ell grow">{a.title}</span>
              <Foreign a={a} language={language} />
              <button className="btn btn--xs" onClick={() => put(a)}>
                {w.side.sendLink}
              </button>
            </li>
          ))}
      </ul>
    </>
  )
}
