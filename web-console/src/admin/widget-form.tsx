import type { Invite, Need, WidgetField, WidgetForm } from '../api/admin'
import { useLanguage, useWords } from '../i18n'
import { Switch } from '../ui/controls'
import { Count, Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { named, type Edits } from './widget'

const needs: Need[] = ['off', 'optional', 'required']
const sorts = ['text', 'choice', 'tick'] as const

/** What is asked before a chat: the name, the address, and questions of the website's own in their order. */
export function Before({ t, set }: Edits) {
  const w = useWords()
  const own = useLanguage()
  const form = t.form
  const put = (by: Partial<WidgetForm>) => set({ form: { ...form, ...by } })
  const of = needs.map((n) => [n, w.admin.need[n]] as const)
  const fields = form.fields ?? []
  const change = (n: number, by: Partial<WidgetField>) => put({ fields: fields.map((f, i) => (i === n ? { ...f, ...by } : f)) })
  const up = (n: number) => put({ fields: fields.map((f, i) => (i === n - 1 ? fields[n]! : i === n ? fields[n - 1]! : f)) })
  const add = () => put({ fields: [...fields, { id: freeId(fields), kind: 'text', label: {} }] })
  return (
    <>
      <div className="f2">
        <Pick label={w.admin.askName} value={form.name ?? 'optional'} set={(name) => put({ name })} of={of} />
        <Pick label={w.admin.askEmail} value={form.email ?? 'optional'} set={(email) => put({ email })} of={of} />
      </div>
      <ul className="boxed">
        {fields.map((f, n) => (
          <li key={f.id}>
            <div className="pad stack-2" role="group" aria-label={w.admin.field(n + 1)}>
            <div className="f2">
              {t.languages.map((l) => (
                <Text key={l} required label={w.admin.fieldPart(n + 1, w.admin.textIn(w.admin.fieldLabel, named(own, l)))} value={f.label[l] ?? ''} set={(text) => change(n, { label: { ...f.label, [l]: text } })} />
              ))}
              <Pick label={w.admin.fieldPart(n + 1, w.admin.fieldKind)} value={f.kind} set={(kind) => change(n, { kind, options: kind === 'choice' ? (f.options ?? []) : undefined })} of={sorts.map((k) => [k, w.admin.fieldKinds[k]] as const)} />
              {f.kind === 'choice' && <Text label={w.admin.fieldPart(n + 1, w.admin.fieldOptions)} max={2000} value={(f.options ?? []).join(',')} set={(list) => change(n, { options: list.split(',').map((o) => o.trimStart()) })} />}
            </div>
            <div className="row">
              <Switch on={f.required ?? false} set={(required) => change(n, { required })} label={w.admin.fieldPart(n + 1, w.admin.fieldRequired)}>
                {w.admin.need.required}
              </Switch>
              <span className="grow" />
              <Ends what={w.admin.field(n + 1)} up={n > 0 ? () => up(n) : undefined} drop={() => put({ fields: fields.filter((_, i) => i !== n) })} />
            </div>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <button className="btn btn--sm" onClick={add} disabled={fields.length >= 12}>
          <Icon name="plus" />
          {w.admin.addField}
        </button>
      </div>
      <Switch on={form.consent === 'ask'} set={(ask) => put({ consent: ask ? 'ask' : undefined })}>
        {w.admin.askConsent}
      </Switch>
      <Switch on={form.callback === 'always'} set={(on) => put({ callback: on ? 'always' : undefined })}>
        {w.visitors.askCalls}
      </Switch>
      <Switch on={form.preview ?? false} set={(preview) => put({ preview: preview || undefined })}>
        {w.admin.typingPreview}
      </Switch>
      <div className="f2">
        <Text label={w.admin.privacyPage} value={form.privacy ?? ''} max={2000} set={(privacy) => put({ privacy: privacy || undefined })} />
        <Count label={w.admin.months} unit={w.admin.monthsUnit} value={form.months} set={(months) => put({ months: months || undefined })} />
      </div>
    </>
  )
}

/** Whom the page asks whether they need help; the first that fits is shown. */
export function Invites({ t, set }: Edits) {
  const w = useWords()
  const own = useLanguage()
  const list = t.invites ?? []
  const put = (invites: Invite[]) => set({ invites })
  const change = (n: number, by: Partial<Invite>) => put(list.map((i, at) => (at === n ? { ...i, ...by } : i)))
  const up = (n: number) => put(list.map((i, at) => (at === n - 1 ? list[n]! : at === n ? list[n - 1]! : i)))
  return (
    <>
      <ul className="boxed">
        {list.map((i, n) => (
          <li key={i.id}>
            <div className="pad stack-2" role="group" aria-label={w.admin.invite(n + 1)}>
            <div className="f2">
              {t.languages.map((l) => (
                <Text key={l} required label={w.admin.invitePart(n + 1, w.admin.textIn(w.admin.inviteText, named(own, l)))} max={500} value={i.text[l] ?? ''} set={(text) => change(n, { text: { ...i.text, [l]: text } })} />
              ))}
              <Text label={w.admin.invitePart(n + 1, w.admin.inviteURL)} max={2000} value={i.url ?? ''} set={(url) => change(n, { url: url || undefined })} />
              <Count label={w.admin.invitePart(n + 1, w.admin.inviteAfter)} unit={w.admin.seconds} value={i.after} set={(after) => change(n, { after })} />
              <Count label={w.admin.invitePart(n + 1, w.admin.inviteVisits)} value={i.visits} set={(visits) => change(n, { visits })} />
            </div>
            <div className="row">
              <span className="grow" />
              <Ends what={w.admin.invite(n + 1)} up={n > 0 ? () => up(n) : undefined} drop={() => put(list.filter((_, at) => at !== n))} />
            </div>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <button className="btn btn--sm" onClick={() => put([...list, { id: freeId(list), text: {}, after: 20 }])} disabled={list.length >= 20}>
          <Icon name="plus" />
          {w.admin.addInvite}
        </button>
      </div>
    </>
  )
}

function Ends({ what, up, drop }: { what: string; up?: () => void; drop: () => void }) {
  const w = useWords()
  return (
    <>
      {up && (
        <button className="ibtn" aria-label={w.admin.moveUp(what)} onClick={up}>
          <Icon name="arru" />
        </button>
      )}
      <button className="ibtn" aria-label={w.admin.removeOf(what)} onClick={drop}>
        <Icon name="x" />
      </button>
    </>
  )
}

/** A short id that none has: answers and what was asked go by it. */
function freeId(list: { id: string }[]): string {
  for (let n = list.length + 1; ; n++) if (!list.some((x) => x.id === `a${n}`)) return `a${n}`
}
