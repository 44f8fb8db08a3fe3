import css from "./collaborate.css";
import tokens from "./tokens.css";
import { fill } from "./fill";
import { turned } from "./host";
import type sv from "./words/sv.json";

export type Words = (typeof sv)["shared"]; // what the customer reads about showing their page; cause: why it ended

// All that the customer sees of being seen: questions, the lasting bar, the agent's pointer. Plain elements in a shadow
// root of their own: they outlive the chat's window, and no rule of the page reaches them.
export class View {
  #host = document.createElement("vaxel-collaborate");
  #root = this.#host.attachShadow({ mode: "open" });
  #status = make("div", "vh");
  #bar?: HTMLElement;
  #dot?: HTMLElement;
  #mark?: HTMLElement;
  #note?: HTMLElement;
  #open?: { el: HTMLElement; before: Element | null };
  #hide = 0;

  constructor(private w: Words, lang: string, theme?: string) {
    this.#host.lang = lang;
    this.#host.dir = turned(lang);
    if (theme) this.#host.dataset.theme = theme;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(tokens + css);
    this.#root.adoptedStyleSheets = [sheet];
    this.#status.setAttribute("role", "status");
    this.#root.append(this.#status);
    document.documentElement.append(this.#host); // not in body: a page that empties it does not take the bar along
  }

  remove(): void {
    this.#host.remove();
  }

  // Asks; the answer is given once. Escape says no.
  ask(title: string, lead: string, yes: string, no: string, answer: (on: boolean) => void): void {
    const box = this.#dialog(title, () => this.#answer(answer, false));
    const text = make("p", "", lead);
    const row = make("div", "row");
    row.append(button(yes, "primary", () => this.#answer(answer, true)), button(no, "", () => this.#answer(answer, false)));
    box.append(text, row);
    box.focus();
  }

  // Asks for the six digits; again says what was wrong with those before.
  askCode(enter: (code: string) => void, wrong = ""): void {
    const w = this.w;
    const box = this.#dialog(w.title, () => this.close());
    const form = make("form", "col");
    const label = make("label", "", w.code);
    const input = make("input", "") as HTMLInputElement;
    Object.assign(input, { inputMode: "numeric", dir: "ltr", maxLength: 7, autocomplete: "off", required: true });
    const bad = make("p", "bad", wrong);
    bad.setAttribute("role", "alert");
    const row = make("div", "row");
    const go = button(w.go, "primary");
    go.type = "submit";
    row.append(go, button(w.cancel, "", () => this.close()));
    label.append(input);
    form.append(label, bad, row);
    form.onsubmit = (e) => {
      e.preventDefault();
      const code = input.value.replace(/\D/g, "");
      if (code.length === 6) enter(code);
      else bad.textContent = w.digits;
    };
    (form as HTMLFormElement).noValidate = true;
    box.append(form);
    input.focus();
  }

  close(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.el.remove();
    (open?.before as HTMLElement | null)?.focus?.();
  }

  // The bar stays for as long as the page is shown. control gives a way to take that back.
  bar(who: string, control: boolean, stop: () => void, back: () => void): void {
    const w = this.w;
    const text = fill(control ? w.helps : w.sees, who);
    if (!this.#bar) {
      this.#bar = make("section", "bar");
      this.#bar.setAttribute("aria-label", w.shown);
      this.#root.prepend(make("div", "frame"), this.#bar);
    }
    const end = button(w.stop, "", stop);
    end.append(" ", make("kbd", "", w.key));
    this.#bar.replaceChildren(eye(), make("span", "", text), end, ...(control ? [button(w.back, "", back)] : []));
    this.say(text);
  }

  unbar(): void {
    this.#bar?.remove();
    this.#root.querySelector(".frame")?.remove();
    this.#dot?.remove();
    this.#mark?.remove();
    this.#bar = this.#dot = this.#mark = undefined;
  }

  point(x: number, y: number): void {
    if (!this.#bar) return;
    if (!this.#dot) this.#root.append((this.#dot = make("div", "dot")));
    this.#dot.hidden = false;
    move(this.#dot, { transform: `translate(${Math.round(x)}px, ${Math.round(y)}px)` }, 90);
    clearTimeout(this.#hide);
    this.#hide = window.setTimeout(() => this.#dot && (this.#dot.hidden = true), 4000);
  }

  mark(box?: DOMRect): void {
    if (!this.#bar) return;
    if (!this.#mark) this.#root.append((this.#mark = make("div", "mark")));
    const m = this.#mark;
    m.hidden = !box;
    if (box) move(m, { left: `${box.x - 6}px`, top: `${box.y - 6}px`, width: `${box.width + 12}px`, height: `${box.height + 12}px` });
  }

  note(text: string): void {
    this.#note?.remove();
    if (!text) return;
    this.#note = make("div", "note");
    this.#note.append(make("span", "", text), button(this.w.close, "", () => this.#note?.remove()));
    this.#root.append(this.#note);
    this.say(text);
  }

  say(text: string): void {
    this.#status.textContent = text;
  }

  #answer(answer: (on: boolean) => void, on: boolean): void {
    this.close();
    answer(on);
  }

  // A modal dialog: focus stays inside and returns to where it was.
  #dialog(title: string, escape: () => void): HTMLElement {
    this.close();
    const el = make("div", "scrim");
    const box = make("section", "box");
    const head = make("h2", "", title);
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-label", title);
    box.tabIndex = -1;
    box.append(head);
    el.append(box);
    el.onkeydown = (e) => {
      e.stopPropagation();
      if (e.key === "Escape") escape();
      if (e.key !== "Tab") return;
      const stops = [...box.querySelectorAll<HTMLElement>("button, input")];
      const edge = e.shiftKey ? stops[0] : stops[stops.length - 1];
      if (this.#root.activeElement !== edge && this.#root.activeElement !== box) return;
      e.preventDefault();
      (e.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
    };
    this.#open = { el, before: document.activeElement };
    this.#root.append(el);
    return box;
  }
}

// Moved without its style attribute: the recorder would look at that, which a strict policy reports.
function move(el: HTMLElement, to: Keyframe, duration = 0): void {
  el.animate([to], { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : duration, fill: "forwards" });
}

function make(tag: string, name: string, text = ""): HTMLElement {
  const el = document.createElement(tag);
  if (name) el.className = name;
  el.textContent = text;
  return el;
}

function button(text: string, name: string, click?: () => void): HTMLButtonElement {
  const b = make("button", name, text) as HTMLButtonElement;
  b.type = "button";
  // Only a person may answer for the customer: neither the page's own scripts nor the agent's hand.
  b.onclick = (e) => e.isTrusted && click?.();
  return b;
}

function eye(): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "eye");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  for (const d of ["M1.5 9S4.2 4 9 4s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5Z", "M9 6.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4"]) {
    const p = document.createElementNS("http://www.w3.org/2000/svg", "path");
    p.setAttribute("d", d);
    svg.append(p);
  }
  return svg;
}
