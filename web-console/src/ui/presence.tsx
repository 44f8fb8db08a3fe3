import type { Status } from '../api/types'
import { useWords } from '../i18n'

type Glyph = 'ok' | 'busy' | 'wrap' | 'break' | 'off' | 'out'

const glyphs: Record<Status, Glyph> = {
  available: 'ok',
  offered: 'busy',
  busy: 'busy',
  wrap_up: 'wrap',
  on_break: 'break',
  working_offline: 'off',
  logged_out: 'out',
}

const marks: Record<Glyph, string> = {
  ok: 'm4.2 7.2 1.9 1.9 3.7-4',
  busy: 'M4.2 7h5.6',
  wrap: 'M4.4 4.8h5.2M4.4 7h5.2M4.4 9.2h2.8',
  break: 'M5.4 4.6v4.8M8.6 4.6v4.8',
  off: 'M4.2 7h5.6',
  out: '',
}

const texts: Record<Glyph, string> = { ok: 't-ok', busy: 't-accent', wrap: 't-wrap', break: 't-warn', off: 't-idle', out: 't-idle' }

/** The colour of a status' word; the glyph and the word itself say the same. */
export const statusText = (s: Status) => texts[glyphs[s]]

/** A status as shape and colour. Silent where the word stands beside it. */
export function StatusGlyph({ status, ring, silent }: { status: Status; ring?: boolean; silent?: boolean }) {
  const w = useWords()
  const g = glyphs[status]
  const name = silent ? { 'aria-hidden': true as const } : { role: 'img', 'aria-label': w.status[status] }
  return (
    <svg className={`st st--${g}${ring ? ' st--ring' : ''}`} viewBox="0 0 14 14" {...name}>
      {g === 'off' || g === 'out' ? <circle className="o" cx="7" cy="7" r="6.2" /> : <circle className="f" cx="7" cy="7" r="7" />}
      {marks[g] && <path className={g === 'off' ? 'o' : 'k'} d={marks[g]} />}
    </svg>
  )
}
