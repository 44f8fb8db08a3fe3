import type { FrameOut } from "./types";

// A socket made of requests, for networks that let no WebSocket through: each says hello anew, takes along what is
// to be sent, and is answered when there is news. What was broken off is sent again; what is answered at once
// without news, once a second.
export class Poll {
  readyState = 0;
  onopen?: () => void;
  onmessage?: (e: { data: string }) => void;
  onclose?: (e: { code: number }) => void;
  #out: object[] = [];
  #stop?: AbortController;
  #ended = false;

  constructor(url: string, hello: () => object) {
    void this.#run(url, hello);
  }

  send(text: string): void {
    this.#out.push(JSON.parse(text) as object);
    this.#stop?.abort();
  }

  close(): void {
    this.#ended = true;
    this.#stop?.abort();
  }

  async #run(url: string, hello: () => object): Promise<void> {
    let over = false; // by another request: perhaps one of ours that was broken off and came late
    while (!this.#ended) {
      const stop = (this.#stop = new AbortController());
      const sent = this.#out.splice(0, 19);
      try {
        const began = Date.now();
        const hi = hello() as FrameOut;
        const body = JSON.stringify({ frames: [hi, ...sent], wait: this.readyState && 25 });
        const r = await fetch(url, { method: "POST", body, credentials: "omit", signal: stop.signal });
        const { frames, close } = (await r.json()) as { frames?: FrameOut[]; close?: number };
        const first = !this.readyState;
        this.readyState = 1; // what waits is sent when the first welcome comes
        let news = first;
        for (const f of frames ?? []) {
          news ||= !/welcome|error|queue/.test(f.t) && f.lines?.length !== 0;
          // a welcome with another token: who was somebody is not believed any more
          if (f.t !== "welcome" || first || f.token !== hi.token) this.onmessage?.({ data: JSON.stringify(f) });
        }
        const again = close === 4009 && !over;
        over = close === 4009;
        if (!close && !news && Date.now() < began + 1000) await new Promise((r) => setTimeout(r, 1000));
        if (!close || again) continue;
        return this.onclose?.({ code: close });
      } catch {
        if (!stop.signal.aborted) return this.onclose?.({ code: 1006 });
        this.#out.unshift(...sent);
      }
    }
  }
}
