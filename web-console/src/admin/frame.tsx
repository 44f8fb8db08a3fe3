import { useEffect, type ReactNode } from 'react'
import { Link } from 'wouter'
import { useFormat, useWords } from '../i18n'
import { Icon, type IconName } from '../ui/icon'
import { Chip, Empty, Failure, Fetched, type Fetching } from '../ui/parts'
import { useKeys } from '../ui/keys'
import type { Editing } from './editing'

/** The page of one thing: its head, its rows, and below them what is not saved yet. */
export function Editor<T>(props: { e: Editing<T>; icon: IconName; title: (t: T) => string; back?: string; active?: boolean; effect?: string; head?: ReactNode; side?: ReactNode; children: (t: T) => ReactNode }) {
  const w = useWords()
  const { e } = props
  useKeys({ 'mod+KeyS': e.changed > 0 && e.save })
  useUnsaved(e.changed > 0)
  return (
    <>
      <div className="set-head">
        {props.back && (
          <Link className="ibtn" href={props.back} aria-label={w.common.back}>
            <Icon name="left" />
          </Link>
        )}
        <span className="chan">
          <Icon name={props.icon} />
        </span>
        <h2 className="grow ell">{e.thing ? props.title(e.thing) || w.admin.fresh : '…'}</h2>
        {props.active !== undefined && (
          <Chip tone={props.active ? 'ok' : 'plain'} icon={props.active ? 'check' : 'pause'} large>
            {props.active ? w.admin.active : w.admin.inactive}
          </Chip>
        )}
        {props.head}
      </div>
      <div className={props.side ? 'set-cols' : 'set-one'}>
        <div className="set-body" tabIndex={0} role="group" aria-label={w.admin.fields}>
          <Fetched query={e.query} what={w.admin.what} rows={5}>
            {(t) => props.children(t)}
          </Fetched>
        </div>
        {props.side && <aside className="preview">{props.side}</aside>}
      </div>
      {e.error != null && (
        <div className="pad">
          {e.conflict ? (
            <div className="banner banner--warn" role="alert">
              <Icon name="warn" />
              <span className="grow">{w.admin.conflict}</span>
              <button className="btn btn--xs" onClick={e.reread}>
                {w.admin.reread}
              </button>
            </div>
          ) : (
            <Failure error={e.error} />
          )}
        </div>
      )}
      {(e.changed > 0 || e.isNew) && (
        <div className="savebar">
          <Chip tone="warn" icon="pen">
            {w.admin.unsaved(e.changed)}
          </Chip>
          <span className="meta grow ell">{props.effect}</span>
          <button className="btn btn--quiet" onClick={e.undo} disabled={e.changed === 0}>
            {w.admin.undo}
          </button>
          <button className="btn btn--primary" onClick={e.save} disabled={e.saving || e.changed === 0}>
            {e.isNew ? w.admin.create : w.common.save}
          </button>
        </div>
      )}
    </>
  )
}

/** A reload or a closed tab asks first. */
function useUnsaved(dirty: boolean) {
  useEffect(() => {
    if (!dirty) return
    const ask = (e: BeforeUnloadEvent) => e.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [dirty])
}

/** What a section is called, what it is for, and what can be done in it. */
export function Head({ title, lead, children }: { title: string; lead?: string; children?: ReactNode }) {
  return (
    <div className="set-head">
      <div className="grow col">
        <h2>{title}</h2>
        {lead && <p className="meta">{lead}</p>}
      </div>
      {children}
    </div>
  )
}

export interface Column<T> {
  head: string
  cell: (t: T) => ReactNode
  right?: boolean
}

/** A list of things, each leading to its own page. */
export function Listing<T extends { id: string; active?: boolean }>(props: {
  title: string
  lead?: string
  add?: string
  base: string
  query: Fetching<{ items: T[] }>
  name: (t: T) => string
  icon: IconName
  columns: Column<T>[]
  keep?: (t: T) => boolean
  tools?: ReactNode
}) {
  const w = useWords()
  return (
    <>
      <Head title={props.title} lead={props.lead}>
        {props.tools}
        {props.add && (
          <Link className="btn btn--primary" href={`${props.base}/new`}>
            <Icon name="plus" />
            {props.add}
          </Link>
        )}
      </Head>
      <div className="set-body set-body--list" tabIndex={0} role="group" aria-label={props.title}>
        <Fetched query={props.query} what={props.title} rows={6}>
          {(page) => {
            const rows = page.items.filter(props.keep ?? (() => true)).sort((a, b) => Number(b.active ?? true) - Number(a.active ?? true))
            return rows.length === 0 ? <Empty icon={props.icon} text={w.admin.empty} /> : <Rows {...props} rows={rows} />
          }}
        </Fetched>
      </div>
    </>
  )
}

function Rows<T extends { id: string; active?: boolean }>({ rows, base, name, icon, columns, title }: { rows: T[]; base: string; name: (t: T) => string; icon: IconName; columns: Column<T>[]; title: string }) {
  const w = useWords()
  const f = useFormat()
  return (
    <div className="tbl-card" tabIndex={0} role="region" aria-label={title}>
      <table className="tbl">
        <thead>
          <tr>
            <th scope="col">
              {w.admin.name} <span className="badge">{f.number(rows.length)}</span>
            </th>
            {columns.map((c) => (
              <th scope="col" key={c.head} className={c.right ? 'r' : undefined}>
                {c.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((t) => (
            <tr key={t.id}>
              <th scope="row" className="row-h">
                <Link className="row plain" href={`${base}/${t.id}`}>
                  <Icon name={icon} />
                  <span className="med ell">{name(t)}</span>
                  {t.active === false && <Chip icon="pause">{w.admin.inactive}</Chip>}
                </Link>
              </th>
              {columns.map((c) => (
                <td key={c.head} className={c.right ? 'r' : undefined}>
                  {c.cell(t)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
