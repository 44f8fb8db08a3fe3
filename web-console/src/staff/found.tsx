import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Id } from '../api/types'
import { useFormat } from '../i18n'
import { serverNow } from '../live/clock'
import { Fetched } from '../ui/parts'
import { staff } from './api'
import { useStaffWords } from './words'

/** What was said in my chats with these words, the latest first. */
export function Found({ words, chosen }: { words: string; chosen?: Id }) {
  const w = useStaffWords()
  const f = useFormat()
  const query = useQuery({ queryKey: ['staff-found', words], queryFn: () => staff.find(words) })
  return (
    <Fetched query={query} what={w.what}>
      {(page) => (
        <>
          <p className="log-empty meta" role="status">
            {w.found(page.items.length)}
          </p>
          <ul>
            {page.items.map((e) => (
              <li key={`${e.conversation}/${e.pos}`}>
                <Link className={`hit${e.conversation === chosen ? ' is-sel' : ''}`} href={`/messages/${e.conversation}`}>
                  <span className="row">
                    <b className="grow ell">{e.author_name}</b>
                    <time className="meta">{f.when(e.at, serverNow())}</time>
                  </span>
                  <span className="clamp">{e.text}</span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Fetched>
  )
}
