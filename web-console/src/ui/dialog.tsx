import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useWords } from '../i18n'
import { Icon } from './icon'

/** A dialog for what must be chosen before the work goes on; Escape leaves it, focus returns. */
export function Dialog({ title, close, className = '', children }: { title: string; close: () => void; className?: string; children: ReactNode }) {
  const w = useWords()
  return (
    <ModalOverlay className="scrim" isOpen isDismissable onOpenChange={(open) => !open && close()}>
      <Modal className={`dialog pop ${className}`}>
        <AriaDialog className="dialog-in" aria-label={title}>
          <div className="pane-head">
            <Heading slot="title" className="grow">
              {title}
            </Heading>
            <button className="ibtn" aria-label={w.common.close} onClick={close}>
              <Icon name="x" />
            </button>
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
