import { render } from "preact";
import css from "./chat.css";
import type { Chat, Host } from "./host";
import { Session } from "./session";
import { begun } from "./state";
import { Store } from "./store";
import { Window, type Prefill } from "./window";
import { choose } from "./words";

// chat.js: everything behind the launcher.
export function mount(host: Host): Chat {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, sheet];
  const place = document.createElement("div");
  host.root.prepend(place);

  const store = new Store(host.key);
  const asked = host.data.lang || document.documentElement.lang || navigator.language;
  const session: Session = new Session(host.base, host.key, () => choose(asked, session.state.site?.languages).lang, store);
  let open = false;
  let prefill: Prefill = {};

  const draw = () => render(<Window host={host} session={session} asked={asked} open={open} prefill={prefill} onClose={() => show(false)} onUnread={unread} />, place);
  const show = (on: boolean) => {
    if (open === on) return;
    open = on;
    unread(0);
    draw();
    if (!on) host.button.focus();
    host.emit(on ? "open" : "close");
  };
  function unread(n: number) {
    host.label(open, n);
    if (n) host.emit("unread", n);
  }
  const page = () => host.data.page !== "off" && session.dispatch({ do: "page", url: location.href.split("#")[0]!, title: document.title, referrer: document.referrer, facts: prefill.facts });
  if (host.data.jwt) session.identify(host.data.jwt);
  let phase = session.state.phase;
  let refusal: string | undefined;
  session.subscribe((s) => {
    const asks = s.lines.findLast((l) => l.what?.startsWith("collaborate_"));
    if (asks && asks.what === "collaborate_asked" && s.phase === "open") host.collaborate(store.get().token, asks.pos);
    if (s.refusal !== refusal && (refusal = s.refusal)) host.emit("identity", refusal);
    if (s.site) host.brand(s.site.color);
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
