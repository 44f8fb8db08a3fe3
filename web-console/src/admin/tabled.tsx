import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Page } from '../api/types'
import { useWords } from '../i18n'
import type { IconName } from '../ui/icon'
import { Empty, Failure, Fetched, type Fetching } from '../ui/parts'
import { Head } from './frame'

/** A list that comes page by page, as Tabled shows it. What was found before stays until the next is there. */
export function usePaged<T>(key: string[], read: (after: string) => Promise<Page<T>>) {
  const query = useInfiniteQuery({ queryKey: key, queryFn: ({ pageParam }) => read(pageParam), initialPageParam: '', getNextPageParam: (last) => last.after || undefined, placeholderData: (before) => before })
  return { query, more: query, items: query.data?.pages.flatMap((p) => p.items) ?? [] }
}

/**
 * A section of what has no page of its own: rows of a table, or that there are none. What stands above (a form, a
 * refusal) stands there while they come too.
 */
export function Tabled<T>(props: {
  title: string
  lead: string
  icon: IconName
  empty: string
  heads: string[]
  query: Fetching<unknown>
  items: T[]
  row: (t: T) => ReactNode
  above?: ReactNode
  tools?: ReactNode
  more?: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  return (
    <>
      <Head title={props.title} lead={props.lead}>
        {props.tools}
      </Head>
      <div className="set-body set-body--list" tabIndex={0} role="group" aria-label={props.title}>
        {props.above}
        <Fetched query={props.query} what={props.title} rows={4}>
          {() =>
            props.items.length === 0 ? (
              <Empty icon={props.icon} text={props.empty} />
            ) : (
              <div className="tbl-card" tabIndex={0} role="region" aria-label={props.title}>
                <table className="tbl">
                  <thead>
                    <tr>
                      {props.heads.map((h) => (
                        <th scope="col" key={h}>
                          {h}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>{props.items.map(props.row)}</tbody>
                </table>
              </div>
            )
          }
        </Fetched>
        {props.more && <More query={props.more} />}
      </div>
    </>
  )
}

/** A form above a list, by which there is one more in it. */
export function Add(props: { add: { mutate: () => void; isPending: boolean; error: unknown }; ready: boolean; text: string; children: ReactNode }) {
  const { add } = props
  return (
    <form
      className="stack-2 add"
      onSubmit={(e) => {
        e.preventDefault()
        add.mutate()
      }}
    >
      <div className="f2">{props.children}</div>
      {add.error != null && <Failure error={add.error} />}
      <div className="row">
        <button className="btn btn--primary" disabled={add.isPending || !props.ready}>
          {props.text}
        </button>
      </div>
    </form>
  )
}

/** The next page of a long list, below it. */
function More({ query }: { query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const w = useWords()
  if (!query.hasNextPage) return null
  return (
    <div className="row more-row">
      <button className="btn btn--sm" onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
        {w.common.more}
      </button>
    </div>
  )
}

/** What a row is called. */
export const RowHead = ({ children }: { children: ReactNode }) => (
  <th scope="row" className="row-h">
    {children}
  </th>
)
