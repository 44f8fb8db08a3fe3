import { Conn, type Listener } from "./conn";
import { late } from "./late";
import { apply, begun, empty, Gap, type State } from "./state";
import type { Store } from "./store";
import { Tabs } from "./tabs";
import type { Card, FrameOut, Out } from "./types";

// What a person does. In several tabs the one that holds the socket does it for all.
export type Action =
  | { do: "form"; text: string; name: string; email: string; topic: string; fields?: Record<string, string> }
  | { do: "msg"; text: string }
  | { do: "letter"; text: string; email: string }
  | { do: "callback"; phone: string; text?: string; name?: string; topic?: string; due?: number }
  | { do: "rate"; score: number; text: string }
  | { do: "transcript"; email: string }
  | { do: "file"; file: File }
  | { do: "again"; cid: string }
  | { do: "drop"; cid: string }
  | { do: "typing"; on: boolean; text?: string | false }
  | { do: "seen"; pos: number }
  | { do: "page"; url: string; title: string; referrer: string; facts?: Record<string, string> }
  | { do: "vote"; id: string; lang: string; useful: boolean }
  | { do: "person" }
  | { do: "end" }
  | { do: "fresh" }
  | { do: "here" };

// The chat of this website's visitor: state, actions, and whoever wants to hear of changes.
export class Session implements Listener {
  state: State;
  #conn?: Conn;
  #tabs: Tabs;
  #heard = new Set<(s: State) => void>();
  #typingUntil = 0;
  #retry = 0;
  #files = new Map<string, File>(); // not yet stored, by their cids
  #sending = new Set<string>();
  #who: object = {};

  constructor(readonly address: string, private readonly key: string, private lang: () => string, readonly store: Store) {
    this.state = { ...empty, out: store.get().out ?? [] };
    this.#tabs = this.#join();
  }

  // From consent on the website's tabs share one chat, so whoever leads is decided anew.
  consent(given: boolean): void {
    this.store.consent(given);
    this.#tabs.end();
    this.#conn?.end();
    this.#tabs = this.#join();
  }

  #join(): Tabs {
    return new Tabs(this.store.shared ? "vx:" + this.key : "", {
      lead: () => this.#lead(),
      act: (a) => this.#act(a),
      state: (s) => this.#show(s),
      ask: () => this.state,
    });
  }

  // Who the website says that they are: a token, or an id with its hash.
  identify(who?: string | { id: string; hash: string }): void {
    this.#who = typeof who === "string" ? { jwt: who } : who ? { user: who.id, hash: who.hash } : {};
    this.#conn?.restart();
  }

  subscribe(fn: (s: State) => void): () => void {
    this.#heard.add(fn);
    return () => this.#heard.delete(fn);
  }

  dispatch(a: Action): void {
    if (this.#tabs.leading) this.#act(a);
    else this.#tabs.act(a);
  }

  async articles(q: string, stop: AbortSignal): Promise<Card[]> {
    const query = new URLSearchParams({ key: this.key, q, lang: this.lang() });
    const r = await fetch(`${this.address}articles?${query}`, { signal: stop, credentials: "omit" });
    if (!r.ok) return [];
    return ((await r.json()) as { articles: Card[] }).articles;
  }

  // Whatever a person picked, pasted or dropped.
  files(list?: FileList | null): boolean {
    const may = this.state.site?.files && (this.state.phase === "open" || this.state.phase === "queued");
    for (const file of may ? (list ?? []) : []) this.dispatch({ do: "file", file });
    return !!(may && list?.length);
  }

  end(): void {
    this.#conn?.end();
    this.#tabs.end();
    clearTimeout(this.#retry);
    clearTimeout(this.#typingUntil);
  }

  #lead(): void {
    // What the leader before had confirmed may still be kept as unsaid.
    this.#put({ out: (this.store.reload().out ?? []).filter((o) => !this.state.lines.some((l) => l.cid === o.cid)) });
    this.#conn = new Conn(this.address.replace(/^http/, "ws") + "socket", this, () => late(this.address, this.lang()));
    this.#conn.open();
  }

  hello(): object {
    return { t: "hello", key: this.key, token: this.store.get().token ?? "", lang: this.lang(), pos: this.state.pos, conversation: this.state.conversation, ...this.#who };
  }

  frame(f: FrameOut): void {
    let next: State;
    try {
      next = apply(this.state, f);
    } catch (e) {
      if (!(e instanceof Gap)) throw e;
      this.#conn?.again();
      return;
    }
    if (f.t === "ping") this.#conn?.send({ t: "pong", pos: next.pos });
    if (f.t === "welcome") this.store.set({ token: f.token });
    this.#set(next);
    if (f.t === "welcome") for (const o of next.out) this.#post(o);
    if (f.t === "typing") this.#forgetTyping();
    if (f.t === "error" && f.code === "try_again") this.#later(f.cid);
  }

  down(retrying: boolean): void {
    this.#put({ net: retrying ? "retry" : "off", typing: "" });
  }

  refused(code: number): void {
    if (code === 4001) {
      this.#fresh();
      return;
    }
    this.#put({ stop: code === 4009 ? "elsewhere" : code === 4011 ? "blocked" : "refused", net: "off" });
  }

  #act(a: Action): void {
    const { do: t, ...rest } = a;
    switch (a.do) {
      case "form":
      case "msg":
      case "letter":
      case "callback":
        this.state = { ...this.state, trouble: undefined };
        this.#say({ t, cid: newID(), at: this.#now(), text: "", ...rest } as Out);
        break;
      case "file":
        this.#attach(a.file);
        break;
      case "drop":
        this.#files.delete(a.cid);
        this.#put({ out: this.state.out.filter((o) => o.cid !== a.cid) });
        break;
      case "again":
        this.#repeat(a.cid);
        break;
      case "fresh":
        this.#fresh();
        break;
      case "here":
        this.#put({ stop: undefined });
        this.#conn?.restart();
        break;
      default:
        this.#put({ trouble: undefined });
        this.#conn?.send({ t, cid: newID(), lang: this.lang(), ...rest });
    }
  }

  #now(): number {
    return Date.now() + this.state.skew;
  }

  // A line is kept before it is sent, and until it is acknowledged.
  #say(o: Out): void {
    this.#put({ out: [...this.state.out, o] });
    this.#post(o);
  }

  #post(o: Out): void {
    if (o.acked || o.failed) return;
    if (o.t === "file") void this.#upload(o);
    else this.#conn?.send({ ...o, lang: this.lang() });
  }

  #attach(file: File): void {
    const cid = newID();
    this.#files.set(cid, file);
    this.#say({ t: "file", cid, text: file.name, at: this.#now() });
  }

  // What broke off is sent again, as the same file.
  async #upload({ cid }: Out): Promise<void> {
    if (this.#sending.has(cid)) return;
    this.#sending.add(cid);
    try {
      const { upload } = await late(this.address, this.lang());
      const to = `${this.address}files?${new URLSearchParams({ key: this.key, lang: "" })}`;
      const f = await upload(to, this.lang(), this.state.site?.files ?? 0, this.store.get().token ?? "", cid, this.#files.get(cid));
      this.frame(f);
      if (f.t === "ack") this.#files.delete(cid);
    } catch {
      this.#later(cid);
    }
    this.#sending.delete(cid);
  }

  #repeat(cid: string): void {
    this.#put({ out: this.state.out.map((o) => (o.cid === cid ? { ...o, failed: undefined } : o)) });
    for (const o of this.state.out) if (o.cid === cid) this.#post(o);
  }

  #later(cid?: string): void {
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(() => {
      if (cid) for (const o of this.state.out) this.#post(o);
    }, 2000);
  }

  #forgetTyping(): void {
    clearTimeout(this.#typingUntil);
    this.#typingUntil = window.setTimeout(() => this.#put({ typing: "" }), 6000);
  }

  // A new chat: another token, another conversation.
  #fresh(): void {
    this.store.set({ token: undefined, out: [], live: false, read: 0 });
    this.#set({ ...empty, site: this.state.site, skew: this.state.skew });
    this.#conn?.restart();
  }

  #put(change: Partial<State>): void {
    this.#set({ ...this.state, ...change });
  }

  #set(s: State): void {
    if (s.out !== this.state.out || s.phase !== this.state.phase) {
      this.store.set({ out: s.out.filter((o) => !o.acked), live: begun(s.phase) || s.out.length > 0 });
    }
    this.#show(s);
    this.#tabs.state(s);
  }

  #show(s: State): void {
    this.state = s;
    for (const fn of this.#heard) fn(s);
  }
}

// 128 random bits: the same line sent twice is one. (randomUUID is not there on pages without TLS.)
function newID(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
