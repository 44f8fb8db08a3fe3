import { words } from "./laterwords";
import type { Field } from "./types";
import type { Part } from "./window";

// What the website asks of its own, and whether its browser may keep the chat. Names begin with f: so that the form
// knows them from its own.
export function Asked({ part }: { part: Part }) {
  const { session, state } = part;
  const { fields = [], consent } = state.site!.form;
  return (
    <>
      {fields.map((f) => <One part={part} field={f} key={f.id} />)}
      {consent && (
        <label class="tick"><input type="checkbox" checked={session.store.shared} onChange={(e) => session.consent(e.currentTarget.checked)} />{words().keep}</label>
      )}
    </>
  );
}

function One({ part: { lang, w }, field: { id, kind, label, required, options = [] } }: { part: Part; field: Field }) {
  const text = label[lang] ?? label.en ?? Object.values(label)[0];
  const name = "f:" + id;
  if (kind === "tick") return <label class="tick"><input type="checkbox" name={name} value="1" required={required} />{text}</label>;
  return (
    <label class="label">
      {text} {!required && <span class="meta">{w.optional}</span>}
      {kind === "choice"
        ? <select class="field" name={name} required={required}><option value="" />{options.map((o) => <option>{o}</option>)}</select>
        : <input class="field" name={name} dir="auto" required={required} maxLength={500} autocomplete="off" />}
    </label>
  );
}
