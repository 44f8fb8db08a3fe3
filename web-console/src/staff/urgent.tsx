import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { api } from '../api/client'
import type { SupervisorMessage } from '../api/types'
import { useFormat } from '../i18n'
import { useNow } from '../live/clock'
import { Icon } from '../ui/icon'
import { Failure } from '../ui/parts'
import { useStaffWords } from './words'

/** What a supervisor wants everybody to have read before they go on: it stands over the page until the reader says so. */
export function Urgent({ all }: { all: SupervisorMessage[] }) {
  const w = useStaffWords()
  const f = useFormat()
  const now = useNow()
  const client = useQueryClient()
  const seen = useMutation({ mutationFn: api.seenSupervisorMessage, onSuccess: () => client.invalidateQueries({ queryKey: ['supervisor-messages'] }) })
  const held = all.filter((m) => !m.expires_at || Date.parse(m.expires_at) > now)
  const m = held[0]
  if (!m) return null
  const title = w.urgentFrom(m.author_name || w.anyone)
  return (
    <ModalOverlay className="scrim" isOpen isKeyboardDismissDisabled>
      <Modal className="dialog pop">
        <Dialog className="dialog-in" role="alertdialog" aria-label={title} key={m.id}>
          <div className="pane-head">
            <Icon name="horn" />
            <Heading slot="title" className="grow">
              {title}
            </Heading>
            <time className="meta">{f.when(m.at, now)}</time>
          </div>
          <p className="page-body said">{m.text}</p>
          <div className="dialog-foot">
            {seen.error && <Failure error={seen.error} />}
            <div className="row">
              <span className="hint grow">{held.length > 1 && w.moreUrgent(held.length - 1)}</span>
              <button className="btn btn--primary" disabled={seen.isPending} onClick={() => seen.mutate(m.id)}>
                <Icon name="check" />
                {w.acknowledge}
              </button>
            </div>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
