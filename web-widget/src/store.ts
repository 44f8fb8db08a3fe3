import type { Out } from "./types";

// What the browser keeps between pages. No cookie: session storage until the visitor has consented, local
// storage after. Storage may be forbidden or full; the chat then lives as long as its page.
export interface Kept {
  token?: string;
  live?: boolean; // a chat is going on: load at once on the next page
  out?: Out[];
  mute?: boolean;
  draft?: string;
  read?: number; // the last position that was shown in an open window
}

export class Store {
  #name: string;
  #box?: Storage;
  #kept: Kept = {};

  constructor(key: string) {
    this.#name = "vx:" + key;
    for (const pick of [() => localStorage, () => sessionStorage]) {
      try {
        const text = pick().getItem(this.#name);
        this.#box = pick();
        if (text) {
          this.#kept = JSON.parse(text) as Kept;
          return;
        }
      } catch {
        // forbidden here, or not ours: begin anew
      }
    }
  }

  // Local storage is shared by the tabs of the website; then one of them holds the socket.
  get shared(): boolean {
    try {
      return this.#box === localStorage;
    } catch {
      return false;
    }
  }

  get(): Kept {
    return this.#kept;
  }

  // Another tab may have written since.
  reload(): Kept {
    try {
      const text = this.#box?.getItem(this.#name);
      if (text) this.#kept = JSON.parse(text) as Kept;
    } catch {
      // keep what we have
    }
    return this.#kept;
  }

  set(change: Kept): void {
    this.#kept = { ...this.reload(), ...change };
    try {
      this.#box?.setItem(this.#name, JSON.stringify(this.#kept));
    } catch {
      // full or forbidden
    }
  }

  consent(given: boolean): void {
    this.reload();
    try {
      this.#box?.removeItem(this.#name);
      this.#box = given ? localStorage : sessionStorage;
    } catch {
      this.#box = undefined;
    }
    this.set({});
  }
}
