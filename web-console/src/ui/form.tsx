import { useId, type ReactNode } from 'react'
import { useWords } from '../i18n'
import type { Label, Language } from '../api/types'
import { Field } from './controls'
import type { IconName } from './icon'

/** A row of settings: left what and why, right the control. */
export function Part({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section className="set-sec">
      <div className="intro">
        <h3>{title}</h3>
        {lead && <p>{lead}</p>}
      </div>
      <div className="stack-2">{children}</div>
    </section>
  )
}

/** A field under its name, with a hint below. */
export function Text(props: { label: string; value: string; set: (v: string) => void; hint?: string; required?: boolean; icon?: IconName; type?: string; inputMode?: 'numeric' | 'email'; placeholder?: string; end?: ReactNode; max?: number }) {
  const id = useId()
  return (
    <div className="f">
      <label className="label" htmlFor={id}>
        {props.label} {props.required && <span className="req">*</span>}
      </label>
      <Field
        id={id}
        label={props.label}
        value={props.value}
        set={props.set}
        icon={props.icon}
        type={props.type}
        placeholder={props.placeholder}
        end={props.end}
        rest={{ required: props.required, inputMode: props.inputMode, maxLength: props.max ?? 200, 'aria-describedby': props.hint ? `${id}h` : undefined }}
      />
      {props.hint && (
        <span className="hint" id={`${id}h`}>
          {props.hint}
        </span>
      )}
    </div>
  )
}

/** A whole number with its unit; what isn't one is written as nothing. */
export function Count(props: { label: string; value: number | undefined; set: (n: number) => void; unit?: string; hint?: string; hidden?: boolean }) {
  const w = useWords()
  const id = useId()
  return (
    <div className="f">
      <label className={props.hidden ? 'vh' : 'label'} htmlFor={id}>
        {props.label}
      </label>
      <Field
        id={id}
        label={props.label}
        value={props.value === undefined ? '' : String(props.value)}
        placeholder={w.common.none}
        set={(v) => props.set(Number(v.replace(/\D/g, '').slice(0, 6)))}
        rest={{ inputMode: 'numeric', 'aria-describedby': props.hint ? `${id}h` : undefined }}
        end={props.unit && <span className="meta">{props.unit}</span>}
      />
      {props.hint && (
        <span className="hint" id={`${id}h`}>
          {props.hint}
        </span>
      )}
    </div>
  )
}

/** One of a few. */
export function Pick<K extends string>(props: { label: string; value: K; set: (k: K) => void; of: readonly (readonly [K, string])[]; hidden?: boolean; hint?: string }) {
  const id = useId()
  return (
    <div className="f">
      <label className={props.hidden ? 'vh' : 'label'} htmlFor={id}>
        {props.label}
      </label>
      <div className="field">
        <select id={id} className="select" value={props.value} onChange={(e) => props.set(e.target.value as K)}>
          {props.of.map(([k, text]) => (
            <option key={k} value={k}>
              {text}
            </option>
          ))}
        </select>
      </div>
      {props.hint && <span className="hint">{props.hint}</span>}
    </div>
  )
}

const languages: Language[] = ['sv', 'en']

/** A name in each language of the console. */
export function Names({ value, set, label }: { value: Label | undefined; set: (l: Label) => void; label: string }) {
  const w = useWords()
  return (
    <div className="f2">
      {languages.map((l) => (
        <Text key={l} label={w.common.inLanguage(label, w.common.language[l])} required={l === 'sv'} value={value?.[l] ?? ''} set={(v) => set({ ...value, [l]: v })} />
      ))}
    </div>
  )
}

/** How well something is known, 1 to 5, or not at all. */
export function Level({ name, level, set }: { name: string; level: number; set: (level: number) => void }) {
  const w = useWords()
  const of = [0, 1, 2, 3, 4, 5].map((n) => [String(n), n ? w.admin.levelOf(n) : w.admin.noLevel] as const)
  return <Pick hidden label={`${name}: ${w.admin.level}`} value={String(level)} set={(l) => set(Number(l))} of={of} />
}
