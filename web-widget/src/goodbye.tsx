import { Icon } from "./kit";
import { Letter } from "./letter";
import type { Part } from "./window";
import { words } from "./laterwords";

// Under a chat that has ended: why, what may be done instead, and a new one.
export function Ended({ part }: { part: Part }) {
  const { session, state } = part;
  const w = words(part);
  const cause = state.lines.findLast((l) => l.what === "ended")?.cause;
  return (
    <footer class="w-foot w-foot--end">
      <p class="meta">{cause ? cause === "callback" ? w.called : w.nobody : w.endedText}</p>
      {cause === "form" && <Letter part={part} />}
      <button class={"btn btn--lg btn--block" + (cause === "form" ? "" : " btn--primary")} type="button" onClick={() => session.dispatch({ do: "fresh" })}><Icon of="chat" />{w.again}</button>
    </footer>
  );
}

// Above the search of a closed widget.
export function Closed({ part }: { part: Part }) {
  const w = words(part);
  const until = part.state.site?.until;
  return <div class="banner"><Icon of="clock" /><div class="col"><span class="med">{w.closedTitle}</span><span class="meta">{w.closedText(until ? part.when(until) : "")}</span></div></div>;
}
