import { useRef, useState } from 'react'
import { upload } from '../api/client'
import type { Attachment } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

const inside = (html: string) => (a: Attachment) => !a.cid || html.includes(`cid:${a.cid}`)

/** The files that a mail will carry: stored as soon as they are chosen, named when it is sent. Those with a cid are pictures of its text. */
export function useAttachments() {
  const w = useWords()
  const f = useFormat()
  const [files, setFiles] = useState<Attachment[]>([])
  const [storing, setStoring] = useState(0)
  const [problem, setProblem] = useState<unknown>(null)
  const picker = useRef<HTMLInputElement>(null)
  const take = async (file: File, cid?: string) => {
    setStoring((n) => n + 1)
    setProblem(null)
    try {
      const stored = await upload(file)
      setFiles((have) => [...have, { ...stored, cid }])
    } catch (error) {
      setProblem(error)
      throw error
    } finally {
      setStoring((n) => n - 1)
    }
  }
  const beside = files.filter((a) => !a.cid)
  const list = (beside.length > 0 || storing > 0 || problem != null) && (
    <div className="atts">
      {beside.map((a) => (
        <span className="att" key={a.blob}>
          <span className="thumb">
            <Icon name={a.type.startsWith('image/') ? 'image' : 'file'} />
          </span>
          <span className="col">
            <span className="med ell">{a.name}</span>
            <span className="meta">{f.size(a.size)}</span>
          </span>
          <button type="button" className="ibtn" aria-label={w.mail.detach(a.name)} onClick={() => setFiles((have) => have.filter((o) => o !== a))}>
            <Icon name="x" />
          </button>
        </span>
      ))}
      {storing > 0 && <span className="meta">{w.mail.attaching}</span>}
      {problem != null && <Failure error={problem} />}
    </div>
  )
  const button = (
    <>
      <button type="button" className="ibtn" aria-label={w.mail.attach} onClick={() => picker.current?.click()}>
        <Icon name="clip" />
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={(e) => {
          for (const file of e.target.files ?? []) take(file).catch(() => {}) // the list says why
          e.target.value = '' // the same one may be chosen again
        }}
      />
    </>
  )
  /** Those that a mail with this HTML carries: a picture that was taken out of the text goes nowhere. */
  const of = (html: string | undefined) => {
    const carried = files.filter(inside(html ?? ''))
    return carried.length > 0 ? carried : undefined
  }
  return {
    of,
    pending: storing > 0,
    list,
    button,
    take,
    blobOf: (cid: string) => files.find((a) => a.cid === cid)?.blob,
    beside: (html: string | undefined) => setFiles((have) => have.filter(inside(html ?? '')).map(({ cid: _, ...a }) => a)),
    clear: () => setFiles([]),
    put: (list: Attachment[] | undefined) => setFiles(list ?? []),
  }
}
