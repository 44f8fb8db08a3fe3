// The connection alone: which ends are final, and when it comes back from the others.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { Conn as Connection } from "../src/conn";

class Wire {
  static OPEN = 1;
  static made: Wire[] = [];
  readyState = 1;
  onopen?: () => void;
  onmessage?: (e: { data: string }) => void;
  onclose?: (e: { code: number }) => void;
  constructor() {
    Wire.made.push(this);
  }
  send(): void {}
  close(): void {}
  hear(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

let look: () => void; // the page is looked at again
const surroundings = { window: globalThis, WebSocket: Wire, addEventListener() {}, removeEventListener() {}, document: { addEventListener: (_: string, f: () => void) => { look = f; }, removeEventListener() {}, visibilityState: "visible" } };
for (const [name, value] of Object.entries(surroundings)) Object.defineProperty(globalThis, name, { value, configurable: true });
Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
mock.timers.enable({ apis: ["setTimeout"] });
const { Conn } = await import("../src/conn");

let refused: number[];
let fetched = 0;
const late = () => (++fetched % 2 ? Promise.reject(new Error("cut")) : Promise.resolve({ Poll: Wire as never })); // each other time it comes
let conn: Connection;

beforeEach(() => {
  refused = [];
  Wire.made = [];
  conn = new Conn("ws://x", { hello: () => ({}), frame() {}, down() {}, refused: (code) => refused.push(code) }, late);
  conn.open();
  Wire.made[0].onopen?.();
  Wire.made[0].hear({ t: "welcome" });
});

afterEach(() => conn.end());

test("a server that stops is asked again when it said", () => {
  Wire.made[0].hear({ t: "drain", retry_after: 1800 });
  Wire.made[0].onclose?.({ code: 4010 });
  mock.timers.tick(1799);
  assert.equal(Wire.made.length, 1, "not before");
  mock.timers.tick(1);
  assert.equal(Wire.made.length, 2);
  Wire.made[1].onclose?.({ code: 1006 }); // the successor is not up yet: back to chance
  mock.timers.tick(1000);
  assert.equal(Wire.made.length, 3);
});

for (const code of [1006, 1012, 4008]) {
  test(`after ${code} it comes back by itself, within half a second at first`, () => {
    Wire.made[0].onclose?.({ code });
    mock.timers.tick(500);
    assert.equal(Wire.made.length, 2);
    assert.deepEqual(refused, []);
  });
}

for (const code of [4001, 4003, 4009]) {
  test(`after ${code} it stays away and says so`, () => {
    Wire.made[0].onclose?.({ code });
    mock.timers.tick(60_000);
    assert.equal(Wire.made.length, 1);
    assert.deepEqual(refused, [code]);
    conn.restart(); // a person wants it here
    assert.equal(Wire.made.length, 2);
  });
}

test("requests in the place of a socket are fetched when it is their turn, and again when that failed", async () => {
  const settled = () => new Promise((r) => setImmediate(r));
  conn.end();
  Wire.made = [];
  fetched = 0;
  conn = new Conn("ws://x", { hello: () => ({}), frame() {}, down() {}, refused() {} }, late);
  conn.open();
  mock.method(Math, "random", () => 0); // it comes back at once
  for (let cuts = 0; fetched < 2 && cuts < 9; cuts++) {
    Wire.made[Wire.made.length - 1].onclose?.({ code: 1006 });
    for (let n = 0; n < 2; n++) {
      mock.timers.tick(1);
      await settled();
    }
  }
  assert.equal(fetched, 2);
  const before = Wire.made.length;
  const ws = Wire.made[before - 1];
  ws.onopen?.();
  ws.hear({ t: "welcome" });
  ws.onclose?.({ code: 1006 });
  mock.timers.tick(1);
  assert.equal(Wire.made.length, before + 1);
  assert.equal(fetched, 2, "once is enough");
  mock.restoreAll();
});

test("who was refused is not connected by looking again, unless they are blocked: that may have been lifted", () => {
  Wire.made[0].onclose?.({ code: 4009 });
  look();
  assert.equal(Wire.made.length, 1);
  conn.restart();
  assert.equal(Wire.made.length, 2);
  Wire.made[1].onclose?.({ code: 4011 });
  look();
  assert.equal(Wire.made.length, 3);
});
