import css from "./invite.css";
import { due, type Invite, type Seen } from "./rules";
import type { Host } from "./host";

declare const WORDS: { no: string }; // in the language of this invite.js; see words.ts

// invite.js: asks visitors whether they need help, where the website has said so. The tag's data-invite has it
// fetched when the page is idle; what is to be asked, and when, is one answer of the server, looked at here. Nothing
// of the visitor is told to anybody.
export async function watch(host: Host, open: () => void): Promise<void> {
  const r = await fetch(`${host.base}config?${new URLSearchParams({ key: host.key })}`, { credentials: "omit" });
  if (!r.ok) return;
  const site = (await r.json()) as { open: boolean; languages: string[]; color?: string; invites?: Invite[] };
  if (!host.data.color) host.brand(site.color);
  const seen = load(host.key);
  const next = site.open ? due(site.invites ?? [], seen, location.href) : undefined;
  save(host.key, { ...seen, pages: seen.pages + 1 });
  if (!next) return;
  const text = next.text[host.lang] ?? next.text[site.languages[0]!] ?? Object.values(next.text)[0];
  setTimeout(() => {
    if (!text || host.root.querySelector(".w")) return; // they chat already
    const now = load(host.key);
    save(host.key, { ...now, asked: [...now.asked, next.id] });
    show(host, text, open);
    host.emit("invite", next.id);
  }, (next.after ?? 0) * 1000);
}

function show(host: Host, text: string, open: () => void): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, sheet];
  const ask = document.createElement("div");
  ask.className = "ask";
  ask.setAttribute("role", "status");
  const say = button("say", () => { ask.remove(); open(); });
  say.dir = "auto";
  const no = button("no", () => ask.remove());
  no.ariaLabel = WORDS.no;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const x = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  x.setAttribute("d", "m4 4 8 8M12 4l-8 8");
  svg.append(x);
  no.append(svg);
  ask.append(say, no);
  host.root.insertBefore(ask, host.button);
  requestAnimationFrame(() => (say.textContent = text)); // a status is spoken when its words change
}

function button(name: string, act: () => void): HTMLButtonElement {
  const b = document.createElement("button");
  b.type = "button";
  b.className = name;
  b.onclick = act;
  return b;
}

// What was looked at and asked since the tab was opened; forgotten with it.
function load(key: string): Seen {
  try {
    return { pages: 0, asked: [], ...(JSON.parse(sessionStorage.getItem("vx:ask:" + key) ?? "{}") as Partial<Seen>) };
  } catch {
    return { pages: 0, asked: [] };
  }
}

function save(key: string, seen: Seen): void {
  try {
    sessionStorage.setItem("vx:ask:" + key, JSON.stringify(seen));
  } catch {
    // storage is forbidden: it is asked on each page
  }
}
