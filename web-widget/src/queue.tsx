import { fill, span } from "./fill";
import { Steps } from "./icons";
import type { Part } from "./window";

// The place in the queue, how long it may take, and being called back instead.
export function Queue({ part }: { part: Part }) {
  const { state, w } = part;
  return (
    <div class="w-queue">
      {state.position ? (
        <>
          <span class="meta">{w.yourPlace}</span>
          <span class="pos">{part.number(state.position)}</span>
          <Steps place={state.position} />
          {state.wait > 0 && <span class="med">{fill(w.about, span(Math.max(1, Math.round(state.wait / 60)), "minute", part.lang))}</span>}
          <span class="meta">{w.stay}</span>
        </>
      ) : <span class="meta">{w.findingPlace}</span>}
      {state.callable && part.later && <part.later.CallMe part={part} />}
    </div>
  );
}
