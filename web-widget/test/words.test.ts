// What is said, in each language. cmd/webbuild looks after names and places that are missing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fill, span } from "../src/fill";
import ar from "../src/words/ar.json";
import en from "../src/words/en.json";

test("so many minutes are said as the language says them", () => {
  assert.equal(span(1, "minute", "sv"), "1 minut");
  assert.equal(span(1200, "minute", "de"), "1.200 Minuten");
  assert.match(span(12, "month", "ar"), /شهر/);
});

test("a name stands in its sentence as it is, and keeps to itself beside another script", () => {
  assert.equal(fill(en.chat.chatWith, "Anna $& Berg"), "Chat with Anna $& Berg");
  assert.equal(fill(en.later.score, 4, 5), "4 of 5");
  assert.equal(fill(en.chat.joined, "سميرة"), "\u2068سميرة\u2069 joined");
  assert.equal(fill(ar.chat.chatWith, "Nordvind"), "الدردشة مع \u2068Nordvind\u2069");
});
