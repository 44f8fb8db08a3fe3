import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, type Login } from '../api/admin'
import type { Role } from '../api/types'
import { useFormat, useWords } from '../i18n'
import { Switch } from '../ui/controls'
import { Dialog } from '../ui/dialog'
import { Pick, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { Avatar, Failure, Fetched } from '../ui/parts'
import { useKept } from './editing'
import { Head } from './frame'
import { Tabled, usePaged } from './tabled'

const roles: Role[] = ['agent', 'supervisor', 'administrator']

/** Who may sign in, and as what. A password is shown once, here, and never again. */
export function Logins() {
  const w = useWords()
  const query = useQuery({ queryKey: ['admin', 'logins'], queryFn: admin.logins })
  const [adding, setAdding] = useState(false)
  const [given, setGiven] = useState<{ name: string; password: string } | null>(null)
  return (
    <>
      <Head title={w.admin.logins} lead={w.admin.loginsLead}>
        <button className="btn btn--primary" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          {w.admin.addLogin}
        </button>
      </Head>
      <div className="set-body set-body--list" tabIndex={0} role="group" aria-label={w.admin.logins}>
        <Fetched query={query} what={w.admin.logins} rows={6}>
          {(page) => (
            <ul className="boxed">
              {page.items.map((l) => (
                <LoginRow key={l.id} l={l} given={(password) => setGiven({ name: l.name, password })} />
              ))}
            </ul>
          )}
        </Fetched>
      </div>
      {adding && <NewLogin close={() => setAdding(false)} given={setGiven} />}
      {given && <Given {...given} close={() => setGiven(null)} />}
    </>
  )
}

function useSaved() {
  const client = useQueryClient()
  return () => void client.invalidateQueries({ queryKey: ['admin', 'logins'] })
}

function LoginRow({ l, given }: { l: Login; given: (password: string) => void }) {
  const w = useWords()
  const saved = useSaved()
  const change = useMutation({ mutationFn: (by: { role?: Role; active?: boolean }) => admin.changeLogin(l.id, by, l.rev), onSettled: saved })
  const reset = useMutation({ mutationFn: () => admin.resetLogin(l.id), onSuccess: (r) => (saved(), given(r.password)) })
  return (
    <li className="optrow optrow--tall">
      <Avatar name={l.display || l.name} />
      <div className="col grow">
        <span className="med ell">{l.display || l.name}</span>
        <span className="meta ell">
          {l.name}
          {l.must_change && ` · ${w.admin.mustChange}`}
        </span>
        {(change.error ?? reset.error) != null && <Failure error={change.error ?? reset.error} />}
      </div>
      <div className="opt-end">
        <Pick hidden label={`${l.name}: ${w.admin.role}`} value={l.role} set={(role) => change.mutate({ role })} of={roles.map((r) => [r, w.admin.roles[r]] as const)} />
        <button className="btn btn--sm" onClick={() => reset.mutate()} disabled={reset.isPending} aria-label={`${w.admin.reset}: ${l.name}`}>
          {w.admin.reset}
        </button>
        <Switch on={l.active} set={(active) => change.mutate({ active })} label={w.admin.loginActive(l.name)} />
      </div>
    </li>
  )
}

function NewLogin({ close, given }: { close: () => void; given: (g: { name: string; password: string }) => void }) {
  const w = useWords()
  const saved = useSaved()
  const agents = (useKept('agents').data?.items ?? []).filter((a) => a.active)
  const [name, setName] = useState('')
  const [agent, setAgent] = useState('0')
  const [display, setDisplay] = useState('')
  const [role, setRole] = useState<Role>('agent')
  const shown = display || agents.find((a) => a.id === agent)?.name || ''
  const create = useMutation({
    mutationFn: () => admin.newLogin({ name: name.trim(), display: shown, role, agent: agent === '0' ? undefined : agent }),
    onSuccess: (l) => (saved(), close(), given({ name: l.name, password: l.password })),
  })
  return (
    <Dialog title={w.admin.addLogin} close={close}>
      <form
        className="dialog-foot"
        onSubmit={(e) => {
          e.preventDefault()
          create.mutate()
        }}
      >
        <Text label={w.signIn.login} required value={name} set={setName} />
        <Pick label={w.admin.agent} value={agent} set={setAgent} of={[['0', w.admin.noAgent], ...agents.map((a) => [a.id, a.name] as const)]} />
        <Text label={w.settings.displayName} value={display} placeholder={shown} set={setDisplay} />
        <Pick label={w.admin.role} value={role} set={setRole} of={roles.map((r) => [r, w.admin.roles[r]] as const)} />
        {create.error != null && <Failure error={create.error} />}
        <div className="row">
          <span className="hint grow">{w.admin.passwordOnce}</span>
          <button className="btn btn--primary" disabled={create.isPending || !name.trim()}>
            {w.admin.create}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function Given({ name, password, close }: { name: string; password: string; close: () => void }) {
  const w = useWords()
  return (
    <Dialog title={w.admin.passwordFor(name)} close={close}>
      <div className="dialog-foot">
        <p className="given">
          <code className="code">{password}</code>
        </p>
        <p className="hint">{w.admin.passwordOnce}</p>
        <div className="row">
          <span className="grow" />
          <button className="btn btn--primary" onClick={close} autoFocus>
            {w.common.close}
          </button>
        </div>
      </div>
    </Dialog>
  )
}

/** Who did what, the latest first. */
export function Audit() {
  const w = useWords()
  const f = useFormat()
  const list = usePaged(['admin', 'audit'], admin.audit)
  return (
    <Tabled
      title={w.admin.audit}
      lead={w.admin.auditLead}
      icon="lock"
      empty={w.admin.noAudit}
      heads={[w.admin.when, w.admin.who, w.admin.did, w.admin.subject, w.admin.detail]}
      {...list}
      row={(l) => (
        <tr key={l.id}>
          <td>
            <time>
              {f.date(l.at)} {f.exact(l.at)}
            </time>
          </td>
          <td className="med">{l.actor}</td>
          <td>
            <span className="code">{l.what}</span>
          </td>
          <td>{l.subject}</td>
          <td className="sub detail">{l.detail ? JSON.stringify(l.detail) : w.common.none}</td>
        </tr>
      )}
    />
  )
}
