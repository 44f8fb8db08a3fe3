import { fill } from "./fill";
import { useState } from "./kit";
import { words } from "./laterwords";
import type { Part } from "./window";

const ahead = 14 * 86_400_000; // ms; the server's too

interface Props {
  part: Part;
  asking: boolean;
  ask(on: boolean): void;
  text: string; // what was written in the form so far
  name: string;
  topic: string;
}

// Being called instead of chatting, soon or at a time of one's own.
export function Call({ part, asking, ask, text, name, topic }: Props) {
  const { session, state } = part;
  const w = words();
  const [soon, setSoon] = useState(true);
  if (state.called !== undefined) return <b role="status">{promised(part, state.called)}</b>;
  const off = state.off && <b role="status">{part.w.callOff}</b>;
  if (!asking) return <>{off}<button class="link" type="button" onClick={() => ask(true)}>{w.callInstead}</button></>;
  const send = (e: Event) => {
    e.preventDefault();
    const f = new FormData(e.currentTarget as HTMLFormElement);
    const at = f.get("at");
    session.dispatch({ do: "callback", phone: String(f.get("phone")), text: String(f.get("text")), name, topic, ...(at && { due: +new Date(String(at)) }) });
  };
  return (
    <form class="w-f" onSubmit={send}>
      {off}
      <label class="label">{w.callMe}<input class="field" name="phone" type="tel" dir="ltr" autocomplete="tel" required pattern="[+\d \-]{5,}" ref={(el) => { if (el?.value === "") el.focus(); }} /></label>
      <label class="label">{w.callAbout}<textarea class="field" name="text" dir="auto" maxLength={1000} defaultValue={text} /></label>
      <label class="label">
        {w.callWhen}
        <select class="field" onChange={(e) => setSoon(e.currentTarget.value === "")}><option value="">{w.callSoon}</option><option value="at">{w.callTime}</option></select>
      </label>
      {!soon && <input class="field" name="at" type="datetime-local" aria-label={w.callTime} required min={local(Date.now())} max={local(Date.now() + ahead)} />}
      {state.trouble && <p class="bad" role="alert">{state.trouble}</p>}
      <button class="btn btn--lg btn--primary btn--block" disabled={state.out.some((o) => o.t === "callback")}>{part.w.send}</button>
      <button class="link" type="button" onClick={() => ask(false)}>{w.callNot}</button>
    </form>
  );
}

// What was promised: a call, and when.
export function promised({ lang }: Part, due: number): string {
  const w = words();
  return due ? fill(w.calledAt, new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }).format(due)) : w.called;
}

// A time as fields have it: without its zone.
function local(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
