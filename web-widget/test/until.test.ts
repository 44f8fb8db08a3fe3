// What is asked for until it comes.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { until } from "../src/until";

Object.defineProperty(globalThis, "window", { value: globalThis, configurable: true });
mock.timers.enable({ apis: ["setTimeout"] });
const settled = () => new Promise((r) => setImmediate(r));

let asked: number;
let fails: boolean;
const ask = () => {
  asked++;
  return fails ? Promise.reject(new Error("cut")) : Promise.resolve();
};
const pass = async (seconds: number) => {
  mock.timers.tick(seconds * 1000);
  await settled();
};

beforeEach(() => {
  asked = 0;
  fails = true;
});

test("it is asked for again by itself, a few times with growing waits", async () => {
  until(ask)();
  await settled();
  for (const [n, wait] of [2, 4, 8, 16, 32].entries()) {
    await pass(wait - 1);
    assert.equal(asked, n + 1, `not before ${wait} s`);
    await pass(1);
    assert.equal(asked, n + 2);
  }
  await pass(3600);
  assert.equal(asked, 6, "then no more");
});

test("whoever has reason to hope asks at once, also when it is asked for no more by itself, and once at a time", async () => {
  const again = until(ask);
  again();
  again();
  assert.equal(asked, 1, "one is under way");
  await settled();
  again();
  await settled();
  assert.equal(asked, 2);
  await pass(3);
  assert.equal(asked, 2, "the wait begins anew");
  for (const wait of [1, 8, 16, 32]) await pass(wait);
  assert.equal(asked, 6);
  fails = false;
  again();
  await settled();
  assert.equal(asked, 7);
  again();
  await pass(3600);
  assert.equal(asked, 7, "it has come");
});
