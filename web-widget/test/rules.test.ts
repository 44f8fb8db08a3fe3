// Which invitation a page shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { due } from "../src/rules";

const list = [
  { id: "cart", text: { sv: "Frågor om kassan?" }, url: "https://shop.example/kassa*" },
  { id: "long", text: { sv: "Hittar du inte?" }, visits: 3 },
];
const seen = (pages: number, ...asked: string[]) => ({ pages, asked });

test("a pattern fits the whole address without its fragment, and a point is a point", () => {
  assert.equal(due(list, seen(0), "https://shop.example/kassa?steg=2#topp")?.id, "cart");
  assert.equal(due(list, seen(0), "https://shopxexample/kassa"), undefined);
  assert.equal(due(list, seen(0), "https://shop.example/"), undefined);
});

test("after so many pages, each once, the first that fits", () => {
  assert.equal(due(list, seen(2), "https://shop.example/"), undefined);
  assert.equal(due(list, seen(3), "https://shop.example/")?.id, "long");
  assert.equal(due(list, seen(9, "long"), "https://shop.example/"), undefined);
  assert.equal(due(list, seen(9), "https://shop.example/kassa")?.id, "cart");
  assert.equal(due(list, seen(9, "cart"), "https://shop.example/kassa")?.id, "long");
});
