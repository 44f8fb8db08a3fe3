import type { Label, Language } from '../api/types'
import type { Words } from './sv'

const day = 86_400_000
const two = (n: number) => String(n).padStart(2, '0')

/** Seconds as 0:38, 13:05 or 1:02:07. */
export function short(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const h = Math.floor(s / 3600)
  const m = Math.floor((s % 3600) / 60)
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}

/** The same with a leading zero: 00:38, 13:05, 1:02:07. */
export function figure(ms: number): string {
  const s = short(ms)
  return s.length < 5 ? `0${s}` : s
}

/** Always 00:00:00, for a timer that stands still while its digits change. */
export function full(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  return `${two(Math.floor(s / 3600))}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`
}

/** Initials of a name; a number or an address has none but its first sign. */
export function initials(name: string): string {
  const parts = name.split(/[\s@.]+/).filter((p) => /^\p{L}/u.test(p))
  if (parts.length === 0) return '#'
  const first = parts[0]![0]!
  return (parts.length > 1 && !name.includes('@') ? first + parts.at(-1)![0]! : first).toUpperCase()
}

export type Format = ReturnType<typeof format>

export function format(language: Language, w: Words) {
  const locale = language === 'sv' ? 'sv-SE' : 'en-GB'
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false })
  const exact = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const dated = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' })
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0)
  const dateOf = (at: string) => (new Date(at).getFullYear() === new Date().getFullYear() ? date : dated).format(new Date(at)).replace('.', '')

  return {
    clock: (at: string | number) => clock.format(new Date(at)),
    exact: (at: string | number) => exact.format(new Date(at)),
    date: dateOf,
    number: (n: number) => number.format(n),
    percent: (share: number) => percent.format(share),
    /** 10:06 today, "yesterday", then 20 Nov. */
    when(at: string, now: number) {
      const days = Math.round((midnight(now) - midnight(Date.parse(at))) / day)
      if (days <= 0) return clock.format(new Date(at))
      return days === 1 ? w.common.yesterday : dateOf(at)
    },
    /** 4:12 below an hour, then 1 h 12 min, then 2 days. */
    wait(ms: number) {
      const minutes = Math.floor(Math.abs(ms) / 60_000)
      if (minutes < 60) return short(Math.abs(ms))
      const hours = Math.floor(minutes / 60)
      if (hours >= 48) return w.time.days(Math.floor(hours / 24))
      return `${w.time.hours(hours)} ${w.time.minutes(two(minutes % 60))}`
    },
    /** A name in this language, else in any that there is. */
    label: (l: Label) => l[language] ?? l.en ?? l.sv ?? Object.values(l)[0] ?? '',
    /** 96 kB, 1,8 MB. */
    size(bytes: number) {
      if (bytes < 1000) return `${bytes} B`
      return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${number.format(bytes / 1_000_000)} MB`
    },
    /** +46 70 174 06 12, as it is read aloud; anything that isn't E.164 stays as it is. */
    address(value: string | undefined) {
      const swedish = /^\+46(7\d)(\d{3})(\d{2})(\d{2})$/.exec(value ?? '')
      if (swedish) return `+46 ${swedish.slice(1).join(' ')}`
      const other = /^\+46(\d{2})(\d{2,3})(\d{2})(\d{2})$/.exec(value ?? '')
      return other ? `+46 ${other.slice(1).join(' ')}` : (value ?? '')
    },
  }
}
