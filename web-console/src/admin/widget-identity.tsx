import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, type Widget } from '../api/admin'
import { useWords } from '../i18n'
import { Dialog } from '../ui/dialog'
import { Text } from '../ui/form'
import { Chip, Failure } from '../ui/parts'

/** The keys by which the website vouches for who has signed in. Nobody can read them again. */
export function Identity({ t }: { t: Widget }) {
  const w = useWords()
  const client = useQueryClient()
  const [key, setKey] = useState('')
  const settled = { onSettled: () => client.invalidateQueries({ queryKey: ['admin', 'widgets'] }) }
  const make = useMutation({ mutationFn: () => admin.makeWidgetSecret(t.id), ...settled })
  const drop = useMutation({ mutationFn: () => admin.dropWidgetSecret(t.id), ...settled })
  const set = useMutation({ mutationFn: () => admin.setWidgetKey(t.id, key.trim()), onSuccess: () => setKey(''), ...settled })
  const problem = make.error ?? drop.error ?? set.error
  return (
    <>
      <div className="row wrap">
        <Chip tone={t.identity.secret ? 'ok' : 'plain'} icon={t.identity.secret ? 'check' : 'pause'}>
          {t.identity.secret ? w.admin.secretThere : w.admin.secretNone}
        </Chip>
        <button className="btn btn--sm" disabled={make.isPending} onClick={() => make.mutate()}>
          {w.admin.makeSecret}
        </button>
        {t.identity.secret && (
          <button className="btn btn--sm" disabled={drop.isPending} onClick={() => drop.mutate()}>
            {w.admin.dropSecret}
          </button>
        )}
      </div>
      <div className="f2">
        <Text label={w.admin.publicKey} hint={t.identity.key ? w.admin.publicThere : undefined} value={key} set={setKey} max={100} />
      </div>
      <div>
        <button className="btn btn--sm" disabled={set.isPending || (key.trim() === '' && !t.identity.key)} onClick={() => set.mutate()}>
          {key.trim() === '' && t.identity.key ? w.admin.removeOf(w.admin.publicKey) : w.admin.setKey}
        </button>
      </div>
      {problem != null && <Failure error={problem} />}
      {make.data && <Given name={t.name} secret={make.data.secret} close={() => make.reset()} />}
    </>
  )
}

/** A secret, shown this once. */
export function Given({ name, secret, close }: { name: string; secret: string; close: () => void }) {
  const w = useWords()
  return (
    <Dialog title={w.admin.secretFor(name)} close={close}>
      <div className="dialog-foot">
        <p className="given">
          <code className="code">{secret}</code>
        </p>
        <p className="hint">{w.admin.secretOnce}</p>
      </div>
    </Dialog>
  )
}
