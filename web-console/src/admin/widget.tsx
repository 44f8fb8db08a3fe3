import { useState } from 'react'
import type { Widget, WidgetTexts } from '../api/admin'
import type { Id, Language } from '../api/types'
import { useFormat, useLanguage, useWords } from '../i18n'
import { Switch } from '../ui/controls'
import { Count, Part, Pick, Text } from '../ui/form'
import { fresh, useEditing, useKept, type Editing } from './editing'
import { Editor, Listing } from './frame'
import { BotKey, BotQueues } from './widget-bot'
import { Identity } from './widget-identity'
import { Before, Invites } from './widget-form'
import { Preview, Tag } from './widget-preview'

const base = '/settings/widgets'
const spoken = ['sv', 'en', 'de', 'fi', 'nb', 'da', 'ar']
const plain = '#2b50d0' // the house's own

export type Edits = { t: Widget; set: Editing<Widget>['set'] }
export type Side = 'right' | 'left'

/** The name of a language that customers may have, as the reader calls it. */
export function named(own: Language, l: string): string {
  const name = new Intl.DisplayNames(own, { type: 'language' }).of(l) ?? l
  return name[0]!.toUpperCase() + name.slice(1)
}

export function Widgets() {
  const w = useWords()
  const f = useFormat()
  const queues = useKept('queues').data?.items ?? []
  return (
    <Listing
      title={w.admin.widgets}
      lead={w.admin.widgetsLead}
      add={w.admin.add}
      base={base}
      icon="chat"
      query={useKept('widgets')}
      name={(t) => t.name || t.key}
      columns={[
        { head: w.board.queue, cell: (t) => f.label(queues.find((q) => q.id === t.queue)?.name ?? {}) },
        { head: w.admin.key, cell: (t) => <span className="code">{t.key}</span> },
        { head: w.admin.sites, cell: (t) => t.origins.join(', ') || w.common.none },
      ]}
    />
  )
}

const first: Partial<Widget> = { key: '', name: '', queue: '0', origins: [], languages: ['sv', 'en'], form: { name: 'optional', email: 'optional' }, color: '', texts: {}, invites: [], bot: {}, after: {}, active: true }

/** The designer: what differs is sent when it is saved, and shown beside it as it would be. */
export function WidgetOne({ id, done }: { id: Id; done: (id: Id) => void }) {
  const w = useWords()
  const f = useFormat()
  const queues = (useKept('queues').data?.items ?? []).filter((q) => q.active)
  const e = useEditing('widgets', id, first, done)
  const [side, setSide] = useState<Side>('right')
  return (
    <Editor e={e} icon="chat" back={base} title={(t) => t.name || t.key} active={e.thing?.active} side={e.thing && <Preview t={e.thing} side={side} />}>
      {(t) => (
        <>
          <Part title={w.admin.basics} lead={w.admin.widgetQueueLead}>
            <div className="f2">
              <Text label={w.admin.name} required value={t.name} set={(name) => e.set({ name })} />
              {id === fresh ? <Text label={w.admin.key} required hint={w.admin.widgetKeyHint} value={t.key} max={63} set={(key) => e.set({ key: key.toLowerCase().replace(/[^a-z0-9-]/g, '-') })} /> : null}
              <Pick label={w.board.queue} value={t.queue} set={(queue) => e.set({ queue })} of={[['0', w.common.none], ...queues.map((q) => [q.id, f.label(q.name)] as const)]} />
            </div>
            <Switch on={t.active} set={(active) => e.set({ active })}>
              {w.admin.widgetActive}
            </Switch>
          </Part>
          <Part title={w.admin.look} lead={w.admin.lookLead}>
            <Look t={t} set={e.set} side={side} setSide={setSide} />
          </Part>
          <Part title={w.admin.ownTexts} lead={w.admin.ownTextsLead}>
            <Texts t={t} set={e.set} />
          </Part>
          <Part title={w.admin.before} lead={w.admin.beforeLead}>
            <Before t={t} set={e.set} />
          </Part>
          <Part title={w.admin.invites} lead={w.admin.invitesLead}>
            <Invites t={t} set={e.set} />
          </Part>
          <Part title={w.admin.bot} lead={w.admin.botLead}>
            <div className="f2">
              <Text label={w.admin.botURL} type="url" value={t.bot.url ?? ''} max={2000} set={(url) => e.set({ bot: { ...t.bot, url: url || undefined } })} />
              <Text label={w.admin.botName} value={t.bot.name ?? ''} max={100} set={(name) => e.set({ bot: { ...t.bot, name: name || undefined } })} />
            </div>
            <BotQueues bot={t.bot} queues={queues} set={(bot) => e.set({ bot })} />
            {id !== fresh && <BotKey t={t} />}
          </Part>
          <Part title={w.visitors.after} lead={w.visitors.afterLead}>
            <Switch on={t.after.transcript ?? false} set={(transcript) => e.set({ after: { ...t.after, transcript: transcript || undefined } })}>
              {w.visitors.afterTranscript}
            </Switch>
            <Count label={w.visitors.afterContinue} unit={w.visitors.minutes} value={t.after.continue || undefined} set={(n) => e.set({ after: { ...t.after, continue: Math.min(n, 5) || undefined } })} hint={w.visitors.afterContinueHint} />
          </Part>
          <Part title={w.admin.sites} lead={w.admin.sitesLead}>
            <textarea className="area" rows={3} aria-label={w.admin.sites} value={t.origins.join('\n')} onChange={(c) => e.set({ origins: c.target.value.split('\n') })} onBlur={() => e.set({ origins: t.origins.map((o) => o.trim()).filter(Boolean) })} />
          </Part>
          {id !== fresh && (
            <>
              <Part title={w.admin.identity} lead={w.admin.identityLead}>
                <Identity t={t} />
              </Part>
              <Part title={w.admin.tag} lead={w.admin.tagLead}>
                <Tag t={t} side={side} />
              </Part>
            </>
          )}
        </>
      )}
    </Editor>
  )
}

function Look({ t, set, side, setSide }: Edits & { side: Side; setSide: (s: Side) => void }) {
  const w = useWords()
  const own = useLanguage()
  const speak = (l: string, on: boolean) => set({ languages: on ? [...t.languages, l] : t.languages.filter((x) => x !== l) })
  return (
    <>
      <div className="row wrap">
        <Switch on={!!t.color} set={(on) => set({ color: on ? plain : '' })}>
          {w.admin.ownColor}
        </Switch>
        {t.color && <input type="color" className="swatch" aria-label={w.admin.color} value={t.color} onChange={(c) => set({ color: c.target.value })} />}
      </div>
      <Pick label={w.admin.side} value={side} set={setSide} of={(['right', 'left'] as const).map((s) => [s, w.admin.sides[s]] as const)} />
      <div className="row wrap" role="group" aria-label={w.admin.languages}>
        {spoken.map((l) => (
          <Switch key={l} on={t.languages.includes(l)} disabled={t.languages.length === 1 && t.languages[0] === l} set={(on) => speak(l, on)}>
            {named(own, l)}
          </Switch>
        ))}
      </div>
    </>
  )
}

const kinds = ['greeting', 'closed', 'thanks'] as const

function Texts({ t, set }: Edits) {
  const w = useWords()
  const own = useLanguage()
  const names = { greeting: w.admin.greeting, closed: w.admin.closedText, thanks: w.admin.thanks }
  const put = (l: string, kind: keyof WidgetTexts, text: string) => set({ texts: { ...t.texts, [l]: { ...t.texts?.[l], [kind]: text || undefined } } })
  return (
    <div className="f2">
      {kinds.flatMap((kind) => t.languages.map((l) => <Text key={kind + l} label={w.admin.textIn(names[kind], named(own, l))} max={500} value={t.texts?.[l]?.[kind] ?? ''} set={(text) => put(l, kind, text)} />))}
    </div>
  )
}
