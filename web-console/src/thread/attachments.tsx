import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { upload } from '../api/client'
import type { Attachment } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

/** The files that a mail will carry: stored as soon as they are chosen, named when it is sent. */
export function useAttachments() {
  const w = useWords()
  const f = useFormat()
  const [files, setFiles] = useState<Attachment[]>([])
  const picker = useRef<HTMLInputElement>(null)
  const attach = useMutation({ mutationFn: (list: File[]) => Promise.all(list.map(upload)), onSuccess: (more) => setFiles((have) => [...have, ...more]) })
  const list = (files.length > 0 || attach.isPending || attach.error) && (
    <div className="atts">
      {files.map((a) => (
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
      {attach.isPending && <span className="meta">{w.mail.attaching}</span>}
      {attach.error && <Failure error={attach.error} />}
    </div>
  )
  const button = (
    <>
      <button type="button" className="ibtn" aria-label={w.mail.attach} onClick={() => picker.current?.click()}>
        <Icon name="clip" />
      </button>
      <input ref={picker} type="file" multiple hidden onChange={(e) => e.target.files && attach.mutate([...e.target.files])} />
    </>
  )
  return { files: files.length > 0 ? files : undefined, pending: attach.isPending, list, button, clear: () => setFiles([]), put: (list: Attachment[] | undefined) => setFiles(list ?? []) }
}
