import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { api } from '../api/client'
import type { Id } from '../api/types'

const Shown = lazy(() => import('../editor/shown'))

/** What the server puts below a mail of an interaction. */
export function SignatureBelow({ of }: { of: Id }) {
  const { data } = useQuery({ queryKey: ['signature', of], queryFn: () => api.signature(of), staleTime: 60_000 })
  if (!data?.text) return null
  const plain = <p className="sig ed-sig">{data.text}</p>
  if (!data.html) return plain
  return (
    <Suspense fallback={plain}>
      <Shown className="sig ed-sig rich" html={data.html} />
    </Suspense>
  )
}
