import css from "./loader.css";
import tokens from "./tokens.css";
import { turned, type Chat, type Collaborate, type Host } from "./host";

declare const OPEN: Record<string, string>; // what the launcher does, by language; set by cmd/webbuild
declare const CHAT_HASH: string; // of chat.js in all languages; the same
declare const INVITE_HASH: string;
declare const COLLABORATE_HASH: string; // of collaborate.js

// v1.js: the launcher, and nothing more until somebody wants to talk. It draws a button in a shadow root of its
// own, answers vaxel(…) and fetches chat.js on the first click, or when a chat is already going on.
function start(script: HTMLScriptElement): void {
  const data = script.dataset;
  const key = data.key ?? "";
  const base = new URL("./", script.src).href;
  const lang = [data.lang, document.documentElement.lang, ...navigator.languages].map((l) => l?.slice(0, 2).toLowerCase().replace(/n[on]/, "nb")).find((l) => l! in OPEN) ?? "en";

  const element = document.createElement("vaxel-chat");
  if (data.theme) element.dataset.theme = data.theme;
  const root = element.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(tokens + css);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.className = "launcher";
  button.type = "button";
  button.hidden = data.hideLauncher !== undefined;
  const badge = document.createElement("span");
  badge.className = "count";
  badge.hidden = true;
  button.append(
    drawing("chat", "M4.3 2.5h7.4a1.8 1.8 0 0 1 1.8 1.8v4.9a1.8 1.8 0 0 1-1.8 1.8H7.4L4 13.7V11a1.8 1.8 0 0 1-1.5-1.8V4.3a1.8 1.8 0 0 1 1.8-1.8Z"),
    drawing("down", "m4.5 6.3 3.5 3.5 3.5-3.5"),
    badge,
  );

  const at = (name: string, hash: string) => `${base}${host.lang}/${name}.js?v=${hash}`;
  const listeners: Record<string, ((detail: unknown) => void)[]> = {};
  const host: Host = {
    base, key, root, button, data, lang,
    speak(l) {
      element.lang = host.lang = l;
      element.dir = turned(l);
      element.toggleAttribute("left", (data.position || (element.dir === "rtl" && "left")) === "left");
    },
    label(text, open, unread) {
      button.setAttribute("aria-expanded", String(open));
      button.setAttribute("aria-label", text + (!open && unread ? ` (${unread})` : ""));
      element.toggleAttribute("open", open);
      badge.hidden = open || !unread;
      badge.textContent = unread > 9 ? "9+" : String(unread);
    },
    emit(name, detail) {
      for (const fn of listeners[name] ?? []) fn(detail);
    },
    brand(color) {
      element.toggleAttribute("brand", !!color);
      element.style.setProperty("--brand", color ?? "");
    },
    // Looking at the page together: an agent has asked in the chat, or there is a code to type, or the page before was shown.
    collaborate(token, pos) {
      (shared ??= import(at("collaborate", COLLABORATE_HASH)).then((m: { mount(h: Host): Collaborate }) => m.mount(host)))
        .then((c) => c.begin(token, pos), () => (shared = undefined));
    },
    remove() {
      void shared?.then((c) => c.end());
      element.remove();
      chat = undefined;
    },
  };
  host.speak(lang);
  host.label(OPEN[lang]!, false, 0);
  host.brand(data.color);

  let chat: Promise<Chat> | undefined;
  let shared: Promise<Collaborate> | undefined;
  const load = () => (chat ??= import(at("chat", CHAT_HASH)).then((m: { mount(h: Host): Chat }) => m.mount(host)));
  const command = (name: string, ...args: unknown[]): void => {
    if (name === "on") (listeners[args[0] as string] ??= []).push(args[1] as (detail: unknown) => void);
    else if (name === "collaborate") host.collaborate("");
    else if (name === "close" || name === "shutdown") void chat?.then((c) => c.command(name, args));
    else load().then((c) => c.command(name, args), () => (chat = undefined)); // the next click tries again
  };

  button.onclick = () => command(element.hasAttribute("open") ? "close" : "open");
  button.onpointerenter = button.onfocus = () => {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = at("chat", CHAT_HASH);
    if (!chat) document.head.append(link);
    button.onpointerenter = button.onfocus = null;
  };

  root.append(button);
  document.body.append(element);
  const before = (window.vaxel as { q?: unknown[][] } | undefined)?.q ?? [];
  window.vaxel = command;
  for (const args of before) command(...(Array.from(args) as [string]));
  const idle = window.requestIdleCallback ?? setTimeout;
  if (kept("vxc:" + key)) host.collaborate();
  if (/"live":true/.test(kept("vx:" + key))) idle(() => void load());
  else if ("invite" in data) idle(() => void import(at("invite", INVITE_HASH)).then((m: typeof import("./invite")) => m.watch(host, () => command("open"))));
}

function kept(name: string): string {
  try {
    return (localStorage.getItem(name) ?? "") + (sessionStorage.getItem(name) ?? "");
  } catch {
    return ""; // storage is forbidden here
  }
}

function drawing(name: string, path: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", name);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const p = document.createElementNS("http://www.w3.org/2000/svg", "path");
  p.setAttribute("d", path);
  svg.append(p);
  return svg;
}

const script = document.currentScript as HTMLScriptElement | null;
if (script) {
  if (document.body) start(script);
  else addEventListener("DOMContentLoaded", () => start(script));
}
