import { useEffect, useState } from 'react'
import { api } from '../api/client'
import type { Id } from '../api/types'
import { change, changeLog, follow, useLive } from '../live/hub'
import { emptyLog, last, merge, type Log } from '../live/log'
import { withMail } from '../live/state'

const pageSize = 50

// Which conversations this tab shows; the socket follows them while it does.
const shown = new Map<Id, number>()

export function show(conversation: Id, by: 1 | -1) {
  const count = (shown.get(conversation) ?? 0) + by
  if (count > 0) shown.set(conversation, count)
  else shown.delete(conversation)
  follow([...shown.keys()].map((c) => `conversation:${c}`))
}

/** A conversation's entries: the newest page first, older ones when asked for. */
export function useLog(conversation: Id) {
  const log: Log = useLive((l) => l.logs[conversation]) ?? emptyLog
  const [error, setError] = useState<unknown>(null)
  const [loaded, setLoaded] = useState(false)
  const [attempt, setAttempt] = useState(0)
  const resumed = useLive((l) => (l.link.state === 'up' ? l.link.since : 0))

  useEffect(() => {
    show(conversation, 1)
    return () => show(conversation, -1)
  }, [conversation])

  useEffect(() => {
    let current = true
    api.entries(conversation, { limit: pageSize }).then(
      (page) => {
        if (!current) return
        const items = page.items ?? []
        changeLog(conversation, (l) => merge(l, items, l.whole || items.length < pageSize))
        setLoaded(true)
        setError(null)
      },
      (err: unknown) => current && setError(err),
    )
    return () => {
      current = false
    }
    // Read again when the link is back: a frame may have been lost with it.
  }, [conversation, attempt, resumed])

  const earlier = async () => {
    const before = log.entries[0]?.pos
    const page = await api.entries(conversation, { before, limit: pageSize })
    changeLog(conversation, (l) => merge(l, page.items ?? [], (page.items ?? []).length < pageSize))
  }
  return { log, loaded, error, earlier, retry: () => setAttempt((n) => n + 1) }
}

/** Reads the newest page again: the socket tells nothing of a colleague's chat until one looks on. */
export async function readAgain(conversation: Id) {
  const page = await api.entries(conversation, { limit: pageSize })
  changeLog(conversation, (l) => merge(l, page.items ?? []))
}

/** How far the mails that left it have come: frames tell only of what happens while they are heard. */
export function useDeliveries(conversation: Id, mail: boolean) {
  const resumed = useLive((l) => (l.link.state === 'up' ? l.link.since : 0))
  useEffect(() => {
    if (!mail) return
    let current = true
    void api.deliveries(conversation).then(
      (page) => current && change((l) => page.items.reduce(withMail, l)),
      () => {}, // the mails themselves are there; the next frame tells
    )
    return () => {
      current = false
    }
  }, [conversation, mail, resumed])
}

/** Says what the agent has seen, once per entry, while the page is looked at. */
export function useSeen(conversation: Id, log: Log, looked = true) {
  const pos = last(log)?.pos
  useEffect(() => {
    if (pos && looked && !document.hidden) void api.seen(conversation, pos).catch(() => {}) // read again with the next entry
  }, [conversation, pos, looked])
}
