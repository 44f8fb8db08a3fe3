import { render } from "preact";
import css from "./chat.css";
import type { Chat, Host } from "./host";
import { spoken } from "./late";
import { Session } from "./session";
import { begun } from "./state";
import { Store } from "./store";
import { until } from "./until";
import { Window, type Prefill } from "./window";
import { made } from "./words";

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
  let over = false;
  let prefill: Prefill = {};

  const draw = () => over || render(<Window host={host} session={session} lang={lang} words={words} there={there} open={open} prefill={prefill} onClose={() => show(false)} onUnread={unread} />, place);
  const show = (on: boolean) => {
    if (open === on) return;
    open = on;
    unread(0);
    draw();
    if (on) learn?.();
    if (!on) host.button.focus();
    host.emit(on ? "open" : "close");
  };
  function unread(n: number) {
    host.label(open ? words.closeChat : words.openChat, open, n);
    if (n) host.emit("unread", n);
  }
  // A website that has not the page's language is met in its first one; while the words of that cannot be had, in the
  // other, which is better than none.
  let learn: (() => void) | undefined;
  const speak = (all: string[]) => {
    const own = all[0];
    if (all.includes(lang) || !own) return;
    lang = own;
    there = false;
    draw(); // so that nothing of the other language is fetched
    learn = until(async () => {
      try {
        const got = await spoken(host.base, own);
        if (lang !== own) return; // the website's languages have changed meanwhile
        ({ words } = got);
        host.speak(own);
        if (open) unread(0);
      } finally {
        there = true;
        draw();
      }
    });
    learn();
  };
  const page = () => host.data.page !== "off" && session.dispatch({ do: "page", url: location.href.split("#")[0]!, title: document.title, referrer: document.referrer, facts: prefill.facts });
  if (host.data.jwt) session.identify(host.data.jwt);
  let phase = session.state.phase;
  let refusal: string | undefined;
  let net = session.state.net;
  session.subscribe((s) => {
    const asks = s.lines.findLast((l) => l.what?.startsWith("collaborate_"));
    if (asks && asks.what === "collaborate_asked" && s.phase === "open") host.collaborate(store.get().token, asks.pos);
    if (s.refusal !== refusal && (refusal = s.refusal)) host.emit("identity", refusal);
    if (s.site) {
      host.brand(s.site.color);
      speak(s.site.languages);
    }
    if (s.net !== net && (net = s.net) === "on") learn?.();
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
          over = true;
          render(null, place);
          host.remove();
      }
    },
  };
}
