import type { Rules } from "./mask";

// What an agent may do on a customer's page after the second consent. Gives why not, or nothing when it is done.

const editable = new Set(["text", "search", "tel", "email", "url", "number", "date", "time", "month", "week", "datetime-local", "range", "color"]);
const never = [
  ".vx-noctl", "[data-vx-noctl]", ".vx-mask", "[data-vx-mask]", ".vx-block", "[data-vx-block]", "vaxel-chat", "vaxel-collaborate",
  "input[type=password]", "input[type=file]", '[autocomplete^="cc-" i]', '[autocomplete~="one-time-code" i]', '[autocomplete$="-password" i]',
];

export class Hand {
  #never: string;
  #allow: string;

  constructor(rules: Rules) {
    this.#never = [...never, ...rules.forbid, ...rules.block].join();
    this.#allow = rules.allow.join();
  }

  click(node: Node | null): string {
    const el = target(node);
    if (!el) return "gone";
    for (const one of touched(el)) {
      const why = this.#refuses(one);
      if (why) return why;
    }
    if (el instanceof HTMLElement) {
      el.focus({ preventScroll: true });
      el.click();
    } else el.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, composed: true }));
    return "";
  }

  fill(node: Node | null, value: string): string {
    const el = target(node);
    if (!el) return "gone";
    if (this.#forbidden(el)) return "forbidden";
    if (!(el instanceof HTMLInputElement && editable.has(el.type)) && !(el instanceof HTMLTextAreaElement) && !(el instanceof HTMLSelectElement)) return "no_field";
    if (el.disabled || (!(el instanceof HTMLSelectElement) && el.readOnly)) return "disabled";
    if (el instanceof HTMLSelectElement && ![...el.options].some((o) => o.value === value || o.text === value)) return "no_choice";
    const proto = Object.getPrototypeOf(el) as object;
    const chosen = el instanceof HTMLSelectElement ? [...el.options].find((o) => o.value === value || o.text === value)!.value : value;
    el.focus({ preventScroll: true });
    Object.getOwnPropertyDescriptor(proto, "value")?.set?.call(el, chosen); // past what frameworks put over it
    el.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
    return "";
  }

  #forbidden(el: Element): boolean {
    return above(el).some((one) => one.matches(this.#never));
  }

  // A button that sends, or a link that leads away: the customer does that themselves.
  #refuses(el: Element): string {
    if (this.#forbidden(el)) return "forbidden";
    if ((el as HTMLButtonElement).disabled || el.closest("fieldset:disabled, [aria-disabled=true]")) return "disabled";
    const path = above(el);
    const sender = path.findIndex(sends);
    if (sender >= 0 && !(this.#allow && path.slice(sender).some((one) => one.matches(this.#allow)))) return "submit";
    return path.some((one) => one.matches("a, area") && leads(one)) ? "link" : "";
  }
}

// An element and all that a click on it passes through: what it is slotted into, and the hosts of shadow roots.
function above(el: Element): Element[] {
  const path: Element[] = [];
  for (let n: Element | null | undefined = el; n; n = n.assignedSlot ?? n.parentElement ?? (n.getRootNode() as Partial<ShadowRoot>).host) path.push(n);
  return path;
}

// What a click touches: the element, and the field that its label stands for.
function touched(el: Element): Element[] {
  const label = el.closest("label");
  return label?.control ? [el, label.control] : [el];
}

function target(node: Node | null): Element | undefined {
  const el = node instanceof Element ? node : node?.parentElement;
  return el?.isConnected && el.ownerDocument === document ? el : undefined;
}

function sends(el: Element): boolean {
  if (el instanceof HTMLButtonElement) return el.type !== "button" && !!el.form;
  return el instanceof HTMLInputElement && /^(submit|image|reset|file|password)$/.test(el.type);
}

// Other windows, downloads, scripts, mail and telephone, and other websites.
function leads(a: Element): boolean {
  const at = a.getAttribute("href") ?? a.getAttribute("xlink:href");
  if (at === null) return false;
  if (a.hasAttribute("download") || !/^(_self)?$/i.test(a.getAttribute("target") ?? "")) return true;
  try {
    return new URL(at, document.baseURI).origin !== location.origin;
  } catch {
    return true;
  }
}
