import { useId, useRef } from 'react'
import Rich, { type Handle, type Words } from './rich'

/** What words that are kept ready may name. */
export const variables = ['customer.first_name', 'customer.name', 'customer.company', 'customer.address', 'case.number', 'case.subject', 'queue.name', 'agent.first_name', 'agent.name', 'agent.signature'] as const

/** Words that are kept, in a form: under their name, with a hint below. `left` is called when the person goes elsewhere. */
export function KeptText(props: { label: string; hint?: string; words: Words; set: (text: string, html: string) => void; left?: () => void; variables?: readonly string[] }) {
  const hint = useId()
  const field = useRef<Handle>(null)
  const around = (text: React.ReactNode, _: React.ReactNode, tools: React.ReactNode) => (
    <div className="composer composer--mail composer--form">
      {text}
      <div className="composer-bar">{tools}</div>
    </div>
  )
  return (
    <div className="f" onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && props.left?.()}>
      <span className="label" onClick={() => field.current?.focus()}>
        {props.label}
      </span>
      <Rich label={props.label} describedBy={props.hint && hint} words={props.words} set={props.set} handle={field} variables={props.variables} around={around} />
      {props.hint && (
        <span className="hint" id={hint}>
          {props.hint}
        </span>
      )}
    </div>
  )
}
