import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Host } from "./host";
import { Composer } from "./composer";
import { Before } from "./before";
import { Dots, Icon, Present } from "./icons";
import { Queue } from "./queue";
import type { Session } from "./session";
import { beep, unlock } from "./sound";
import { Letter } from "./letter";
import { agentOf, type State } from "./state";
import { Thread } from "./thread";
import { choose, type Words } from "./words";

export interface Prefill {
  name?: string;
  email?: string;
  topic?: string;
  question?: string;
}

interface Props {
  host: Host;
  session: Session;
  asked: string;
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
  time(at: number): string; // 10:03
  when(at: number): string; // måndag 10:03, unless it is today
}

export function Window({ host, session, asked, open, prefill, onClose, onUnread }: Props) {
  const [state, setState] = useState(session.state);
  const [asking, setAsking] = useState(false); // whether to end
  useLayoutEffect(() => {
    setState(session.state);
    return session.subscribe(setState);
  }, [session]);
  const { lang, words: w } = choose(asked, state.site?.languages);
  const part = useMemo<Part>(() => {
    const clock = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { hour: "2-digit", minute: "2-digit" });
    const day = new Intl.DateTimeFormat(lang, { weekday: "long" });
    return { session, state, w, lang, time: (at) => clock.format(at), when: (at) => (day.format(at) === day.format() ? "" : day.format(at) + " ") + clock.format(at) };
  }, [session, state, lang]);
  const said = useHeard(part, session, open, onUnread);
  const box = useFocus(open, state.phase, onClose);

  if (!open) return null;
  const chatting = state.phase === "queued" || state.phase === "open" || state.phase === "ended" || (state.phase === "pre" && state.out.length > 0);
  const agent = agentOf(state.lines);
  return (
    <section class="w" lang={lang} role="dialog" aria-modal={narrow()} aria-label={w.chatWith(agent || state.site?.name || w.support)} ref={box} tabIndex={-1} onPointerDown={unlock}>
      <Head part={part} agent={agent} onClose={onClose} onEnd={() => setAsking(true)} />
      <Strip part={part} asking={asking && (state.phase === "open" || state.phase === "queued")} onAnswer={() => setAsking(false)} />
      {chatting ? (
        <>
          <Thread part={part} agent={agent}>{state.phase === "queued" && <Queue part={part} />}</Thread>
          {state.phase === "ended" ? <Ended part={part} /> : <Composer part={part} />}
        </>
      ) : state.phase === "boot" ? <Loading /> : <Before part={part} prefill={prefill} base={host.base} />}
      <div class="vh" role="status">{said}</div>
    </section>
  );
}

function narrow(): boolean {
  return matchMedia("(max-width: 480px)").matches;
}

function Head({ part, agent, onClose, onEnd }: { part: Part; agent: string; onClose(): void; onEnd(): void }) {
  const { state, w } = part;
  const name = state.site?.name ?? "";
  return (
    <header class="w-head">
      {agent && state.phase === "open" ? <span class="av av--md" aria-hidden="true">{initials(agent)}<Present /></span> : <span class="w-logo" aria-hidden="true">{name.slice(0, 1) || <Icon of="chat" />}</span>}
      <div class="col grow">
        <h2 class="ell">{agent && state.phase === "open" ? agent : name || w.support}</h2>
        <span class="meta row row-1"><Under part={part} agent={agent} /></span>
      </div>
      <More part={part} onEnd={onEnd} />
      <button class="ibtn" type="button" aria-label={w.minimise} onClick={onClose}><Icon of="down" /></button>
    </header>
  );
}

function Under({ part, agent }: { part: Part; agent: string }) {
  const { state, w, when } = part;
  const site = state.site;
  if (state.phase === "queued") return <>{w.waiting}</>;
  if (state.phase === "open" && agent) return <>{site?.name} · {w.answering}</>;
  if (state.phase === "ended") return <>{w.ended}</>;
  if (!site) return <>&nbsp;</>;
  const until = site.until ? when(site.until) : "";
  return site.open
    ? <><span class="t-ok row row-1"><Icon of="okc" size={12} />{w.open}</span> {until && w.until(until)}</>
    : <><span class="row row-1"><Icon of="clock" size={12} />{w.closed}</span> {until && "· " + w.opens(until)}</>;
}

function More({ part, onEnd }: { part: Part; onEnd(): void }) {
  const { session, state, w } = part;
  const [shown, setShown] = useState(false);
  const [mute, setMute] = useState(!!session.store.get().mute);
  const toggle = () => {
    session.store.set({ mute: !mute });
    setMute(!mute);
    setShown(false);
  };
  return (
    <div class="more" onKeyDown={(e) => { if (e.key === "Escape" && shown) { setShown(false); e.stopPropagation(); } }}
      onFocusOut={(e) => { if (!(e.currentTarget as Element).contains(e.relatedTarget as Node)) setShown(false); }}>
      <button class="ibtn" type="button" aria-label={w.more} aria-expanded={shown} onClick={() => setShown(!shown)}><Dots /></button>
      {shown && (
        <div class="pop">
          <button class="menu-item" type="button" onClick={toggle}><Icon of="sound" />{mute ? w.soundOn : w.soundOff}</button>
          {(state.phase === "open" || state.phase === "queued") && (
            <button class="menu-item t-crit" type="button" onClick={() => { setShown(false); onEnd(); }}><Icon of="out" />{w.endChat}</button>
          )}
        </div>
      )}
    </div>
  );
}

// What stands between the head and the talk: contact lost, another tab, or whether to end.
function Strip({ part, asking, onAnswer }: { part: Part; asking: boolean; onAnswer(): void }) {
  const { session, state, w } = part;
  const yes = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => { if (asking) yes.current?.focus(); }, [asking]);
  if (asking) {
    return (
      <div class="strip" role="group" aria-label={w.endAsk}>
        <span class="grow med">{w.endAsk}</span>
        <button class="btn btn--sm btn--danger" type="button" ref={yes} onClick={() => { session.dispatch({ do: "end" }); onAnswer(); }}>{w.endYes}</button>
        <button class="btn btn--sm" type="button" onClick={onAnswer}>{w.endNo}</button>
      </div>
    );
  }
  if (state.stop) {
    return (
      <div class="strip strip--warn" role="alert">
        <Icon of="warn" /><span class="grow">{state.stop === "elsewhere" ? w.elsewhere : w.refused}</span>
        {state.stop === "elsewhere" && <button class="btn btn--sm" type="button" onClick={() => session.dispatch({ do: "here" })}>{w.here}</button>}
      </div>
    );
  }
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

function Ended({ part }: { part: Part }) {
  const { session, state, w } = part;
  const cause = state.lines.findLast((l) => l.what === "ended")?.cause;
  return (
    <footer class="w-foot w-foot--end">
      <p class="meta">{cause ? cause === "callback" ? w.called : w.nobody : w.endedText}</p>
      {cause === "form" && <Letter part={part} />}
      <button class="btn btn--lg btn--primary btn--block" type="button" onClick={() => session.dispatch({ do: "fresh" })}><Icon of="chat" />{w.again}</button>
    </footer>
  );
}

// Counts what came while the window was closed, tells the server what was read, and gives the sentence that a
// screen reader says: new words of the agent and changes of the queue, at most one in three seconds.
function useHeard(part: Part, session: Session, open: boolean, onUnread: (n: number) => void): string {
  const { state, w } = part;
  const [said, setSaid] = useState("");
  const last = useRef(0);
  const theirs = state.lines.filter((l) => l.from === "agent" || (l.kind === "event" && l.what === "joined"));
  const newest = theirs[theirs.length - 1];
  useLayoutEffect(() => {
    if (!state.ready) return;
    const read = session.store.get().read ?? 0;
    if (!open) {
      onUnread(theirs.filter((l) => l.pos > read).length);
      return;
    }
    if (state.pos > read && document.visibilityState === "visible") {
      session.store.set({ read: state.pos });
      session.dispatch({ do: "seen", pos: state.pos });
    }
  }, [open, state.pos, state.ready]);
  useEffect(() => {
    if (newest && state.ready && Date.now() + state.skew - newest.at < 30_000 && (!open || document.visibilityState === "hidden") && !session.store.get().mute) beep();
  }, [newest?.pos]);
  const next = newest && newest.pos >= state.pos - 2
    ? newest.kind === "event" ? w.joined(first(newest.name)) : `${newest.name ?? ""}: ${newest.card?.title ?? newest.text ?? ""}`
    : state.phase === "queued" && state.position ? w.place(state.position) : state.phase === "ended" ? w.ended : "";
  useEffect(() => {
    if (!open) return;
    const t = setTimeout(() => { last.current = Date.now(); setSaid(next); }, Math.max(0, last.current + 3000 - Date.now()));
    return () => clearTimeout(t);
  }, [next, open]);
  return said;
}

// Focus goes to what can be written in; on a phone it stays inside; Escape closes.
function useFocus(open: boolean, phase: string, onClose: () => void) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (!open || !box.current) return;
    const field = box.current.querySelector<HTMLElement>("textarea, input:not([hidden]):not([type=radio])");
    (narrow() && phase !== "open" ? box.current : (field ?? box.current)).focus({ preventScroll: true });
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
