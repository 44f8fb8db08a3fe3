import type { Action } from "./session";
import type { State } from "./state";

// Several tabs of a website are one visitor with one socket: whoever gets the lock leads, the others show the
// leader's state and ask it to act. A leader that goes lets the next one in. Without a name each tab leads.

export interface Tab {
  lead(): void;
  act(a: Action): void;
  state(s: State): void;
  ask(): State;
}

type Note = { state: State } | { act: Action } | { ask: true };

export class Tabs {
  leading = false;
  #channel?: BroadcastChannel;
  #release?: () => void;

  constructor(name: string, private tab: Tab) {
    if (!name || !navigator.locks || !window.BroadcastChannel) {
      queueMicrotask(() => this.#begin());
      return;
    }
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (e: MessageEvent<Note>) => this.#hear(e.data);
    this.#post({ ask: true });
    void navigator.locks.request(name, () => {
      this.#begin();
      return new Promise<void>((done) => (this.#release = done));
    });
  }

  state(s: State): void {
    if (this.leading) this.#post({ state: s });
  }

  act(a: Action): void {
    this.#post({ act: a });
  }

  end(): void {
    this.leading = false;
    this.#release?.();
    this.#channel?.close();
    this.#channel = undefined;
  }

  #begin(): void {
    this.leading = true;
    this.tab.lead();
  }

  #hear(n: Note): void {
    if ("state" in n) {
      if (!this.leading) this.tab.state(n.state);
    } else if (this.leading) {
      if ("act" in n) this.tab.act(n.act);
      else this.#post({ state: this.tab.ask() });
    }
  }

  #post(n: Note): void {
    this.#channel?.postMessage(n);
  }
}
