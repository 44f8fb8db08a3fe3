import { useMutation, useQueryClient } from '@tanstack/react-query'
import { admin, type QueueSettings, type Widget } from '../api/admin'
import { useFormat, useLanguage, useWords } from '../i18n'
import { Switch } from '../ui/controls'
import { Chip, Failure } from '../ui/parts'
import { useBotWords } from './bot-words'
import { Given } from './widget-identity'

/** The queues in whose chats the bot answers, all unless some are chosen; and in words what is saved. */
export function BotQueues({ bot, queues, set }: { bot: Widget['bot']; queues: QueueSettings[]; set: (bot: Widget['bot']) => void }) {
  const w = useBotWords()
  const f = useFormat()
  const chosen = bot.queues ?? []
  const put = (list: string[]) => set({ ...bot, queues: list.length > 0 ? list : undefined })
  const known = queues.filter((q) => chosen.includes(q.id))
  const gone = chosen.length - known.length
  const names = new Intl.ListFormat(useLanguage()).format([...known.map((q) => f.label(q.name)), ...(gone > 0 ? [w.gone(gone)] : [])])
  return (
    <fieldset className="f">
      <legend className="label">{w.queues}</legend>
      <ul className="boxed">
        <li className="optrow">
          <Switch on={chosen.length === 0} disabled={chosen.length === 0} set={() => put([])}>
            {w.all}
          </Switch>
        </li>
        {queues.map((q) => (
          <li className="optrow" key={q.id}>
            <Switch on={chosen.includes(q.id)} set={(on) => put(on ? [...chosen, q.id] : chosen.filter((x) => x !== q.id))}>
              {f.label(q.name)}
            </Switch>
          </li>
        ))}
      </ul>
      <p className="meta" role="status">
        {w.saved(!bot.url ? w.none : names ? w.only(names) : w.every)}
      </p>
    </fieldset>
  )
}

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
