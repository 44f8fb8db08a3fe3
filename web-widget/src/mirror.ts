import { record } from "@rrweb/record";
import { Hand } from "./hand";
import { scrub, selectors, stars, within, show, type Rules } from "./mask";

export type { Rules } from "./mask";

export interface Act {
  n: number;
  id: number;
  do: "click" | "fill" | "scroll";
  value?: string;
  x?: number;
  y?: number;
}

export interface Mirror {
  picture(): void; // all that is shown, anew
  act(a: Act): string; // why not; empty when it is done
  box(id: number): DOMRect | undefined;
  stop(): void;
}

const every = 60; // ms that changes are gathered for
const own = new Set([1, 2, 5, 6, 12]); // sources of events that a person makes: pointer, clicks, input, touch, drag

// mirror.js: fetched only after the customer has said yes. Undefined when the rules cannot be kept.
export function start(rules: Rules, emit: (events: unknown[], whole: boolean, busy: boolean) => void): Mirror | undefined {
  const s = selectors(rules);
  if (!s) return undefined;
  let batch: unknown[] = [];
  let whole = false;
  let busy = false;
  let timer = 0;
  const find = (id: number) => record.mirror.getNode(id);
  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    if (batch.length) emit(batch, whole, busy);
    batch = [];
    whole = busy = false;
  };
  const stop = record({
    emit(e) {
      scrub(e, find, s.mask, s.secret);
      if (e.type === 4) { // a picture begins: what came before is in it
        batch = [];
        whole = true;
      }
      busy ||= e.type === 3 && own.has(e.data.source);
      batch.push(e);
      timer ||= window.setTimeout(flush, every);
    },
    maskAllInputs: true,
    maskInputFn: (text, el) => (within(el, show) && !within(el, s.secret) ? text : stars(text)),
    maskTextSelector: s.mask,
    blockSelector: s.block,
    slimDOMOptions: "all",
    inlineStylesheet: true,
    recordCanvas: false,
    collectFonts: false,
    recordCrossOriginIframes: false,
    recordAfter: "DOMContentLoaded",
    sampling: { mousemove: 100, scroll: 150, input: "last", media: 800 },
    errorHandler: () => true, // a page must not break because it is shown
  });
  const hand = new Hand(rules);
  return {
    picture: () => record.takeFullSnapshot(true),
    act(a) {
      if (a.do === "click") return hand.click(find(a.id));
      if (a.do === "fill") return hand.fill(find(a.id), a.value ?? "");
      scrollBy({ left: a.x ?? 0, top: a.y ?? 0, behavior: "auto" });
      return "";
    },
    box(id) {
      const n = id ? find(id) : null;
      return n instanceof Element && n.isConnected ? n.getBoundingClientRect() : undefined;
    },
    stop() {
      clearTimeout(timer);
      batch = [];
      stop?.();
    },
  };
}
