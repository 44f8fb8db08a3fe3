import { useSyncExternalStore } from 'react'

/** What this browser remembers of its owner's choices. */
export interface Settings {
  theme: 'system' | 'light' | 'dark'
  language: 'sv' | 'en' | ''
  ring: boolean
  singleKeys: boolean
  rich: boolean // mails are written with their looks, not as plain text
}

const place = 'vaxel.settings'
const first: Settings = { theme: 'system', language: '', ring: true, singleKeys: true, rich: true }

function read(): Settings {
  try {
    return { ...first, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Settings>) }
  } catch {
    return first // someone else's text under our key
  }
}

let settings = typeof localStorage === 'undefined' ? first : read()
const listeners = new Set<() => void>()

const subscribe = (f: () => void) => {
  listeners.add(f)
  return () => listeners.delete(f)
}

export const getSettings = () => settings

export function set<K extends keyof Settings>(key: K, value: Settings[K]) {
  settings = { ...settings, [key]: value }
  localStorage.setItem(place, JSON.stringify(settings))
  for (const f of listeners) f()
  if (key === 'theme') showTheme()
}

export function useSetting<K extends keyof Settings>(key: K): [Settings[K], (v: Settings[K]) => void] {
  const value = useSyncExternalStore(subscribe, () => settings[key])
  return [value, (v) => set(key, v)]
}

/** The tokens follow data-theme; without it, the system. */
export function showTheme() {
  const root = document.documentElement
  if (settings.theme === 'system') delete root.dataset.theme
  else root.dataset.theme = settings.theme
}

if (typeof addEventListener !== 'undefined')
  addEventListener('storage', (e) => {
    if (e.key !== place) return
    settings = read()
    showTheme()
    for (const f of listeners) f()
  })
