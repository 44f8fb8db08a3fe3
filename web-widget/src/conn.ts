import type { Poll } from "./poll";
import type { FrameOut } from "./types";

// One socket at a time, for ever: it comes back 0.5 s, 1 s, 2 s … 30 s after it went (full jitter), and at once
// when the browser is online or the page is shown again. A server that stops says when to come. Until a
// WebSocket has come through, every third try is made of requests, by what later.js holds.

const silence = 40_000; // the server pings every 25 s
const hello = 10_000; // no welcome by then: half open

export interface Listener {
  hello(): object;
  frame(f: FrameOut): void;
  down(retrying: boolean): void;
  refused(code: number): void;
}

export class Conn {
  #ws?: WebSocket | Poll;
  #polls?: boolean; // what has come through on this page; the other is tried no more
  #tries = 0;
  #refused = false; // for good, until restarted
  #retry = 0;
  #told = 0; // when a server that stops wants us back, ms from its close
  #watch = 0;
  #ended = false;
  #poll?: typeof Poll;
  #over = new AbortController();

  constructor(private url: string, private on: Listener, private late: () => Promise<{ Poll: typeof Poll }>) {
    const { signal } = this.#over;
    addEventListener("online", this.#now, { signal });
    addEventListener("pageshow", this.#now, { signal });
    document.addEventListener("visibilitychange", this.#now, { signal });
  }

  open = (): void => {
    if (this.#ended || this.#ws) return;
    clearTimeout(this.#retry);
    const polls = this.#polls ?? this.#tries % 3 === 2;
    if (polls && !this.#poll) {
      this.late().then((m) => { this.#poll = m.Poll; this.open(); }, () => this.#ws || this.#ended || this.#gone(0));
      return;
    }
    const ws = polls ? new this.#poll!(this.url.replace(/^ws(.*)socket$/, "http$1poll"), () => this.on.hello()) : new WebSocket(this.url);
    this.#ws = ws;
    this.#guard(hello);
    ws.onopen = () => ws.send(JSON.stringify(this.on.hello()));
    ws.onmessage = (e: { data: string }) => {
      if (this.#ws !== ws) return;
      this.#guard(silence);
      const f = JSON.parse(e.data) as FrameOut;
      if (f.t === "welcome") {
        this.#tries = 0;
        this.#polls = polls;
      }
      if (f.t === "drain") this.#told = f.retry_after ?? 0;
      this.on.frame(f);
    };
    ws.onclose = (e: { code: number }) => {
      if (this.#ws === ws) this.#gone(e.code);
    };
  };

  send(frame: object): boolean {
    if (this.#ws?.readyState !== 1) return false; // open
    this.#ws.send(JSON.stringify(frame));
    return true;
  }

  // What we have does not fit what came: resume.
  again(): void {
    const ws = this.#ws;
    this.#gone(0);
    ws?.close();
    this.#now();
  }

  end(): void {
    this.#ended = true;
    this.#over.abort();
    this.#drop();
  }

  restart(): void {
    this.#drop();
    this.#refused = false;
    this.#tries = 0;
    this.open();
  }

  #drop(): void {
    const ws = this.#ws;
    this.#ws = undefined;
    clearTimeout(this.#watch);
    clearTimeout(this.#retry);
    ws?.close();
  }

  #now = (): void => {
    if (!this.#ws && !this.#refused && !document.hidden && navigator.onLine) this.open();
  };

  #guard(ms: number): void {
    clearTimeout(this.#watch);
    this.#watch = window.setTimeout(() => {
      const ws = this.#ws;
      this.#gone(0);
      ws?.close();
    }, ms);
  }

  #gone(code: number): void {
    this.#ws = undefined;
    clearTimeout(this.#watch);
    if (code === 4001 || code === 4003 || code === 4009 || code === 4011) {
      this.#refused = code !== 4011; // a block may have been lifted when they look again
      this.on.refused(code);
      return;
    }
    this.on.down(navigator.onLine);
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(this.open, this.#told || Math.random() * Math.min(30_000, 500 * 2 ** this.#tries++));
    this.#told = 0;
  }
}
