import { Fragment, h, type ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Host } from "./host";
import { Composer } from "./composer";
import { Before } from "./before";
import { fill } from "./fill";
import { Icon, Present } from "./icons";
import { Queue } from "./queue";
import type { Session } from "./session";
import { audio, unlock } from "./sound";
import type { Kit } from "./kit";
import { late } from "./late";
import type { Later } from "./later";
import { agentOf, begun, type State } from "./state";
import { Thread } from "./thread";
import type { Words } from "./words";

export interface Prefill {
  name?: string;
  email?: string;
  topic?: string;
  question?: string;
  facts?: Record<string, string>; // for the agent
}

interface Props {
  host: Host;
  session: Session;
  lang: string;
  words: Words;
  there: boolean; // the words of that language are
  open: boolean;
  prefill: Prefill;
  onClose(): void;
  onUnread(n: number): void;
}

// What every part of the window needs.
export interface Part {
  session: Session;
  state: State;
  w: Words;
  lang: string;
  later?: Later; // once it was needed
  number(n: number): string;
  time(at: number): string; // 10:03
  when(at: number): string; // måndag 10:03, unless it is today
}

export function Window({ host, session, lang, words: w, there, open, prefill, onClose, onUnread }: Props) {
  const [state, setState] = useState(session.state);
  const [asking, setAsking] = useState(false); // whether to end
  const [menu, setMenu] = useState(false);
  const [smiling, smile] = useState(false);
  useLayoutEffect(() => {
    setState(session.state);
    return session.subscribe(setState);
  }, [session]);
  const { phase, site, stop, callable, lines } = state;
  const form = site?.form;
  const later = useLater(host, lang, open && there && !!(menu || smiling || asking || stop || callable || /bot|ended/.test(phase) || site?.open === false || form?.fields || form?.callback || form?.consent || lines.some((l) => l.card || l.file)));
  const part = useMemo<Part>(() => {
    const clock = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { hour: "2-digit", minute: "2-digit" });
    const day = new Intl.DateTimeFormat(lang, { weekday: "long" });
    return { session, state, w, lang, later, number: new Intl.NumberFormat(lang).format, time: (at) => clock.format(at), when: (at) => (day.format(at) === day.format() ? "" : day.format(at) + " ") + clock.format(at) };
  }, [session, state, w, lang, later]);
  const said = useHeard(part, session, open, onUnread);
  const box = useFocus(open, state.phase, onClose);

  if (!open) return null;
  const chatting = there && (begun(phase) || phase === "ended" || (state.phase === "pre" && state.out.some((o) => o.t !== "callback")));
  const agent = agentOf(state.lines);
  return (
    <section class="w" lang={lang} role="dialog" aria-modal={narrow()} aria-label={fill(w.chatWith, agent || state.site?.name || w.support)} ref={box} tabIndex={-1} onPointerDown={unlock}
      onDragOver={(e) => e.preventDefault()} onDrop={(e) => { e.preventDefault(); session.files(e.dataTransfer?.files); }}>
      <Head part={part} agent={agent} onClose={onClose}>
        <More part={part} shown={menu} show={setMenu} onEnd={() => setAsking(true)} />
      </Head>
      <Strip part={part} asking={asking && begun(phase)} onAnswer={() => setAsking(false)} />
      {chatting ? (
        <>
          <Thread part={part} agent={agent}>{phase === "queued" && <Queue part={part} />}{phase === "bot" && later && <later.Person part={part} />}</Thread>
          {state.phase === "ended" ? part.later && <part.later.Ended part={part} /> : stop !== "blocked" && <Composer part={part} smiling={smiling} smile={smile} />}
        </>
      ) : state.phase === "boot" || !there ? <Loading /> : <Before part={part} prefill={prefill} base={host.base} />}
      <div class="vh" role="status">{said}</div>
    </section>
  );
}

const kit: Kit = { h, Fragment, useLayoutEffect, useRef, useState, Icon };

// Fetches later.js when something of it is to be shown; tried again until it is there.
function useLater(host: Host, lang: string, wanted: boolean): Later | undefined {
  const [later, setLater] = useState<Later>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!wanted || later) return;
    let t = 0;
    late(host.base, lang)
      .then((m) => setLater(m.mount(host.root, kit)), () => { t = window.setTimeout(() => setTries(tries + 1), 2000); });
    return () => clearTimeout(t);
  }, [wanted, later, tries]);
  return later;
}

function narrow(): boolean {
  return matchMedia("(max-width: 480px)").matches;
}

function Head({ part, agent, onClose, children }: { part: Part; agent: string; onClose(): void; children: ComponentChildren }) {
  const { state, w } = part;
  const name = state.site?.name ?? "";
  const answers = state.phase === "open" && agent;
  return (
    <header class="w-head">
      {answers ? <span class="av av--md" aria-hidden="true">{initials(agent)}<Present /></span> : <span class="w-logo" aria-hidden="true">{name.slice(0, 1) || <Icon of="chat" />}</span>}
      <div class="col grow">
        <h2 class="ell"><bdi>{answers || name || w.support}</bdi></h2>
        <span class="meta row row-1"><Under part={part} agent={agent} /></span>
      </div>
      {children}
      <button class="ibtn" type="button" aria-label={w.minimise} onClick={onClose}><Icon of="down" /></button>
    </header>
  );
}

function Under({ part, agent }: { part: Part; agent: string }) {
  const { state, w, when } = part;
  const site = state.site;
  if (state.phase === "queued") return w.waiting;
  if (state.phase === "open" && agent) return <><bdi>{site?.name}</bdi> · {w.answering}</>;
  if (state.phase === "ended") return w.ended;
  if (!site) return "\u00a0";
  const until = site.until ? when(site.until) : "";
  return site.open
    ? <><span class="t-ok row row-1"><Icon of="okc" size={12} />{w.open}</span> {until && fill(w.until, until)}</>
    : <><span class="row row-1"><Icon of="clock" size={12} />{w.closed}</span> {until && "· " + fill(w.opens, until)}</>;
}

function More({ part, shown, show, onEnd }: { part: Part; shown: boolean; show(on: boolean): void; onEnd(): void }) {
  const { later, w } = part;
  return (
    <div class="more" onKeyDown={(e) => { if (e.key === "Escape" && shown) { show(false); e.stopPropagation(); } }}
      onFocusOut={(e) => { if (!(e.currentTarget as Element).contains(e.relatedTarget as Node)) show(false); }}>
      <button class="ibtn" type="button" aria-label={w.more} aria-expanded={shown} onClick={() => show(!shown)}><Icon of="dots" /></button>
      {shown && later && <later.Menu part={part} onDone={() => show(false)} onEnd={onEnd} />}
    </div>
  );
}

// What stands between the head and the talk: whether to end, another tab, or contact lost.
function Strip({ part, asking, onAnswer }: { part: Part; asking: boolean; onAnswer(): void }) {
  const { later, state, w } = part;
  if (asking) return later ? <later.Ask part={part} onAnswer={onAnswer} /> : null;
  if (state.stop) return later ? <later.Stopped part={part} /> : null;
  return state.net === "on" || state.phase === "boot" && state.net === "retry" ? null : <Trouble text={state.net === "off" ? w.offNet : w.retrying} />;
}

// A short break is not worth a word: said after two seconds.
function Trouble({ text }: { text: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const t = setTimeout(() => setLate(true), 2000);
    return () => clearTimeout(t);
  }, []);
  return late ? <div class="strip strip--warn" role="status"><Icon of="warn" /><span>{text}</span></div> : null;
}

function Loading() {
  return <div class="w-body" aria-busy="true"><div class="sk sk--a" /><div class="sk" /><div class="sk sk--b" /></div>;
}

// Counts what came while the window was closed, tells the server what was read, and gives the sentence that a
// screen reader says: new words of the agent and changes of the queue, at most one in three seconds.
function useHeard(part: Part, session: Session, open: boolean, onUnread: (n: number) => void): string {
  const { state, w } = part;
  const [said, setSaid] = useState("");
  const last = useRef(0);
  const theirs = state.lines.filter((l) => (l.kind === "event" ? l.what === "joined" : l.from === "agent"));
  const newest = theirs[theirs.length - 1];
  useLayoutEffect(() => {
    if (!state.ready) return;
    const read = session.store.get().read ?? 0;
    if (!open) {
      onUnread(theirs.filter((l) => l.pos > read).length);
      return;
    }
    if (state.pos > read && !document.hidden) {
      session.store.set({ read: state.pos });
      session.dispatch({ do: "seen", pos: state.pos });
    }
  }, [open, state.pos, state.ready, w]);
  useEffect(() => {
    if (newest && state.ready && Date.now() + state.skew - newest.at < 30_000 && (!open || document.hidden) && !session.store.get().mute && audio) late(session.address, part.lang).then((m) => m.beep(audio!), () => {});
  }, [newest?.pos]);
  const next = newest && newest.pos >= state.pos - 2
    ? newest.kind === "event" ? fill(w.joined, first(newest.name)) : `${newest.name ?? ""}: ${newest.card?.title ?? newest.text ?? ""}`
    : state.phase === "queued" && state.position ? fill(w.place, part.number(state.position)) : state.phase === "ended" ? w.ended : "";
  useEffect(() => {
    if (!open) return;
    const t = setTimeout(() => { last.current = Date.now(); setSaid(next); }, Math.max(0, last.current + 3000 - Date.now()));
    return () => clearTimeout(t);
  }, [next, open]);
  return said;
}

// Focus goes to what can be written in, but is not taken from what the customer holds; on a phone it stays inside; Escape
// closes.
function useFocus(open: boolean, phase: string, onClose: () => void) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const el = box.current;
    if (!open || !el || el.querySelector(":focus")) return;
    const field = el.querySelector<HTMLElement>("textarea, input:not([hidden]):not([type=radio])");
    (narrow() && phase !== "open" ? el : (field ?? el)).focus({ preventScroll: true });
  }, [open, phase]);
  useLayoutEffect(() => {
    const el = box.current;
    if (!open || !el) return;
    const key = (e: KeyboardEvent) => {
      if (e.key === "Escape") onClose();
      if (e.key !== "Tab" || !narrow()) return;
      const stops = [...el.querySelectorAll<HTMLElement>("a[href], button:not([disabled]), textarea, input:not([hidden])")];
      const here = (el.getRootNode() as ShadowRoot).activeElement;
      const edge = e.shiftKey ? stops[0] : stops[stops.length - 1];
      if (here !== edge && here !== el) return;
      e.preventDefault();
      (e.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
    };
    el.addEventListener("keydown", key);
    return () => el.removeEventListener("keydown", key);
  }, [open]);
  return box;
}

// The name that one is called by.
export function first(name = ""): string {
  return name.split(" ")[0]!;
}

export function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? (parts[parts.length - 1]![0] ?? "") : "")).toUpperCase();
}
