import { useEffect, useRef, useState } from 'react'

const place = 'vaxel.draft.'

function keep(key: string, text: string) {
  if (text) localStorage.setItem(place + key, text)
  else localStorage.removeItem(place + key)
}

/** A text that survives a reload: kept in this browser, half a second after each pause and on leaving. */
export function useDraft(key: string) {
  const [text, setText] = useState(() => localStorage.getItem(place + key) ?? '')
  const [kept, setKept] = useState(text !== '')
  const latest = useRef(text)
  const set = (t: string) => {
    latest.current = t
    setKept(false)
    setText(t)
  }
  useEffect(() => {
    const timer = setTimeout(() => {
      keep(key, text)
      setKept(text !== '')
    }, 500)
    return () => clearTimeout(timer)
  }, [key, text])
  useEffect(() => {
    const leave = () => keep(key, latest.current)
    addEventListener('pagehide', leave)
    return () => {
      removeEventListener('pagehide', leave)
      leave()
    }
  }, [key])
  const clear = () => {
    set('')
    keep(key, '')
  }
  return { text, set, kept, clear }
}
