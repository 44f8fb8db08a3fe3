// What of a page may leave the browser. Pure but for the DOM that it asks; every event passes through scrub before it
// is sent, so that what is masked is masked whatever the recorder does.

export interface Rules {
  mask: string[];
  block: string[];
  forbid: string[];
  allow: string[];
  nodes_max: number;
}

// What is typed is masked wherever it stands; a website shows a field by marking it.
export const show = "[data-vx-show]";
const secrets = ["input[type=password]", "input[type=file]", "input[type=hidden]", '[autocomplete^="cc-" i]', '[autocomplete~="one-time-code" i]', '[autocomplete$="-password" i]'];
const masks = [".vx-mask", "[data-vx-mask]", ...secrets, "[contenteditable]:not([contenteditable=false])"];
const blocks = [".vx-block", "[data-vx-block]", 'iframe[src*="pay" i]', "iframe[src*='checkout' i]", '[autocomplete^="cc-" i]', "canvas", "vaxel-chat", "vaxel-collaborate"];
const ours = /^vaxel-(chat|collaborate)$/i;
const plain = new Set(["submit", "button", "reset", "image", "checkbox", "radio"]); // inputs whose value nobody typed
const kept = new Set(["class", "style", "type", "id", "rows", "cols", "width", "height", "role", "dir", "hidden", "disabled", "colspan", "rowspan"]);
const harmless = /^(viewport|charset|color-scheme|theme-color)$/i;

// The rules as selectors; undefined when one of them is none, because then nobody knows what was to be masked.
export function selectors(rules: Rules): { mask: string; block: string; secret: string } | undefined {
  try {
    for (const s of [...rules.mask, ...rules.block, ...rules.forbid, ...rules.allow]) document.createDocumentFragment().querySelector(s);
  } catch {
    return undefined;
  }
  return { mask: [...masks, ...rules.mask].join(), block: [...blocks, ...rules.block].join(), secret: [...secrets, ...rules.mask, ".vx-mask", "[data-vx-mask]"].join() };
}

export const stars = (text: string) => text.replace(/\S/g, "*");

// closest, through the shadow roots and frames above too. What stands in a frame has classes of its own, so that nothing
// here asks for instanceof.
export function within(node: Node | null, selector: string): Element | undefined {
  for (let n = node; n; ) {
    const el = element(n);
    const hit = el?.closest(selector);
    if (hit) return hit;
    const root = (el ?? n).getRootNode();
    n = (root as Partial<ShadowRoot>).host ?? (root as Document).defaultView?.frameElement ?? null;
  }
  return undefined;
}

const element = (n: Node) => (n.nodeType === 1 ? (n as Element) : n.parentElement);

interface Serialized {
  type: number; // 2 element, 3 text
  id: number;
  tagName?: string;
  textContent?: string;
  attributes?: Record<string, unknown>;
  childNodes?: Serialized[];
}

interface Recorded {
  type: number; // 2 whole, 3 change, 4 meta
  data: {
    source?: number;
    href?: string;
    node?: Serialized;
    adds?: { node: Serialized }[];
    texts?: { id: number; value: string | null }[];
    attributes?: { id: number; attributes: Record<string, unknown> }[];
    id?: number;
    text?: string;
  };
}

// Masks an event in place. find gives an element by its number in the mirror; one that is not there any more is masked.
export function scrub(event: unknown, find: (id: number) => Node | null, mask: string, secret: string): void {
  const e = event as Recorded;
  const d = e.data;
  const hidden = (n: Node | null) => !n || (!!within(n, mask) && !shown(n));
  const shown = (n: Node) => !!within(n, show) && !within(n, secret);

  const attributes = (n: Node | null, name: string, list: Record<string, unknown>): void => {
    const all = !n || !!within(n, secret);
    for (const k of Object.keys(list)) {
      const v = list[k];
      if (typeof v !== "string" && k !== "checked" && k !== "selected") continue;
      if (/^(on.*|srcdoc)$/i.test(k)) delete list[k]; // scripts, and a frame's whole text beside its masked document
      else if (all && !kept.has(k) && !/^(rr_(width|height|scroll.*)|_cssText)$/.test(k)) delete list[k];
      else if (k === "value" && typed(n, name)) list[k] = n && shown(n) ? v : stars(String(v));
      else if ((/href$/.test(k) && /^(a|area)$/.test(name)) || k === "action" || k === "formaction") list[k] = String(v).split(/[?#]/)[0];
      else if (k === "content" && name === "meta" && !harmless.test((n as Element | null)?.getAttribute("name") ?? "")) delete list[k];
    }
  };

  const tree = (s: Serialized, parent: Node | null): void => {
    const n = find(s.id);
    const name = (s.tagName ?? "").toLowerCase();
    if (s.attributes) attributes(n ?? (s.type === 2 ? null : parent), name, s.attributes);
    if (s.type === 3 && s.textContent && secretText(n ?? parent, hidden)) s.textContent = stars(s.textContent);
    if (!s.childNodes) return;
    s.childNodes = s.childNodes.filter((c) => !ours.test(c.tagName ?? ""));
    for (const c of s.childNodes) tree(c, n);
  };

  if (d.href) d.href = d.href.split(/[?#]/)[0];
  if (d.node) tree(d.node, null);
  if (d.adds) {
    d.adds = d.adds.filter((a) => !ours.test(a.node.tagName ?? ""));
    for (const a of d.adds) tree(a.node, null);
  }
  for (const t of d.texts ?? []) if (t.value && secretText(find(t.id), hidden)) t.value = stars(t.value);
  for (const a of d.attributes ?? []) {
    const n = find(a.id);
    attributes(n, n?.nodeType === 1 ? (n as Element).tagName.toLowerCase() : "", a.attributes);
  }
  if (d.source === 5 && d.text) {
    const n = find(d.id ?? 0);
    if (typed(n, "input") && !(n && shown(n))) d.text = stars(d.text);
  }
}

// Text of a style sheet is no text of the page; that of a field is what was typed into it, and that of <noscript> is
// markup, in which nothing could be found to be masked.
function secretText(n: Node | null, hidden: (n: Node | null) => boolean): boolean {
  const parent = n && element(n);
  if (parent?.tagName === "STYLE") return false;
  return hidden(n) || parent?.tagName === "NOSCRIPT" || (parent?.tagName === "TEXTAREA" && !parent.closest(show));
}

// Whether a value is what somebody typed or chose.
function typed(n: Node | null, name: string): boolean {
  const tag = n?.nodeType === 1 ? (n as Element).tagName.toLowerCase() : name;
  return tag === "input" ? !plain.has((n as HTMLInputElement | null)?.type ?? "text") : tag === "textarea" || tag === "select";
}
