import { createContext, useContext, useEffect, useRef } from 'react'
import { useSetting } from './settings'

const mac = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.platform)

/** The key that a Mac calls Command and others call Ctrl. */
export const mod = mac ? '⌘' : 'Ctrl '

/** How a chord is printed: `mod+Enter` as ⌘↵ on a Mac. */
export function printed(chord: string): string {
  return chord
    .split('+')
    .map((k) => signs[k] ?? k.replace(/^(Key|Digit)/, ''))
    .join('')
}

const signs: Record<string, string> = { mod, ctrl: '⌃', alt: '⌥', shift: '⇧', Enter: '↵', Slash: '/', Space: '␣' }

/** The same in words, for a title: Ctrl+Alt+A. */
export function spelled(chord: string): string {
  const names: Record<string, string> = { mod: mac ? 'Command' : 'Ctrl', ctrl: 'Ctrl', alt: mac ? 'Option' : 'Alt', shift: 'Shift' }
  return chord
    .split('+')
    .map((k) => names[k] ?? k.replace(/^(Key|Digit)/, ''))
    .join('+')
}

/** As aria-keyshortcuts wants it. */
export const announced = (chord: string) =>
  chord
    .split('+')
    .map((k) => ({ mod: mac ? 'Meta' : 'Control', ctrl: 'Control', alt: 'Alt', shift: 'Shift' })[k] ?? k.replace(/^(Key|Digit)/, ''))
    .join('+')

const single = (chord: string) => !chord.includes('+') && !/^F\d/.test(chord)

function matches(e: KeyboardEvent, chord: string): boolean {
  const keys = chord.split('+')
  const code = keys.at(-1)!
  const want = (k: string) => keys.includes(k)
  const ctrl = want('ctrl') || (want('mod') && !mac)
  const meta = want('mod') && mac
  // Keys are told by their place (event.code): on a Nordic Mac, Option and a letter type a sign.
  return e.code === code && e.ctrlKey === ctrl && e.metaKey === meta && e.altKey === want('alt') && (e.shiftKey === want('shift') || code === 'Slash')
}

const writing = (e: KeyboardEvent) => {
  const t = e.target as HTMLElement
  return t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName)
}

/** Whether this part of the page is the one worked in: where several of a kind stand side by side, one hears the keys. */
export const WorkedIn = createContext(true)

/** On a Mac, Option and a digit write a sign. */
export const place = (n: number) => `${mac ? 'ctrl+' : ''}alt+Digit${n}`

/**
 * Runs what a chord is for while the component shows. A chord of one key is silent while
 * the person writes and can be turned off altogether (WCAG 2.1.4).
 */
export function useKeys(chords: Record<string, (() => void) | undefined | false>) {
  const [singles] = useSetting('singleKeys')
  const worked = useContext(WorkedIn)
  const kept = useRef(chords)
  kept.current = chords
  useEffect(() => {
    if (!worked) return
    const hear = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.isComposing) return
      for (const [chord, run] of Object.entries(kept.current)) {
        if (!run || !matches(e, chord)) continue
        if (single(chord) && (!singles || writing(e) || document.querySelector('[role=dialog], [role=menu]'))) continue
        e.preventDefault()
        run()
        return
      }
    }
    addEventListener('keydown', hear)
    return () => removeEventListener('keydown', hear)
  }, [singles, worked])
}
