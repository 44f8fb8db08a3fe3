import { createContext, useContext, type ReactNode } from 'react'
import { I18nProvider } from 'react-aria-components'
import type { Language } from '../api/types'
import { en } from './en'
import { format, type Format } from './format'
import { sv, type Words } from './sv'

const words: Record<Language, Words> = { sv, en }

const Chosen = createContext<{ language: Language; w: Words; f: Format }>({ language: 'sv', w: sv, f: format('sv', sv) })

/** Gives everything below it its language. */
export function Speak({ language, children }: { language: Language; children: ReactNode }) {
  const w = words[language]
  return (
    <Chosen.Provider value={{ language, w, f: format(language, w) }}>
      <I18nProvider locale={language === 'sv' ? 'sv-SE' : 'en-GB'}>{children}</I18nProvider>
    </Chosen.Provider>
  )
}

/** The words of the chosen language: `const w = useWords()`, then `w.inbox.title`. */
export const useWords = () => useContext(Chosen).w
export const useLanguage = () => useContext(Chosen).language

/** How times, durations and numbers are written in it. */
export const useFormat = () => useContext(Chosen).f

/** The word for what others chose to write; undefined where we have none. */
export const wordOf = (words: Record<string, string>, key: string | undefined) => (key !== undefined && Object.hasOwn(words, key) ? words[key] : undefined)
