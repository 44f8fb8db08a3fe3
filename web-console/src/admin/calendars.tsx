import { useState } from 'react'
import type { Calendar, Hours } from '../api/admin'
import type { Id } from '../api/types'
import { useLanguage, useWords } from '../i18n'
import { Field, Switch } from '../ui/controls'
import { Part, Text } from '../ui/form'
import { Icon } from '../ui/icon'
import { useEditing, useKept, type Editing } from './editing'
import { Editor, Listing } from './frame'

const base = '/settings/calendars'

export function Calendars() {
  const w = useWords()
  const queues = useKept('queues').data?.items ?? []
  return (
    <Listing
      title={w.admin.calendars}
      lead={w.admin.calendarsLead}
      add={w.admin.add}
      base={base}
      icon="clock"
      query={useKept('calendars')}
      name={(c) => c.name}
      columns={[
        { head: w.admin.zone, cell: (c) => c.zone },
        { head: w.admin.openDays, cell: (c) => new Set(c.hours?.map((h) => h.day)).size || w.common.none, right: true },
        { head: w.admin.holidays, cell: (c) => c.holidays?.length || w.common.none, right: true },
        { head: w.admin.queues, cell: (c) => queues.filter((q) => q.calendar === c.id).length || w.common.none, right: true },
      ]}
    />
  )
}

const office: Hours[] = [1, 2, 3, 4, 5].map((day) => ({ day, from: '08:00', to: '17:00' }))

export function CalendarOne({ id, done }: { id: Id; done: (id: Id) => void }) {
  const w = useWords()
  const e = useEditing('calendars', id, { name: '', zone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'Europe/Stockholm', hours: office, holidays: [] }, done)
  return (
    <Editor e={e} icon="clock" back={base} title={(c) => c.name}>
      {(c) => (
        <>
          <Part title={w.admin.basics}>
            <div className="f2">
              <Text label={w.admin.name} required value={c.name} set={(name) => e.set({ name })} />
              <Text label={w.admin.zone} required hint={w.admin.zoneHint} value={c.zone} set={(zone) => e.set({ zone })} />
            </div>
          </Part>
          <Part title={w.admin.hours} lead={w.admin.hoursLead}>
            <Week c={c} set={e.set} />
          </Part>
          <Part title={w.admin.holidays} lead={w.admin.holidaysLead}>
            <Closed c={c} set={e.set} />
          </Part>
        </>
      )}
    </Editor>
  )
}

type Edits = { c: Calendar; set: Editing<Calendar>['set'] }

function Week({ c, set }: Edits) {
  const w = useWords()
  const language = useLanguage()
  const name = (day: number) => new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, day))) // 1 January 2024 is a Monday
  const hours = c.hours ?? []
  const put = (list: Hours[]) => set({ hours: list.sort((a, b) => a.day - b.day || a.from.localeCompare(b.from)) })
  const change = (old: Hours, by: Partial<Hours>) => put(hours.map((h) => (h === old ? { ...h, ...by } : h)))
  return (
    <ul className="boxed">
      {[1, 2, 3, 4, 5, 6, 7].map((day) => {
        const open = hours.filter((h) => h.day === day)
        return (
          <li className="optrow" key={day}>
            <Switch on={open.length > 0} set={(on) => put([...hours.filter((h) => h.day !== day), ...(on ? [{ day, from: '08:00', to: '17:00' }] : [])])}>
              <span className="day">{name(day)}</span>
            </Switch>
            <div className="opt-end opt-end--col">
              {open.length === 0 && <span className="meta">{w.admin.closed}</span>}
              {open.map((h, i) => (
                <span className="row" key={i}>
                  <span className="field time">
                    <input type="time" aria-label={`${name(day)}: ${w.admin.from}`} value={h.from} onChange={(e) => change(h, { from: e.target.value })} />
                  </span>
                  <span aria-hidden="true">–</span>
                  <span className="field time">
                    <input type="time" aria-label={`${name(day)}: ${w.admin.to}`} value={h.to === '24:00' ? '00:00' : h.to} onChange={(e) => change(h, { to: e.target.value === '00:00' ? '24:00' : e.target.value })} />
                  </span>
                </span>
              ))}
            </div>
          </li>
        )
      })}
    </ul>
  )
}

function Closed({ c, set }: Edits) {
  const w = useWords()
  const [date, setDate] = useState('')
  const days = c.holidays ?? []
  const add = () => {
    set({ holidays: [...new Set([...days, date])].sort() })
    setDate('')
  }
  return (
    <>
      <ul className="row wrap">
        {days.map((d) => (
          <li key={d} className="chip chip--lg">
            <time>{d}</time>
            <button className="ibtn ibtn--in" aria-label={w.admin.removeDay(d)} onClick={() => set({ holidays: days.filter((x) => x !== d) })}>
              <Icon name="x" size={12} />
            </button>
          </li>
        ))}
      </ul>
      <div className="narrow-form">
        <Field
          label={w.admin.holiday}
          type="date"
          value={date}
          set={setDate}
          end={
            <button className="btn btn--xs" type="button" disabled={!date} onClick={add}>
              {w.settings.addPhone}
            </button>
          }
        />
      </div>
    </>
  )
}
