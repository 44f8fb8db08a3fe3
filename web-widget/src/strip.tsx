import { Icon, useLayoutEffect, useRef } from "./kit";
import { words } from "./laterwords";
import type { Part } from "./window";

// Whether to end, asked between the head and the talk.
export function Ask({ part, onAnswer }: { part: Part; onAnswer(): void }) {
  const w = words();
  const yes = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => yes.current?.focus(), []);
  return (
    <div class="strip" role="group" aria-label={w.endAsk}>
      <span class="grow med">{w.endAsk}</span>
      <button class="btn btn--sm btn--danger" type="button" ref={yes} onClick={() => { part.session.dispatch({ do: "end" }); onAnswer(); }}>{w.endYes}</button>
      <button class="btn btn--sm" type="button" onClick={onAnswer}>{w.endNo}</button>
    </div>
  );
}

// Why there is no socket, and how to have one here.
export function Stopped({ part }: { part: Part }) {
  const w = words();
  const elsewhere = part.state.stop === "elsewhere";
  return (
    <div class="strip strip--warn" role="alert">
      <Icon of="warn" /><span class="grow">{w[part.state.stop!]}</span>
      {elsewhere && <button class="btn btn--sm" type="button" onClick={() => part.session.dispatch({ do: "here" })}>{w.here}</button>}
    </div>
  );
}
