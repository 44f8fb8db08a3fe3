// What the loader and the chat, which are two files, know of each other.

export interface Host {
  base: string; // https://host/w/
  key: string;
  root: ShadowRoot;
  button: HTMLButtonElement;
  data: DOMStringMap; // the script tag's data- attributes
  lang: string; // that the widget speaks
  speak(lang: string): void;
  label(text: string, open: boolean, unread: number): void;
  emit(name: string, detail?: unknown): void;
  brand(color?: string): void; // the website's own
  // token: of the chat in which an agent asks, at pos; empty: there is a code to type; none: the page before was shown.
  collaborate(token?: string, pos?: number): void;
  remove(): void;
}

// The direction in which a language is written.
export function turned(lang: string): "ltr" | "rtl" {
  return lang === "ar" ? "rtl" : "ltr";
}

export interface Chat {
  command(name: string, args: unknown[]): void;
}

export interface Collaborate {
  begin(token?: string, pos?: number): void;
  end(): void;
}

declare global {
  interface Window {
    vaxel?: ((name: string, ...args: unknown[]) => void) | { q?: unknown[][] };
  }
}
