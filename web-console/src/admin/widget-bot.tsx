import { useMutation, useQueryClient } from '@tanstack/react-query'
import { admin, type Widget } from '../api/admin'
import { useWords } from '../i18n'
import { Chip, Failure } from '../ui/parts'
import { Given } from './widget-identity'

/** The secret that the widget's bot knows us by. Nobody can read it again. */
export function BotKey({ t }: { t: Widget }) {
  const w = useWords()
  const client = useQueryClient()
  const settled = { onSettled: () => client.invalidateQueries({ queryKey: ['admin', 'widgets'] }) }
  const make = useMutation({ mutationFn: () => admin.makeBotSecret(t.id), ...settled })
  const drop = useMutation({ mutationFn: () => admin.dropBotSecret(t.id), ...settled })
  const problem = make.error ?? drop.error
  return (
    <>
      <div className="row wrap">
        <Chip tone={t.identity.bot ? 'ok' : 'plain'} icon={t.identity.bot ? 'check' : 'pause'}>
          {t.identity.bot ? w.admin.secretThere : w.admin.botSecretNone}
        </Chip>
        <button className="btn btn--sm" disabled={make.isPending} onClick={() => make.mutate()}>
          {w.admin.makeBotSecret}
        </button>
        {t.identity.bot && (
          <button className="btn btn--sm" disabled={drop.isPending} onClick={() => drop.mutate()}>
            {w.admin.dropBotSecret}
          </button>
        )}
      </div>
      {problem != null && <Failure error={problem} />}
      {make.data && <Given name={t.name} secret={make.data.secret} close={() => make.reset()} />}
    </>
  )
}
