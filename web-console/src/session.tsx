import { createContext, useContext } from 'react'
import type { Me } from './api/types'

/** Who is signed in, and the way out. */
export const Session = createContext<{ me: Me; leave: () => void } | null>(null)

export function useSession() {
  const s = useContext(Session)
  if (!s) throw new Error('no session')
  return s
}

export const useMe = () => useSession().me
