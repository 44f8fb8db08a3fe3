import { Fragment, useEffect, useRef, useState, type RefObject } from 'react'
import { upload } from '../api/client'
import type { InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { send } from '../live/outbox'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'

interface Storing {
  file: File
  error?: unknown // it was not stored; the person decides
}

/**
 * Files for the customer of a chat, picked, pasted or dropped on the thread. Each is stored and then given, one after
 * the other, so that they come in the order they were chosen; from then on the outbox sees to it.
 */
export function useFiles(i: InteractionView, field: RefObject<HTMLElement | null>) {
  const w = useWords()
  const [storing, setStoring] = useState<Storing[]>([])
  const picker = useRef<HTMLInputElement>(null)
  const turn = useRef(Promise.resolve())
  const put = (s: Storing, to?: Storing) => setStoring((all) => all.flatMap((o) => (o.file === s.file ? (to ?? []) : o)))
  const store = (s: Storing) => {
    turn.current = turn.current.then(async () => {
      try {
        const file = await upload(s.file)
        send({ conversation: i.conversation, interaction: i.id, do: 'file', text: file.name, file })
        put(s)
      } catch (error) {
        put(s, { ...s, error })
      }
    })
  }
  const take = (list?: FileList | null) => {
    const fresh = [...(list ?? [])].map((file) => ({ file }))
    setStoring((all) => [...all, ...fresh])
    fresh.forEach(store)
    return fresh.length > 0
  }
  useDrops(field, take)
  const again = (s: Storing) => {
    put(s, { file: s.file })
    store(s)
  }
  const list = storing.length > 0 && (
    <div className="atts" role="group" aria-label={w.thread.files}>
      {storing.map((s, n) => (
        <Fragment key={n}>
          <span className="att">
            <span className="thumb">
              <Icon name="file" />
            </span>
            <span className="col">
              <span className="med ell">{s.file.name}</span>
              <span className="meta">{s.error ? w.thread.unsent : w.mail.attaching}</span>
            </span>
            {s.error != null && (
              <button type="button" className="ibtn" aria-label={w.mail.detach(s.file.name)} onClick={() => put(s)}>
                <Icon name="x" />
              </button>
            )}
          </span>
          {s.error != null && <Failure error={s.error} retry={() => again(s)} />}
        </Fragment>
      ))}
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
          take(e.target.files)
          e.target.value = '' // the same one may be chosen again
        }}
      />
    </>
  )
  const paste = (e: React.ClipboardEvent) => take(e.clipboardData.files) && e.preventDefault()
  return { list, button, paste }
}

/** What is dropped anywhere on the field's pane is meant for its conversation. */
function useDrops(field: RefObject<HTMLElement | null>, take: (list?: FileList | null) => boolean) {
  const latest = useRef(take)
  latest.current = take
  useEffect(() => {
    const pane = field.current?.closest<HTMLElement>('.pane')
    if (!pane) return
    const over = (e: DragEvent) => e.dataTransfer?.types.includes('Files') && e.preventDefault()
    const drop = (e: DragEvent) => {
      if (latest.current(e.dataTransfer?.files)) e.preventDefault()
    }
    pane.addEventListener('dragover', over)
    pane.addEventListener('drop', drop)
    return () => {
      pane.removeEventListener('dragover', over)
      pane.removeEventListener('drop', drop)
    }
  }, [field])
}
