import { fill } from "./fill";
import { View } from "./collaborate-view";
import type { Collaborate, Host } from "./host";
import type { Act, Mirror, Rules } from "./mirror";
import type { Words } from "./collaborate-view";

declare const MIRROR_HASH: string; // of mirror.js; set by cmd/webbuild
declare const WORDS: Words; // in the language of this collaborate.js; see words.ts

interface Frame extends Partial<Act> {
  t: string;
  state?: "asked" | "shared" | "ended";
  control?: "off" | "asked" | "given";
  agent?: string;
  pass?: string;
  rules?: Rules;
  cause?: string;
  code?: string;
  detail?: string;
}

const most = 4 << 20; // bytes that may wait in the socket: more is not added to, a new picture follows
const refused = new Set([4001, 4003]);

// collaborate.js: the customer's side of showing their page to an agent. Nothing of the page is read before they have
// said yes; only then mirror.js is fetched.
export function mount(host: Host): Collaborate {
  const { lang } = host;
  const w = WORDS;
  const view = new View(w, lang, host.data.theme);
  const name = "vxc:" + host.key;
  let hello: { token?: string; code?: string; pass?: string } | undefined; // whom we are; nobody: no socket is wanted
  let ws: WebSocket | undefined;
  let mirror: Mirror | undefined;
  let loading = false;
  let behind = false; // events were left out
  let fresh = false; // this socket has not shown the page yet
  let now: Frame = { t: "state" };
  let asking = ""; // what stands open: share or control
  let tries = 0;
  let asked = 0; // position of the agent's last question in the chat
  let next: string | undefined; // token of the chat whose agent asks while the page is shown to the one before

  const send = (f: object): boolean => {
    if (ws?.readyState !== WebSocket.OPEN) return false;
    ws.send(JSON.stringify(f));
    return true;
  };

  function connect(who: typeof hello): void {
    hello = who;
    ws?.close();
    if (!hello) return;
    const here = new WebSocket(host.base.replace(/^http/, "ws") + "collaborate");
    ws = here;
    here.onopen = () => {
      tries = 0;
      fresh = true;
      send({ t: "hello", key: host.key, lang, ...hello });
    };
    here.onmessage = (e) => ws === here && hear(JSON.parse(e.data as string) as Frame);
    here.onclose = (e) => ws === here && closed(e.code);
  }

  function closed(code: number): void {
    ws = undefined;
    if (!hello || code === 1000) return;
    if (refused.has(code)) return over();
    if (hello.code) return view.askCode(enter, w.gone); // spent or not: they see what became of it
    setTimeout(() => !ws && connect(hello), Math.random() * Math.min(30_000, 500 * 2 ** tries++));
  }

  function hear(f: Frame): void {
    switch (f.t) {
      case "state":
        return state(f);
      case "snapshot":
        if (mirror) picture();
        break;
      case "point":
        view.point(f.x ?? 0, f.y ?? 0);
        break;
      case "mark":
        view.mark(mirror?.box(f.id ?? 0));
        break;
      case "act": {
        const why = now.control === "given" && mirror ? mirror.act(f as Act) : "no_control";
        send({ t: "acted", n: f.n, ok: !why, why });
        break;
      }
      case "ping":
        send({ t: "pong" });
        break;
      case "error":
        if (hello?.code) {
          hello = undefined; // what closes now is not the end of the question
          view.askCode(enter, f.detail);
        } else if (f.code !== "no_collaboration") view.note(f.detail ?? "");
    }
  }

  function state(f: Frame): void {
    now = f;
    if (f.pass) {
      keep(f.pass);
      hello = { pass: f.pass };
    }
    if (f.state === "ended") return over(f.cause);
    if (f.state === "asked") return ask("share");
    if (asking === "share") shut();
    void show(f);
    if (f.control === "asked") ask("control");
    else if (asking === "control") shut();
  }

  // Whoever is elsewhere is asked when they come back.
  function ask(what: "share" | "control"): void {
    if (asking === what) return;
    if (document.visibilityState === "hidden") {
      document.addEventListener("visibilitychange", () => now.state && state(now), { once: true });
      return;
    }
    asking = what;
    const who = now.agent ?? "";
    if (what === "share") view.ask(fill(w.ask, who), w.lead, w.yes, w.no, (on) => { asking = ""; send({ t: "share", on }); });
    else view.ask(fill(w.askControl, who), now.rules?.allow.length ? w.leadControlSends : w.leadControl, w.yesControl, w.no, (on) => { asking = ""; send({ t: "control", on }); });
  }

  function shut(): void {
    asking = "";
    view.close();
  }

  // The page is shown from here on; on a new socket all of it anew.
  async function show(f: Frame): Promise<void> {
    view.bar(f.agent ?? "", f.control === "given", stop, () => send({ t: "control", on: false }));
    if (mirror) {
      if (fresh) picture();
      return;
    }
    if (loading) return;
    loading = true;
    const nodes = count();
    try {
      const { start } = (await import(`${host.base}mirror.js?v=${MIRROR_HASH}`)) as typeof import("./mirror");
      if (now.state !== "shared") return; // ended meanwhile
      send({ t: "page", url: place(), nodes });
      fresh = false;
      if (nodes > f.rules!.nodes_max) return; // the server ends it, and says so
      mirror = start(f.rules!, emit);
      if (!mirror) send({ t: "stop", cause: "bad_rules" });
    } catch {
      setTimeout(() => now.state === "shared" && void show(now), 2000);
    } finally {
      loading = false;
    }
  }

  function picture(): void {
    fresh = behind = false;
    send({ t: "page", url: place(), nodes: count() });
    mirror?.picture();
  }

  // What the mirror gives, already masked.
  function emit(events: unknown[], whole: boolean, busy: boolean): void {
    if (!ws || ws.bufferedAmount > most) {
      if (!behind) setTimeout(catchUp, 500);
      behind = true;
    } else if (!behind || whole) send({ t: "events", events, whole, busy });
  }

  function catchUp(): void {
    if (!behind || !mirror) return;
    if (ws && ws.bufferedAmount > most) setTimeout(catchUp, 500);
    else if (ws) picture();
  }

  function stop(): void {
    if (!send({ t: "stop" })) over(); // nobody hears it; the server notices that the page is gone
    mirror?.stop();
    mirror = undefined;
    view.unbar();
  }

  function over(cause?: string): void {
    const was = now.state === "shared" || cause === "elsewhere" || cause === "too_large" || !!mirror;
    mirror?.stop();
    mirror = undefined;
    hello = undefined;
    now = { t: "state" };
    forget();
    shut();
    view.unbar();
    if (cause !== undefined && was) view.note((w.cause as Record<string, string>)[cause] ?? w.over);
    ws?.close();
    ws = undefined;
    const token = next;
    next = undefined;
    if (token) connect({ token });
  }

  function enter(code: string): void {
    view.close();
    connect({ code });
  }

  const escape = (e: KeyboardEvent) => {
    const chat = e.composedPath().includes(host.root.host);
    if (e.key === "Escape" && e.isTrusted && now.state === "shared" && !chat && !asking) stop();
  };
  addEventListener("keydown", escape);

  function keep(pass: string): void {
    try {
      sessionStorage.setItem(name, pass);
    } catch {
      // forbidden: the next page is not shown
    }
  }
  function forget(): void {
    try {
      sessionStorage.removeItem(name);
    } catch {
      // forbidden
    }
  }

  return {
    begin(token?: string, pos = 0) {
      if (token === "") view.askCode(enter);
      else if (token && pos > asked) {
        asked = pos;
        if (!hello || hello.token) connect({ token });
        else next = token;
      } else if (!token && !hello) resume();
    },
    end() {
      if (now.state) stop();
      next = undefined;
      over();
      removeEventListener("keydown", escape);
      view.remove();
    },
  };

  function resume(): void {
    const pass = sessionStorage.getItem(name);
    if (pass) connect({ pass });
  }
}

const place = () => location.origin + location.pathname;
const count = () => document.getElementsByTagName("*").length;
