import { useSyncExternalStore } from 'react'

// Every timer shows the server's time: the difference to this machine's clock is learnt
// from each welcome and heartbeat, and the smallest one seen wins (it waited least).

let offset = 0
let learnt = false

/** Takes the server's time as it was when the frame was sent. */
export function learn(serverTime: string, here = Date.now()) {
  const seen = Date.parse(serverTime) - here
  if (Number.isNaN(seen)) return
  offset = learnt ? Math.max(offset, seen) : seen
  learnt = true
}

/** Forget what was learnt: another server may answer now. */
export function relearn() {
  learnt = false
}

export const serverNow = () => Date.now() + offset

const listeners = new Set<() => void>()
let second = 0
let timer: ReturnType<typeof setTimeout> | undefined

function tick() {
  second = Math.floor(serverNow() / 1000)
  for (const f of listeners) f()
  timer = setTimeout(tick, 1000 - (serverNow() % 1000) + 5)
}

function subscribe(f: () => void) {
  listeners.add(f)
  if (listeners.size === 1) tick()
  return () => {
    listeners.delete(f)
    if (listeners.size === 0) clearTimeout(timer)
  }
}

/** The server's time in ms, rounded to its second; the component renders again each second. */
export function useNow(): number {
  const s = useSyncExternalStore(subscribe, () => second)
  return s === 0 ? serverNow() : s * 1000
}
