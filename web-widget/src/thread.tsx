import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { fill } from "./fill";
import { Icon, Typing } from "./icons";
import type { Line, Out } from "./types";
import { first, initials, type Part } from "./window";

// The talk: what is confirmed, in the order of its positions, then what is on its way.
export function Thread({ part, agent, children }: { part: Part; agent: string; children: ComponentChildren }) {
  const { state, w } = part;
  const log = useRef<HTMLDivElement>(null);
  const low = useRef(true); // the reader is at the end and wants to stay there
  useLayoutEffect(() => {
    const el = log.current;
    if (el && low.current) el.scrollTop = el.scrollHeight;
  });
  const out = state.out.filter((o) => o.t !== "callback");
  const mine = state.lines.findLast((l) => l.from === "me");
  const answer = state.lines.find((l) => l.from === "agent" && l.pos > (mine?.pos ?? 0)); // whoever answers has read
  return (
    <div class="w-body" role="log" aria-live="off" aria-label={fill(w.chatWith, agent || w.support)} tabIndex={0} ref={log}
      onScroll={(e) => { const el = e.currentTarget; low.current = el.scrollHeight - el.scrollTop - el.clientHeight < 40; }}>
      {groups(state.lines).map((g) => g[0]!.kind === "event"
        ? <Event part={part} line={g[0]!} />
        : <Group key={g[0]!.pos} part={part} lines={g} last={out.length === 0 && g[g.length - 1] === mine} answered={answer?.at} />)}
      {out.length > 0 && <Pending part={part} out={out} />}
      {children}
      {state.typing && (
        <div class="msg"><span class="av" aria-hidden="true">{initials(state.typing === "…" ? agent || w.agent : state.typing)}</span>
          <div class="stack"><div class="bub" role="img" aria-label={fill(w.typing, first(agent) || w.agent)}><Typing /></div></div></div>
      )}
    </div>
  );
}

// Lines of one side within five minutes stand together.
export function groups(lines: Line[]): Line[][] {
  const out: Line[][] = [];
  for (const l of lines) {
    const last = out[out.length - 1];
    const before = last?.[last.length - 1];
    if (before && before.kind !== "event" && l.kind !== "event" && before.from === l.from && before.name === l.name && l.at - last![0]!.at < 300_000) last!.push(l);
    else out.push([l]);
  }
  return out;
}

function Event({ part: { w, time }, line }: { part: Part; line: Line }) {
  const text = ({
    joined: () => fill(w.joined, first(line.name) || w.agent), left: () => (line.name ? fill(w.left, first(line.name)) : w.handedOver), transferred: () => w.transferred,
    reconnecting: () => w.reconnecting, ended: () => (line.cause === "settled" ? w.callOff : w.ended), call_off: () => w.callOff,
  } as Record<string, () => string>)[line.what ?? ""]?.();
  return text ? <div class="event">{text} <time>{time(line.at)}</time></div> : null;
}

function Group({ part, lines, last, answered }: { part: Part; lines: Line[]; last: boolean; answered?: number }) {
  const { state, w, time } = part;
  const top = lines[0]!;
  const end = lines[lines.length - 1]!;
  const bubbles = <div class="stack">{lines.map((l) => <Bubble key={l.pos} part={part} line={l} />)}</div>;
  if (top.from === "me") {
    const read = state.seen >= end.pos ? state.seenAt : answered;
    return (
      <div class="msg msg--me">{bubbles}
        {last && <div class="receipt"><Icon of={read ? "checks" : "check"} size={12} />{read ? fill(w.read, time(read)) : fill(w.sent, time(end.at))}</div>}
      </div>
    );
  }
  const name = top.name || w.agent;
  return (
    <div class="msg">
      <div class="by"><b><bdi>{first(name)}</bdi>, <bdi>{state.site?.name}</bdi></b><time>{time(top.at)}</time></div>
      <span class="av" aria-hidden="true">{initials(name)}</span>{bubbles}
    </div>
  );
}

// An article stands below what was said of it; until later.js is there, its title does.
function Bubble({ part, line }: { part: Part; line: Line }) {
  const { card, file, text = "" } = line;
  const { later } = part;
  const bub = (words: string) => <div class="bub" dir="auto" lang={line.lang}><Linked text={words} /></div>;
  if (file && later) return <later.Shown part={part} file={file} />;
  if (!card) return bub(text);
  return <>{text && text !== card.title && text !== card.url && bub(text)}{later ? <later.Faq part={part} card={card} /> : bub(card.title)}</>;
}

function Pending({ part: { session, state, w }, out }: { part: Part; out: Out[] }) {
  const failed = out.find((o) => o.failed !== undefined);
  return (
    <div class="msg msg--me">
      <div class="stack">{out.map((o) => <div key={o.cid} dir="auto" class={"bub" + (o.failed === undefined ? "" : " is-bad")}>{o.t === "file" && <><Icon of="clip" />{" "}</>}<Linked text={o.text} /></div>)}</div>
      <div class="receipt">
        {failed ? (
          <><span class="t-crit"><Icon of="warn" size={12} /> {w.notSent}. {failed.failed}</span>
            <button class="link" type="button" onClick={() => session.dispatch({ do: "again", cid: failed.cid })}>{w.tryAgain}</button>
            <button class="link" type="button" onClick={() => session.dispatch({ do: "drop", cid: failed.cid })}>{w.remove}</button></>
        ) : <><Icon of="clock" size={12} />{state.net === "on" ? w.sending : w.notSent}</>}
      </div>
    </div>
  );
}

// Text as it was written; addresses become links, made by us.
function Linked({ text }: { text: string }) {
  return <>{pieces(text).map((p) => (p.href ? <a href={p.href} target="_blank" rel="noopener noreferrer nofollow">{p.text}</a> : p.text))}</>;
}

export function pieces(text: string): { text: string; href?: string }[] {
  return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}])/).filter(Boolean).map((t) => (/^https?:\/\//.test(t) ? { text: t, href: t } : { text: t }));
}
