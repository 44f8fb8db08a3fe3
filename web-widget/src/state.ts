import type { FrameOut, Line, Out, Phase, Site } from "./types";

// All that the window shows, and nothing that it does: frames in, next state out. Pure, so that it can be
// tested with drops, repeats and disorder.
export interface State {
  phase: Phase;
  net: "on" | "retry" | "off";
  stop?: "elsewhere" | "refused" | "blocked"; // why no socket is tried
  site?: Site;
  lines: Line[]; // confirmed, by pos
  out: Out[]; // not confirmed, in the order written
  conversation?: string; // that pos counts in
  pos: number; // everything up to here is in lines
  ready: boolean; // the first snap is whole
  seen: number; // the agent has read up to here
  seenAt: number;
  position: number;
  wait: number;
  callable: boolean; // they may be called back instead
  left: boolean; // a letter is stored
  called?: number; // a call is noted: for when, 0 for soon
  off?: boolean; // and is not any more
  known: boolean; // the website has said who they are
  refusal?: string; // the code of why it is not believed
  trouble?: string; // why what was asked for last, and is no line, was refused
  typing: string; // who types; empty when nobody does
  skew: number; // server's clock minus ours, milliseconds
}

export const empty: State = {
  phase: "boot", net: "retry", lines: [], out: [], pos: 0, ready: false, seen: 0, seenAt: 0, position: 0, wait: 0, callable: false, left: false, known: false, typing: "", skew: 0,
};

// Whether the chat goes on.
export function begun(phase: Phase): boolean {
  return /bot|queued|open/.test(phase);
}

// Something between was missed: close the socket and resume.
export class Gap extends Error {}

export function apply(s: State, f: FrameOut): State {
  const phase = f.phase ?? s.phase;
  switch (f.t) {
    case "welcome":
      return welcome(s, f);
    case "snap":
      contiguous(s, f);
      return { ...take(s, f.lines ?? [], f.pos ?? 0), phase, conversation: f.conversation, ready: s.ready || !!f.done };
    case "msg":
      contiguous(s, f);
      return { ...take(s, f.line ? [f.line] : [], f.pos ?? 0), phase };
    case "ack":
      return ack(s, f);
    case "queue":
      return { ...s, phase, position: f.position ?? 0, wait: f.wait ?? 0, callable: !!f.callback, typing: "" };
    case "typing":
      return { ...s, typing: f.on ? f.name || "…" : "" };
    case "seen":
      return (f.pos ?? 0) > s.seen ? { ...s, seen: f.pos ?? 0, seenAt: Date.now() + s.skew } : s;
    case "left":
      return left(s, f.cid);
    case "call_off":
      return s.called === undefined ? s : { ...s, called: undefined, off: true };
    case "error":
      if (f.code?.startsWith("identity")) return { ...s, refusal: f.code };
      if (!s.out.some((o) => o.cid === f.cid && (o.t !== "callback" || f.code === "try_again"))) return { ...s, trouble: f.detail, out: s.out.filter((o) => o.cid !== f.cid) };
      return f.code === "try_again" ? s : { ...s, out: s.out.map((o) => (o.cid === f.cid ? { ...o, failed: f.detail ?? "" } : o)) };
    case "ping":
      contiguous(s, f);
      return s;
  }
  return s;
}

// A letter or a wish to be called is stored.
function left(s: State, cid?: string): State {
  const o = s.out.find((x) => x.cid === cid);
  return { ...s, ...(o?.t === "callback" ? { called: o.due ?? 0, off: false } : { left: true }), out: s.out.filter((x) => x !== o) };
}

function contiguous(s: State, f: FrameOut): void {
  if ((f.prev ?? 0) > s.pos) throw new Gap();
}

function welcome(s: State, f: FrameOut): State {
  const base = (f.prev ?? 0) < s.pos ? { ...s, lines: [], pos: f.prev ?? 0 } : s; // another conversation than ours
  return { ...base, known: !!f.known, refusal: undefined, stop: undefined, conversation: f.conversation, net: "on", phase: f.phase ?? "pre", site: f.site, ready: f.phase === "pre" || f.phase === "offline" || s.ready, skew: (f.now ?? Date.now()) - Date.now() };
}

function take(s: State, lines: Line[], pos: number): State {
  const fresh = lines.filter((l) => l.pos > s.pos);
  const confirmed = new Set(fresh.map((l) => l.cid).filter(Boolean));
  const typing = fresh.some((l) => l.from !== "me") ? "" : s.typing; // what was being written has come
  const called = fresh.some((l) => l.what === "call_off" || l.cause === "settled") ? undefined : s.called;
  return { ...s, typing, called, lines: fresh.length ? [...s.lines, ...fresh] : s.lines, out: s.out.filter((o) => !confirmed.has(o.cid)), pos: Math.max(s.pos, pos) };
}

// An ack that is done stands for the entry: nothing lies between it and what we have.
function ack(s: State, f: FrameOut): State {
  const o = s.out.find((x) => x.cid === f.cid);
  if (s.lines.some((l) => l.cid === f.cid)) return { ...s, out: s.out.filter((x) => x !== o) }; // its line came first
  if (!f.done) return o ? { ...s, out: s.out.map((x) => (x === o ? { ...x, acked: true, failed: undefined } : x)) } : s;
  contiguous(s, f);
  const line: Line = { pos: f.pos ?? 0, kind: "message", from: "me", text: o?.text ?? "", cid: f.cid, at: f.at ?? 0 };
  return o ? take(s, [line], line.pos) : { ...s, pos: Math.max(s.pos, line.pos) };
}

// Who answers now, by the stream.
export function agentOf(lines: Line[]): string {
  for (let i = lines.length - 1; i >= 0; i--) {
    const l = lines[i]!;
    if (/^(call|collaborate)_/.test(l.what ?? "")) continue; // moves nobody
    if (l.kind === "event") return l.what === "joined" ? (l.name ?? "") : "";
    if (l.from === "agent" && l.name) return l.name;
  }
  return "";
}
