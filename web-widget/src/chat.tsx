import { render } from "preact";
import css from "./chat.css";
import type { Chat, Host } from "./host";
import { Session } from "./session";
import { begun } from "./state";
import { Store } from "./store";
import { Window, type Prefill } from "./window";
import { made, type Words } from "./words";

declare const WORDS_HASH: string; // of the words alone, in all languages; set by cmd/webbuild

// chat.js: everything behind the launcher.
export function mount(host: Host): Chat {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, sheet];
  const place = document.createElement("div");
  host.root.prepend(place);

  const store = new Store(host.key);
  let { lang, words } = made();
  let there = true; // the words are
  const session = new Session(host.base, host.key, () => lang, store);
  let open = false;
  let prefill: Prefill = {};

  const draw = () => render(<Window host={host} session={session} lang={lang} words={words} there={there} open={open} prefill={prefill} onClose={() => show(false)} onUnread={unread} />, place);
  const show = (on: boolean) => {
    if (open === on) return;
    open = on;
    unread(0);
    draw();
    if (!on) host.button.focus();
    host.emit(on ? "open" : "close");
  };
  function unread(n: number) {
    host.label(open ? words.closeChat : words.openChat, open, n);
    if (n) host.emit("unread", n);
  }
  // A website that has not the page's language is met in its first one.
  const speak = async (all: string[]) => {
    if (all.includes(lang) || !all[0]) return;
    lang = all[0];
    there = false;
    draw(); // so that nothing of the other language is fetched
    try {
      ({ words } = (await import(`${host.base}${lang}/words.js?v=${WORDS_HASH}`)) as { words: Words });
      host.speak(lang);
    } catch {
      // the other language is better than none
    }
    there = true;
    draw();
  };
  const page = () => host.data.page !== "off" && session.dispatch({ do: "page", url: location.href.split("#")[0]!, title: document.title, referrer: document.referrer, facts: prefill.facts });
  if (host.data.jwt) session.identify(host.data.jwt);
  let phase = session.state.phase;
  let refusal: string | undefined;
  session.subscribe((s) => {
    const asks = s.lines.findLast((l) => l.what?.startsWith("collaborate_"));
    if (asks && asks.what === "collaborate_asked" && s.phase === "open") host.collaborate(store.get().token, asks.pos);
    if (s.refusal !== refusal && (refusal = s.refusal)) host.emit("identity", refusal);
    if (s.site) {
      host.brand(s.site.color);
      void speak(s.site.languages);
    }
    if (s.phase === phase) return;
    phase = s.phase;
    host.emit("phase", phase);
    if (begun(phase)) page();
  });
  draw();

  return {
    command(name, args) {
      switch (name) {
        case "open":
        case "close":
          show(name === "open");
          break;
        case "set":
          prefill = { ...prefill, ...(args[0] as Prefill) };
          draw();
          page();
          break;
        case "page":
          page();
          break;
        case "identify":
          session.identify(args[0] as string);
          break;
        case "consent":
          session.consent(args[0] !== false);
          break;
        case "shutdown":
          show(false);
          session.end();
          render(null, place);
          host.remove();
      }
    },
  };
}
