// Whom the customer's page is shown to, one after the other.
import { mount } from "../src/collaborate";
import type { Host } from "../src/host";
import sv from "../src/words/sv.json";
import { same } from "./inpage";

class Wire {
  static OPEN = 1;
  static made: Wire[] = [];
  readyState = 1;
  said: { t: string; token?: string; pass?: string }[] = [];
  onopen?: () => void;
  onmessage?: (e: { data: string }) => void;
  constructor() {
    Wire.made.push(this);
  }
  send(text: string): void {
    this.said.push(JSON.parse(text));
  }
  close(): void {}
  hear(state: string, more: object): void {
    this.onmessage?.({ data: JSON.stringify({ t: "state", state, control: "off", ...more }) });
  }
}

Object.assign(globalThis, { WebSocket: Wire, MIRROR_HASH: "0", WORDS: sv.shared });
const host = { base: "http://shop.example/w/", key: "shop", lang: "sv", data: {} } as Host;

function shown() {
  const c = mount(host);
  c.begin("karin", 4);
  Wire.made[0].hear("asked", { agent: "Anna Berg" });
  Wire.made[0].hear("shared", { agent: "Anna Berg", pass: "p" });
  return c;
}

export const tests: Record<string, () => void> = {
  "who asks while the page is shown to another is answered when that has ended"() {
    const c = shown();
    c.begin("karin", 9);
    same(Wire.made.length, 1, "sockets while the page is shown");
    Wire.made[0].hear("ended", { cause: "left" });
    same(Wire.made.length, 2, "sockets after the end");
    Wire.made[1].onopen?.();
    same([Wire.made[1].said[0].token, Wire.made[1].said[0].pass], ["karin", undefined], "who says hello");
    Wire.made[1].hear("ended", { cause: "declined" });
    same(Wire.made.length, 2, "sockets once the question is answered");
  },
  "who removes the widget is asked nothing more"() {
    const c = shown();
    c.begin("karin", 9);
    c.end();
    same(Wire.made.length, 1, "sockets");
  },
};
