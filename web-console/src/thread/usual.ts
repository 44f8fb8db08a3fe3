/** A time as a field for dates and times has it: of here, without a zone. */
export function local(d: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`
}

/** The times that people put a mail off to: in an hour, tomorrow morning, and Monday morning where that is another. */
export function usual(now: Date): { name: 'hour' | 'morning' | 'monday'; at: Date }[] {
  const morning = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 8)
  const monday = ((8 - now.getDay()) % 7) || 7 // days from today
  const list = [
    { name: 'hour' as const, at: new Date(Math.ceil(now.getTime() / 60_000) * 60_000 + 3_600_000) },
    { name: 'morning' as const, at: morning(1) },
  ]
  return monday === 1 ? list : [...list, { name: 'monday' as const, at: morning(monday) }]
}
