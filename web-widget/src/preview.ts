// preview.js: the real widget as a draft of its settings would make it, in a sandboxed frame of the administration. Its
// socket is played here, so that nothing is stored and nobody is asked.
import type { FrameOut, Site } from "./types";

interface Draft {
  key: string;
  lang: string;
  left: boolean;
  site: Site;
}

let draft: Draft;
const ours = new URL(location.href).origin; // the frame's own is opaque

class Played {
  readyState = 1;
  onopen?: () => void;
  onmessage?: (e: { data: string }) => void;
  onclose?: (e: { code: number }) => void;
  #pos = 0;

  constructor() {
    setTimeout(() => this.onopen?.());
  }

  send(text: string): void {
    const f = JSON.parse(text) as FrameOut;
    if (f.t === "hello") this.#say({ t: "welcome", token: "preview", phase: draft.site.open ? "pre" : "offline", now: Date.now(), site: draft.site, conversation: "1" });
    if (f.t === "letter") this.#say({ t: "left", cid: f.cid });
    if (f.t !== "form" && f.t !== "msg") return;
    this.#say({ t: "ack", cid: f.cid, prev: this.#pos, pos: ++this.#pos, at: Date.now(), done: true });
    if (f.t === "form") this.#say({ t: "queue", phase: "queued", position: 1, wait: 60 });
  }

  close(): void {
    this.readyState = 3;
  }

  #say(f: FrameOut): void {
    setTimeout(() => this.readyState === 1 && this.onmessage?.({ data: JSON.stringify(f) }));
  }
}

function show(): void {
  if (typeof window.vaxel === "function") window.vaxel("shutdown");
  document.querySelector("vaxel-chat")?.remove();
  document.documentElement.lang = draft.lang;
  window.vaxel = { q: [["open"]] };
  const tag = document.createElement("script");
  tag.src = new URL("v1.js", (document.querySelector("script") as HTMLScriptElement).src).href;
  Object.assign(tag.dataset, { key: draft.key, lang: draft.lang, ...(draft.left && { position: "left" }) }, draft.site.color && { color: draft.site.color });
  document.body.append(tag);
}

// Who designs is writing beside the frame: the window that opens in it takes no focus from there.
const focus = HTMLElement.prototype.focus;
HTMLElement.prototype.focus = function (how) {
  if (document.hasFocus()) focus.call(this, how);
};

Object.assign(window, { WebSocket: Played, fetch: () => Promise.resolve(new Response('{"articles":[]}')) });
addEventListener("message", (e: MessageEvent<Draft>) => {
  if (e.source !== parent || e.origin !== ours) return;
  draft = e.data;
  show();
});
parent.postMessage("ready", ours);
