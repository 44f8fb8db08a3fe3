import { useQuery } from '@tanstack/react-query'
import { api } from '../api/client'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { BlockVisitor } from './block-visitor'
import { Fact } from './side'

const look = 15_000 // milliseconds: they may go from page to page

/** Where the visitor of a chat is, and what their website passes along. */
export function Visiting({ i }: { i: InteractionView }) {
  const w = useWords()
  const going = i.state !== 'finished' && i.state !== 'wrap_up'
  const { data: v } = useQuery({ queryKey: ['visit', i.conversation], queryFn: () => api.visit(i.conversation), refetchInterval: going && look, retry: false })
  if (!v?.widget) return null
  return (
    <section className="sec stack-2">
      <dl className="kv">
        {v.url && (
          <Fact name={w.side.page}>
            <a href={v.url} target="_blank" rel="noreferrer">
              {v.title || short(v.url)}
            </a>
          </Fact>
        )}
        {v.referrer && <Fact name={w.side.referrer}>{short(v.referrer)}</Fact>}
        {v.identity && <Fact name={w.side.identity}>{v.identity}</Fact>}
        {Object.entries(v.facts ?? {}).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </dl>
      <BlockVisitor conversation={i.conversation} visit={v} />
    </section>
  )
}

/** An address without what every one has. */
const short = (url: string) => url.replace(/^https?:\/\/(www\.)?/, '').replace(/[?].*$/, '')
