import type { ComponentChildren } from "preact";
import type { Action } from "./session";
import type { Part } from "./window";

// A message to be answered by mail, when nobody can chat.
export function Letter({ part }: { part: Part }) {
  const { state, w } = part;
  return state.left ? <b>{w.sent("")}</b> : (
    <Ask part={part} what="letter">
      <label class="label">{w.write}<textarea class="field" name="text" maxLength={5000} required /></label>
      <label class="label">{w.email}<input class="field" name="email" type="email" autocomplete="email" required /></label>
    </Ask>
  );
}

// A few fields that are sent as they are named.
export function Ask({ part: { session, w }, what, children }: { part: Part; what: "letter" | "callback"; children: ComponentChildren }) {
  return (
    <form class="w-f" onSubmit={(e) => { e.preventDefault(); session.dispatch({ do: what, ...Object.fromEntries(new FormData(e.currentTarget)) } as Action); }}>
      {children}<button class="btn btn--block">{w.send}</button>
    </form>
  );
}
