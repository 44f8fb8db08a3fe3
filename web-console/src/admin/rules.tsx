import { rulesId, type Rules } from '../api/admin'
import type { Channel } from '../api/types'
import { useWords } from '../i18n'
import { Supervision } from '../staff/supervision'
import { Switch } from '../ui/controls'
import { Count, Part, Pick } from '../ui/form'
import { useEditing } from './editing'
import { Editor } from './frame'

const orders = ['edf', 'fifo', 'vcc'] as const
const counted: Channel[] = ['voice', 'callback', 'voicemail', 'chat', 'email']
const usual = { voice: 100, callback: 100, voicemail: 100, chat: 25, email: 50 }

/** What holds for every queue and every agent of the house. */
export function HouseRules({ saved }: { saved: () => void }) {
  const w = useWords()
  const e = useEditing('rules', rulesId, {}, saved)
  const units = (r: Rules, of: 'costs' | 'caps') => (c: Channel) => (n: number) => {
    const { [c]: _, ...rest } = r[of] ?? {}
    e.set({ [of]: n > 0 ? { ...rest, [c]: n } : rest })
  }
  return (
    <Editor e={e} icon="sliders" title={() => w.admin.rules} effect={w.admin.effectRules}>
      {(r) => (
        <>
          <Part title={w.admin.order} lead={w.admin.orderLead}>
            <Pick label={w.admin.order} hidden value={r.order} set={(order) => e.set({ order })} of={orders.map((o) => [o, w.admin.orders[o]] as const)} />
          </Part>
          <Part title={w.admin.room} lead={w.admin.roomLead}>
            <ul className="boxed">
              {counted.map((c) => (
                <li className="optrow" key={c}>
                  <span className="med grow">{w.channel[c]}</span>
                  <div className="opt-end">
                    <Count hidden label={`${w.channel[c]}: ${w.admin.cost}`} unit="%" value={r.costs?.[c] ?? usual[c as keyof typeof usual]} set={units(r, 'costs')(c)} />
                    <Count hidden label={`${w.channel[c]}: ${w.admin.cap}`} unit={w.admin.atOnce} value={r.caps?.[c]} set={units(r, 'caps')(c)} />
                  </div>
                </li>
              ))}
            </ul>
          </Part>
          <Part title={w.admin.missed} lead={w.admin.missedLead}>
            <Switch on={r.miss_keeps_place} set={(miss_keeps_place) => e.set({ miss_keeps_place })}>
              {w.admin.missKeeps}
            </Switch>
          </Part>
          <Part title={w.admin.breaks} lead={w.admin.breaksLead}>
            <Switch on={r.break_lock} set={(break_lock) => e.set({ break_lock })}>
              {w.admin.breakLock}
            </Switch>
            <Count label={w.admin.minBreak} unit={w.admin.seconds} hint={w.admin.minBreakHint} value={r.min_break} set={(min_break) => e.set({ min_break })} />
          </Part>
          <Supervision />
        </>
      )}
    </Editor>
  )
}
