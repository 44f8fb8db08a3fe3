/** The course of an hour as a small line; the figures beside it say the same in numbers. */
export function Spark({ values, crit, label }: { values: number[]; crit?: boolean; label: string }) {
  const top = Math.max(1, ...values)
  const at = (v: number, i: number) => `${((i / Math.max(1, values.length - 1)) * 160).toFixed(1)} ${(22 - (v / top) * 20).toFixed(1)}`
  const line = values.map(at).join(' L')
  return (
    <svg className={`spark${crit ? ' spark--crit' : ''}`} viewBox="0 0 160 24" width="160" height="24" role="img" aria-label={label}>
      {values.length > 1 && <path className="fill" d={`M0 24 L${line} L160 24 Z`} />}
      {values.length > 1 && <path className="ln" d={`M${line}`} />}
    </svg>
  )
}
