import { shapes, type IconName } from './shapes'

export type { IconName }

/** One drawing per shape, put into the page once; every icon refers to it. */
export function Sprite() {
  const symbols = Object.entries(shapes)
    .map(([id, d]) => `<symbol id="${id}" viewBox="0 0 16 16">${d}</symbol>`)
    .join('')
  return <svg className="sprite" aria-hidden="true" dangerouslySetInnerHTML={{ __html: symbols }} />
}

/** An icon says nothing to a screen reader: the word stands beside it or on its button. */
export function Icon({ name, size = 16, className = '' }: { name: IconName; size?: 12 | 16 | 20 | 24; className?: string }) {
  const sized = size === 16 ? '' : ` i-${size}`
  return (
    <svg className={`i${sized}${className && ` ${className}`}`} aria-hidden="true">
      <use href={`#${name}`} />
    </svg>
  )
}
