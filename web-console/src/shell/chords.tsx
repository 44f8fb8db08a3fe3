import { useWords } from '../i18n'
import type { Words } from '../i18n/sv'
import { Dialog } from '../ui/dialog'
import { place, printed, spelled } from '../ui/keys'

const chords: [keyof Words['settings']['keys'], string][] = [
  ['palette', 'mod+KeyK'],
  ['accept', 'ctrl+alt+KeyA'],
  ['decline', 'ctrl+alt+KeyD'],
  ['status', 'ctrl+alt+KeyS'],
  ['break', 'ctrl+alt+KeyB'],
  ['hold', 'ctrl+alt+KeyH'],
  ['swap', 'ctrl+alt+KeyL'],
  ['give', 'ctrl+alt+KeyT'],
  ['join', 'ctrl+alt+KeyJ'],
  ['send', 'mod+Enter'],
  ['sendEnd', 'mod+shift+Enter'],
  ['faq', 'Slash'],
  ['faqBox', 'F2'],
  ['codes', 'F4'],
  ['grid', place(1)],
  ['next', 'KeyJ'],
  ['previous', 'KeyK'],
  ['reply', 'KeyR'],
  ['forward', 'KeyF'],
  ['note', 'KeyN'],
  ['end', 'KeyE'],
  ['transfer', 'KeyT'],
  ['new', 'ctrl+alt+KeyN'],
  ['jump', 'KeyG'],
  ['saveThing', 'mod+KeyS'],
  ['help', 'mod+Slash'],
]

/** Every chord, with what it does. */
export function Chords() {
  const w = useWords()
  return (
    <ul className="boxed">
      {chords.map(([what, chord]) => (
        <li className="keyrow" key={what}>
          <span className="grow">{w.settings.keys[what]}</span>
          <span className="kbd" title={spelled(chord)}>
            {printed(chord)}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** The list that help opens, from anywhere. */
export function ChordSheet({ close }: { close: () => void }) {
  const w = useWords()
  return (
    <Dialog title={w.settings.shortcuts} close={close} className="dialog--tall">
      <div className="side-scroll pad" tabIndex={0} role="region" aria-label={w.settings.shortcuts}>
        <Chords />
      </div>
    </Dialog>
  )
}
