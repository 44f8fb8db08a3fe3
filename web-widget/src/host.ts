// What the loader and the chat, which are two files, know of each other.

export interface Host {
  base: string; // https://host/w/
  key: string;
  root: ShadowRoot;
  button: HTMLButtonElement;
  data: DOMStringMap; // the script tag's data- attributes
  swedish: boolean;
  label(open: boolean, unread: number): void;
  emit(name: string, detail?: unknown): void;
  brand(color?: string): void; // the website's own
  remove(): void;
}

export interface Chat {
  command(name: string, args: unknown[]): void;
}

declare global {
  interface Window {
    vaxel?: ((name: string, ...args: unknown[]) => void) | { q?: unknown[][] };
  }
}
