import { createContext, Suspense, use, useContext, useDeferredValue, useMemo, useState, type ReactNode } from 'react'
import { I18nProvider } from 'react-aria-components'
import type { Language } from '../api/types'
import { format, type Format } from './format'
import type { Words } from './sv'

const fetchWords: Record<Language, () => Promise<Words>> = {
  sv: () => import('./sv').then((m) => m.sv),
  en: () => import('./en').then((m) => m.en),
}

const fetched = new Map<Language, Promise<Words>>()
const standIns = new Set<Language>() // whose words could not be fetched: others stand there

/** Words are fetched when they are first spoken: hardly anybody reads two languages. */
function wordsIn(language: Language): Promise<Words> {
  const before = fetched.get(language)
  if (before) return before
  const spoken = [...fetched.values()].at(-1)
  const now = fetchWords[language]().catch((fault: unknown) => {
    if (!spoken) throw fault
    standIns.add(language)
    return spoken // better than nothing to read
  })
  fetched.set(language, now)
  return now
}

/** Asks once more for words that could not be fetched when their language was last chosen. */
function askAgain(language: Language) {
  if (standIns.delete(language)) fetched.delete(language)
}

type Spoken = { language: Language; w: Words; f: Format }

const Chosen = createContext<Spoken | undefined>(undefined)

/** Gives everything below it its language. One that is chosen later takes over once its words are there. */
export function Speak({ language, children }: { language: Language; children: ReactNode }) {
  const [before, setBefore] = useState(language)
  if (before !== language) {
    setBefore(language)
    askAgain(language)
  }
  return (
    <Suspense>
      <InWords language={useDeferredValue(language)}>{children}</InWords>
    </Suspense>
  )
}

function InWords({ language, children }: { language: Language; children: ReactNode }) {
  const w = use(wordsIn(language))
  const spoken = useMemo(() => ({ language, w, f: format(language, w) }), [language, w])
  return (
    <Chosen.Provider value={spoken}>
      <I18nProvider locale={language === 'sv' ? 'sv-SE' : 'en-GB'}>{children}</I18nProvider>
    </Chosen.Provider>
  )
}

function useSpoken(): Spoken {
  const spoken = useContext(Chosen)
  if (!spoken) throw new Error('words are used outside Speak')
  return spoken
}

/** The words of the chosen language: `const w = useWords()`, then `w.inbox.title`. */
export const useWords = () => useSpoken().w
export const useLanguage = () => useSpoken().language

/** How times, durations and numbers are written in it. */
export const useFormat = () => useSpoken().f

/** The word for what others chose to write; undefined where we have none. */
export const wordOf = (words: Record<string, string>, key: string | undefined) => (key !== undefined && Object.hasOwn(words, key) ? words[key] : undefined)
