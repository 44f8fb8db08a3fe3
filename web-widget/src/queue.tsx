import { Steps } from "./icons";
import type { Part } from "./window";

// The place in the queue and how long it may take.
export function Queue({ part: { state, w } }: { part: Part }) {
  if (!state.position) return <div class="w-queue"><span class="meta">{w.findingPlace}</span></div>;
  return (
    <div class="w-queue">
      <span class="meta">{w.yourPlace}</span>
      <span class="pos">{state.position}</span>
      <Steps place={state.position} />
      {state.wait > 0 && <span class="med">{w.about(Math.round(state.wait / 60))}</span>}
      <span class="meta">{w.stay}</span>
    </div>
  );
}
