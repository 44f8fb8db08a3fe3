import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { api, Problem } from '../api/client'
import type { Session } from '../api/types'
import { useWords } from '../i18n'
import { Logo } from '../shell/logo'
import { Field } from '../ui/controls'
import { Failure } from '../ui/parts'

const shortest = 12 // characters of a password

function Door({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <main className="door">
      <div className="door-card pop">
        <Logo />
        <div className="col">
          <h1 className="t-h1">{title}</h1>
          <p className="sub">{lead}</p>
        </div>
        {children}
      </div>
    </main>
  )
}

function Form({ submit, children }: { submit: () => void; children: ReactNode }) {
  return (
    <form
      className="stack-3"
      onSubmit={(e) => {
        e.preventDefault()
        submit()
      }}
    >
      {children}
    </form>
  )
}

export function SignIn({ ended, done }: { ended: boolean; done: (s: Session, password: string) => void }) {
  const w = useWords()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({ mutationFn: () => api.signIn(login.trim(), password), onSuccess: (s) => done(s, password) })
  const wrong = signIn.error instanceof Problem && signIn.error.status === 401
  return (
    <Door title={w.signIn.title} lead={ended ? w.signIn.ended : w.signIn.lead}>
      <Form submit={() => signIn.mutate()}>
      <div className="f">
        <label className="label" htmlFor="login">
          {w.signIn.login}
        </label>
        <Field large id="login" label={w.signIn.login} value={login} set={setLogin} icon="user" autoComplete="username" rest={{ autoFocus: true, required: true }} />
      </div>
      <div className="f">
        <label className="label" htmlFor="password">
          {w.signIn.password}
        </label>
        <Field
          large
          id="password"
          label={w.signIn.password}
          type="password"
          value={password}
          set={setPassword}
          icon="lock"
          autoComplete="current-password"
          bad={wrong ? w.signIn.wrong : undefined}
          rest={{ required: true }}
        />
      </div>
      {signIn.error && !wrong && <Failure error={signIn.error} />}
      <button className="btn btn--primary btn--lg" disabled={signIn.isPending}>
        {w.signIn.go}
      </button>
      </Form>
    </Door>
  )
}

/** A first password is known to whoever set the system up, so it is changed before anything else. */
export function ChangePassword({ old, done }: { old?: string; done: () => void }) {
  const w = useWords()
  return (
    <Door title={w.signIn.fresh.title} lead={w.signIn.fresh.lead}>
      <NewPassword old={old} done={done} />
    </Door>
  )
}

/** The three fields of a change of password; the old one is asked for unless it is known. */
export function NewPassword({ old, done }: { old?: string; done: () => void }) {
  const w = useWords()
  const [present, setPresent] = useState(old ?? '')
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  const [bad, setBad] = useState({ fresh: '', again: '' })
  const change = useMutation({ mutationFn: () => api.changePassword(present, fresh), onSuccess: done })

  const submit = () => {
    const found = { fresh: fresh.length < shortest ? w.signIn.fresh.short : '', again: fresh === again ? '' : w.signIn.fresh.differs }
    setBad(found)
    if (!found.fresh && !found.again) change.mutate()
  }
  const field = (id: string, label: string, value: string, set: (v: string) => void, complete: string, wrong?: string) => (
    <div className="f">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <Field large id={id} label={label} type="password" icon="lock" value={value} set={set} autoComplete={complete} bad={wrong || undefined} />
    </div>
  )
  return (
    <Form submit={submit}>
      {old === undefined && field('present', w.signIn.fresh.old, present, setPresent, 'current-password')}
      {field('fresh', w.signIn.fresh.password, fresh, setFresh, 'new-password', bad.fresh)}
      {field('again', w.signIn.fresh.again, again, setAgain, 'new-password', bad.again)}
      {change.error && <Failure error={change.error} />}
      <button className="btn btn--primary btn--lg" disabled={change.isPending}>
        {w.signIn.fresh.go}
      </button>
    </Form>
  )
}
