import { useState } from 'react'
import { uuid } from '../api/client'

/**
 * An Idempotency-Key for what is being composed: the same while it is tried again, so that an answer which was lost does it
 * no second time; another once it was changed.
 */
export function useOnce(content: unknown): string {
  const now = JSON.stringify(content)
  const [of, renew] = useState(() => ({ now, key: uuid() }))
  if (of.now !== now) renew({ now, key: uuid() })
  return of.key
}
