import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { api } from '../api/client'
import type { Id, Language, Phone } from '../api/types'
import { useFormat, useLanguage, useWords } from '../i18n'
import { phoneAddress } from '../phone/number'
import { useMe } from '../session'
import { ringOnce } from '../shell/ring'
import { Chords } from '../shell/chords'
import { Field, Switch } from '../ui/controls'
import { Part } from '../ui/form'
import { Icon, type IconName } from '../ui/icon'
import { Chip, Failure, Skeleton } from '../ui/parts'
import { useSetting } from '../ui/settings'
import { NewPassword } from './sign-in'

const MyMacros = lazy(() => import('../admin/macros').then((m) => ({ default: m.MyMacros })))
const SignatureField = lazy(() => import('../editor/signature-field').then((m) => ({ default: m.SignatureField })))
const Admin = lazy(() => import('../admin/admin').then((m) => ({ default: m.Admin })))

const personal = ['profile', 'mine', 'notifications', 'shortcuts', 'appearance'] as const
type Personal = (typeof personal)[number]
const icons: Record<Personal, IconName> = { profile: 'user', mine: 'list', notifications: 'bell', shortcuts: 'pad', appearance: 'globe' }

const centre = [
  ['queues', 'list', 'queues'],
  ['agents', 'users', 'agents'],
  ['groups', 'headset', 'groups'],
  ['skills', 'star', 'skills'],
  ['status-codes', 'pulse', 'statusCodes'],
  ['outcomes', 'tag', 'outcomes'],
  ['calendars', 'clock', 'calendars'],
  ['rules', 'sliders', 'rules'],
  ['synonyms', 'book', 'synonyms'],
  ['macros', 'list', 'macros'],
] as const
const daily = centre.filter(([s]) => s === 'queues' || s === 'skills' || s === 'rules') // what supervisors change while the house is open
const ways = [
  ['mailboxes', 'mail', 'mailboxes'],
  ['widgets', 'chat', 'widgets'],
  ['trunks', 'phone', 'trunks'],
  ['collaborate', 'screen', 'collaborate'],
] as const
const mailroom = [
  ['quarantine', 'shield', 'quarantine'],
  ['blocked-senders', 'lock', 'blocked'],
  ['unsubscribed', 'mail', 'unsubscribed'],
] as const
const visitors = 'blocked-visitors'
const system = [
  ['logins', 'shield', 'logins'],
  ['nodes', 'screen', 'nodes'],
  ['audit', 'lock', 'audit'],
] as const

/** My own settings, and for administrators those of the house. */
export function Settings({ section, id }: { section?: string; id?: Id }) {
  const w = useWords()
  const f = useFormat()
  const role = useMe().role
  const administers = role === 'administrator'
  const supervises = role !== 'agent'
  const open = [...(supervises ? [...mailroom, [visitors] as const] : []), ...(administers ? [...centre, ...ways, ...system] : supervises ? daily : [])]
  const kept = (administers && section === 'codes') || open.some(([s]) => s === section) ? section : undefined
  const here = personal.find((s) => s === section) ?? 'profile'
  const [saved, setSaved] = useState('')
  const done = () => setSaved(f.clock(Date.now()))
  const shown = (s: string) => (kept === 'codes' ? s === 'outcomes' : s === (kept ?? here))
  return (
    <main className="sheet sheet--set">
      <nav className="set-nav" aria-label={w.settings.title}>
        <h1>{w.settings.title}</h1>
        <span className="overline">{w.settings.personal}</span>
        {personal.map((s) => (
          <NavLink key={s} to={s} icon={icons[s]} text={w.settings[s]} here={shown(s)} />
        ))}
        {supervises && <span className="overline">{w.admin.centre}</span>}
        {supervises && (administers ? centre : daily).map(([s, icon, word]) => <NavLink key={s} to={s} icon={icon} text={w.admin[word]} here={shown(s)} />)}
        {administers && <span className="overline">{w.admin.channels}</span>}
        {administers && ways.map(([s, icon, word]) => <NavLink key={s} to={s} icon={icon} text={w.admin[word]} here={shown(s)} />)}
        {supervises && <span className="overline">{w.admin.mailroom}</span>}
        {supervises && mailroom.map(([s, icon, word]) => <NavLink key={s} to={s} icon={icon} text={w.admin[word]} here={shown(s)} />)}
        {supervises && <NavLink to={visitors} icon="lock" text={w.visitors.title} here={shown(visitors)} />}
        {administers && <span className="overline">{w.admin.system}</span>}
        {administers && system.map(([s, icon, word]) => <NavLink key={s} to={s} icon={icon} text={w.admin[word]} here={shown(s)} />)}
      </nav>
      <div className="set-main">
        {here === 'mine' && !kept ? (
          <Suspense fallback={<Skeleton rows={6} />}>
            <MyMacros />
          </Suspense>
        ) : kept ? (
          <Suspense fallback={<Skeleton rows={6} />}>
            <Admin key={kept} section={kept} id={id} saved={done} />
          </Suspense>
        ) : (
          <>
            <div className="set-head">
              <h2 className="grow">{w.settings[here]}</h2>
              <Saved at={saved} />
            </div>
            <div className="set-body" tabIndex={0} role="group" aria-label={w.settings[here]}>
              {here === 'profile' && <Profile done={done} />}
              {here === 'notifications' && <Notifications />}
              {here === 'shortcuts' && <Shortcuts />}
              {here === 'appearance' && <Appearance done={done} />}
            </div>
          </>
        )}
      </div>
    </main>
  )
}

function NavLink({ to, icon, text, here }: { to: string; icon: IconName; text: string; here: boolean }) {
  const link = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (here) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' }) // on a telephone the list lies in one line
  }, [here])
  return (
    <Link ref={link} href={`/settings/${to}`} aria-current={here ? 'page' : undefined}>
      <Icon name={icon} />
      {text}
    </Link>
  )
}

function Saved({ at }: { at: string }) {
  const w = useWords()
  if (!at) return null
  return (
    <span className="meta row row-1" role="status">
      <Icon name="check" size={12} />
      {w.common.saved(at)}
    </span>
  )
}

/** Asks who I am anew: a change of mine shows everywhere. */
function useRefresh() {
  const client = useQueryClient()
  return () => void client.invalidateQueries({ queryKey: ['me'] })
}

function Profile({ done }: { done: () => void }) {
  const w = useWords()
  const me = useMe()
  const refresh = useRefresh()
  const [name, setName] = useState(me.name)
  const rename = useMutation({ mutationFn: () => api.changeMe({ name: name.trim() }), onSuccess: () => (refresh(), done()) })
  return (
    <>
      <Part title={w.settings.about} lead={w.settings.aboutLead}>
        <div className="f2">
          <div className="f">
            <label className="label" htmlFor="display-name">
              {w.settings.displayName}
            </label>
            <Field id="display-name" label={w.settings.displayName} value={name} set={setName} onBlur={() => name.trim() && name.trim() !== me.name && rename.mutate()} />
          </div>
          <Suspense fallback={<Skeleton rows={2} />}>
            <SignatureField label={w.settings.signature} at={['my-signature']} read={api.mySignature} save={api.setMySignature} done={done} />
          </Suspense>
        </div>
        {rename.error && <Failure error={rename.error} />}
      </Part>
      <Phones done={done} />
      <Part title={w.settings.password} lead={w.settings.passwordLead}>
        <div className="narrow-form">
          <NewPassword done={done} />
        </div>
      </Part>
    </>
  )
}

const phoneIcon: Record<Phone['kind'], IconName> = { pstn: 'phone', sip: 'globe' }

/** The phones that ring for this agent, the first one first. */
function Phones({ done }: { done: () => void }) {
  const w = useWords()
  const f = useFormat()
  const me = useMe()
  const refresh = useRefresh()
  const phones = me.phones ?? []
  const [text, setText] = useState('')
  const [bad, setBad] = useState('')
  const save = useMutation({ mutationFn: (list: Phone[]) => api.changeMe({ phones: list.map(({ kind, address }) => ({ kind, address })) }), onSuccess: () => (refresh(), setText(''), done()) })
  const add = () => {
    const phone = phoneAddress(text)
    setBad(phone ? '' : w.settings.phoneBad)
    if (phone) save.mutate([...phones, phone])
  }
  const first = (p: Phone) => save.mutate([p, ...phones.filter((o) => o !== p)])
  const about = { pstn: w.settings.e164, sip: w.settings.sip }
  return (
    <Part title={w.settings.phone} lead={w.settings.phoneLead}>
      <div className="boxed" role="radiogroup" aria-label={w.settings.phone}>
        {phones.map((p, n) => (
          <div className="numrow" key={p.address}>
            <span className="chan">
              <Icon name={phoneIcon[p.kind] ?? 'phone'} />
            </span>
            <div className="col">
              <span className="med num ell">{f.address(p.address)}</span>
              <span className="meta">{about[p.kind]}</span>
            </div>
            <span className="row row-1">
              {(p.verified_at || p.kind === 'pstn') && (
                <Chip tone={p.verified_at ? 'ok' : 'warn'} icon={p.verified_at ? 'check' : 'info'}>
                  {p.verified_at ? w.settings.verified : w.settings.unverified}
                </Chip>
              )}
              <button className="ibtn" aria-label={w.settings.removePhone(p.address)} onClick={() => save.mutate(phones.filter((o) => o !== p))}>
                <Icon name="x" />
              </button>
            </span>
            <button className="radio-btn" role="radio" aria-checked={n === 0} aria-label={w.settings.usePhone(p.address)} onClick={() => n > 0 && first(p)}>
              <span className={`check radio${n === 0 ? ' is-on' : ''}`} />
            </button>
          </div>
        ))}
        {phones.length === 0 && <p className="numrow-empty meta">{w.settings.noPhones}</p>}
      </div>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          add()
        }}
      >
        <Field
          label={w.settings.phoneNew}
          placeholder={w.settings.phoneHint}
          icon="plus"
          value={text}
          set={(t) => (setText(t), setBad(''))}
          bad={bad || undefined}
          end={
            <button className="btn btn--xs" disabled={save.isPending || !text.trim()}>
              {w.settings.addPhone}
            </button>
          }
        />
      </form>
      {save.error && <Failure error={save.error} />}
    </Part>
  )
}

function Notifications() {
  const w = useWords()
  const [ring, setRing] = useSetting('ring')
  const [permission, setPermission] = useState(typeof Notification === 'undefined' ? 'denied' : Notification.permission)
  return (
    <>
      <Part title={w.settings.sound} lead={w.settings.soundLead}>
        <div className="row">
          <Switch on={ring} set={setRing}>
            {w.settings.soundOn}
          </Switch>
        </div>
        <div className="row">
          <button className="btn btn--xs" onClick={ringOnce}>
            <Icon name="play" size={12} />
            {w.settings.tryIt}
          </button>
        </div>
      </Part>
      <Part title={w.settings.desktop} lead={w.settings.desktopLead}>
        <div className="row">
          {permission === 'granted' && (
            <Chip tone="ok" icon="check">
              {w.settings.allowed}
            </Chip>
          )}
          {permission === 'denied' && <span className="hint">{w.settings.blocked}</span>}
          {permission === 'default' && (
            <button className="btn btn--sm" onClick={() => void Notification.requestPermission().then(setPermission)}>
              {w.settings.allow}
            </button>
          )}
        </div>
      </Part>
    </>
  )
}

function Shortcuts() {
  const w = useWords()
  const [singles, setSingles] = useSetting('singleKeys')
  return (
    <>
      <Part title={w.settings.singleKeys} lead={w.settings.singleKeysLead}>
        <div className="row">
          <Switch on={singles} set={setSingles}>
            {w.settings.singleKeys}
          </Switch>
        </div>
      </Part>
      <Part title={w.settings.shortcuts} lead={w.settings.keys.help}>
        <Chords />
      </Part>
    </>
  )
}

const themes = ['system', 'light', 'dark'] as const
const languages: Language[] = ['sv', 'en']

function Appearance({ done }: { done: () => void }) {
  const w = useWords()
  const language = useLanguage()
  const [theme, setTheme] = useSetting('theme')
  const [, setLanguage] = useSetting('language')
  const speak = (l: Language) => {
    setLanguage(l)
    void api.changeMe({ language: l }).then(done, () => {})
  }
  return (
    <>
      <Part title={w.settings.languageTitle} lead={w.settings.languageLead}>
        <Choice label={w.settings.languageTitle} chosen={language} choose={speak} of={languages.map((l) => [l, w.common.language[l]])} />
      </Part>
      <Part title={w.settings.themeTitle} lead={w.settings.themeLead}>
        <Choice label={w.settings.themeTitle} chosen={theme} choose={setTheme} of={themes.map((t) => [t, w.panel.themes[t]])} />
      </Part>
    </>
  )
}

function Choice<K extends string>({ label, chosen, choose, of }: { label: string; chosen: K; choose: (k: K) => void; of: [K, string][] }) {
  return (
    <fieldset className="stack-2">
      <legend className="vh">{label}</legend>
      {of.map(([key, text]) => (
        <label className="row choice" key={key}>
          <input className="vh" type="radio" name={label} checked={chosen === key} onChange={() => choose(key)} />
          <span className={`check radio${chosen === key ? ' is-on' : ''}`} />
          {text}
        </label>
      ))}
    </fieldset>
  )
}
