import { promised } from "./call";
import { fill } from "./fill";
import { Icon, useState } from "./kit";
import { Fields, Letter } from "./letter";
import type { Part } from "./window";
import { words } from "./laterwords";

// Under a chat that has ended: why, what the visitor thinks of it, the chat by mail, what may be done instead, a new one.
export function Ended({ part }: { part: Part }) {
  const { session, state } = part;
  const w = words();
  const end = state.lines.findLast((l) => l.what === "ended" || l.what === "call_off"); // a call that is off was promised before
  const cause = end?.cause === "settled" ? undefined : end?.cause;
  const served = state.lines.some((l) => l.what === "joined");
  return (
    <footer class="w-foot w-foot--end">
      <p class="meta">{cause ? cause === "callback" ? promised(part, state.called ?? 0) : w.nobody : (state.site?.texts?.[part.lang]?.thanks ?? w.endedText)}</p>
      {served && !cause && <Rate part={part} />}
      {served && <ByMail part={part} />}
      {state.trouble && <p class="bad" role="alert">{state.trouble}</p>}
      {cause === "form" && <Letter part={part} />}
      <button class={"btn btn--lg btn--block" + (cause === "form" ? "" : " btn--primary")} type="button" onClick={() => session.dispatch({ do: "fresh" })}><Icon of="chat" />{w.again}</button>
    </footer>
  );
}

// One to five, and a word if they like; what is stored is thanked for.
function Rate({ part }: { part: Part }) {
  const { session, state } = part;
  const w = words();
  const [score, setScore] = useState(0);
  const after = state.lines.findLast((l) => l.what === "ended" || l.what === "rated");
  if (after?.what === "rated") return <p>{w.rated}</p>;
  return (
    <form class="w-f" onSubmit={(e) => { e.preventDefault(); session.dispatch({ do: "rate", score, text: String(new FormData(e.currentTarget).get("text")) }); }}>
      <fieldset>
        <legend class="label">{w.rate}</legend>
        <div class="pick pick--even">
          {[1, 2, 3, 4, 5].map((n) => (
            <label class={n === score ? "is-on" : ""}><input class="vh" type="radio" name="score" aria-label={fill(w.score, part.number(n), part.number(5))} checked={n === score} onChange={() => setScore(n)} />{part.number(n)}</label>
          ))}
        </div>
      </fieldset>
      {score > 0 && (
        <>
          <label class="label">{w.comment}<input class="field" name="text" dir="auto" maxLength={1000} autocomplete="off" /></label>
          <button class="btn btn--block" disabled={state.net !== "on"}>{part.w.send}</button>
        </>
      )}
    </form>
  );
}

function ByMail({ part }: { part: Part }) {
  const w = words();
  const [asked, setAsked] = useState(false);
  if (part.state.lines.some((l) => l.what === "transcript")) return <p class="meta">{w.mailed}</p>;
  return asked ? (
    <Fields part={part} what="transcript">
      <label class="label">{part.w.email}<input class="field" name="email" type="email" autocomplete="email" required ref={(el) => el?.focus()} /></label>
    </Fields>
  ) : <button class="link" type="button" onClick={() => setAsked(true)}>{w.mail}</button>;
}

// Above the search of a closed widget.
export function Closed({ part }: { part: Part }) {
  const w = words();
  const site = part.state.site;
  const said = site?.texts?.[part.lang]?.closed ?? (site?.until ? fill(w.closedUntil, part.when(site.until)) : w.closedText);
  return <div class="banner"><Icon of="clock" /><div class="col"><span class="med">{w.closedTitle}</span><span class="meta">{said}</span></div></div>;
}
