import type { ComponentChildren } from "preact";
import { fill } from "./fill";
import type { Action } from "./session";
import type { Part } from "./window";
import { words } from "./laterwords";

// A message to be answered by mail, when nobody can chat.
export function Letter({ part, onWrite }: { part: Part; onWrite?(begun: boolean): void }) {
  const { state, w } = part;
  return state.left ? <b>{fill(w.sent, "")}</b> : (
    <Fields part={part} what="letter" primary>
      <label class="label">{w.write}<textarea class="field" name="text" dir="auto" maxLength={5000} required onInput={(e) => onWrite?.(!!e.currentTarget.value.trim())} /></label>
      <label class="label">{w.email}<input class="field" name="email" type="email" autocomplete="email" required /></label>
    </Fields>
  );
}

// Being called back instead of waiting.
export function CallMe({ part }: { part: Part }) {
  return (
    <Fields part={part} what="callback">
      {part.state.trouble && <p class="bad" role="alert">{part.state.trouble}</p>}
      <label class="label">{words().callMe}<input class="field" name="phone" type="tel" dir="ltr" autocomplete="tel" required pattern="[+\d \-]{5,}" /></label>
    </Fields>
  );
}

// A person instead of the bot that answers.
export function Person({ part }: { part: Part }) {
  return <button class="btn btn--sm" type="button" onClick={() => part.session.dispatch({ do: "person" })}>{words().person}</button>;
}

// A few fields that are sent as they are named.
export function Fields({ part: { session, w }, what, primary, children }: { part: Part; what: "letter" | "callback" | "transcript"; primary?: boolean; children: ComponentChildren }) {
  return (
    <form class="w-f" onSubmit={(e) => { e.preventDefault(); session.dispatch({ do: what, ...Object.fromEntries(new FormData(e.currentTarget)) } as Action); }}>
      {children}<button class={"btn btn--block" + (primary ? " btn--lg btn--primary" : "")}>{w.send}</button>
    </form>
  );
}
