import type { Entry, Id } from '../api/types'

const home = '46' // the country code of a number written with a leading zero

/** A number as people write it, as E.164; empty if it is none. */
export function telephone(text: string): string {
  const bare = text.replace(/[\s()\-.]/g, '').replace(/^00/, '+')
  if (/^\+\d{6,15}$/.test(bare)) return bare
  if (/^0\d{6,11}$/.test(bare)) return `+${home}${bare.slice(1)}`
  return /^\d{2,6}$/.test(bare) ? bare : '' // an extension or a short number
}

/** What may be an agent's phone: a number in E.164 or a SIP address. */
export function phoneAddress(text: string): { kind: 'pstn' | 'sip'; address: string } | null {
  const t = text.trim()
  if (/^sips?:[^\s@]+@[^\s@]+$/i.test(t)) return { kind: 'sip', address: t }
  const number = telephone(t)
  return number.startsWith('+') ? { kind: 'pstn', address: number } : null
}

/** The entry with the sound that an interaction left on its conversation. */
export function recordingOf(entries: Entry[], interaction: Id): Entry | undefined {
  const sounds = entries.filter((e) => e.kind === 'recording')
  return sounds.find((e) => e.interaction === interaction) ?? sounds.at(-1)
}
