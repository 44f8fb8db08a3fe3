import { useLayoutEffect, useRef } from 'react'
import { shownAs } from './schema'

/** HTML that somebody wrote, as the field that it is written in would show it; nothing of it acts. */
export default function Shown({ html, className }: { html: string; className: string }) {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => place.current!.replaceChildren(shownAs(html)), [html])
  return <div className={className} ref={place} />
}
