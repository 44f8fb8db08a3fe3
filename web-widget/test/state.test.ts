// The reducer alone: whatever is lost, repeated or late on the way, what is shown becomes the server's log.
import assert from "node:assert/strict";
import { test } from "node:test";
import { agentOf, apply, empty, Gap, type State } from "../src/state";
import { groups, pieces } from "../src/thread";
import type { FrameOut, Line } from "../src/types";

// A small generator with a seed, so that what fails can be run again.
function chance(seed: number): () => number {
  return () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

class Server {
  log: Line[] = [];
  sent = 0;
  told = 0;
  hidden = new Set<number>();

  say(from: string, cid?: string): Line {
    const known = cid && this.log.find((l) => l.cid === cid);
    if (known) return known;
    const pos = this.log.length + 1;
    const line: Line = { pos, kind: "message", from, text: `${from} ${pos}`, cid, at: pos };
    this.log.push(line);
    return line;
  }

  shown(): Line[] {
    return this.log.filter((l) => !this.hidden.has(l.pos));
  }

  connect(pos: number): FrameOut[] {
    this.sent = this.told = pos;
    const rest = this.shown().filter((l) => l.pos > pos);
    const snap: FrameOut = { t: "snap", prev: pos, pos: this.log.length, lines: rest, done: true, phase: "open" };
    this.sent = this.told = this.log.length;
    return [{ t: "welcome", phase: "open", prev: pos }, snap];
  }

  tell(line: Line): FrameOut[] {
    if (line.pos !== this.sent + 1) return [];
    this.sent = line.pos;
    if (this.hidden.has(line.pos)) return [];
    const prev = this.told;
    this.told = line.pos;
    return [{ t: "msg", prev, pos: line.pos, line }];
  }
}

test("random drops, repeats and reconnects converge to the server's log", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = chance(seed);
    const server = new Server();
    let s: State = empty;
    let wire: FrameOut[] = server.connect(0);
    let n = 0;
    const reconnect = () => {
      wire = server.connect(s.pos);
      for (const o of s.out) if (!o.acked) wire.push(...answer(o.cid));
    };
    const answer = (cid: string): FrameOut[] => {
      const line = server.say("me", cid);
      const done = line.pos === server.sent + 1;
      const f: FrameOut = { t: "ack", cid, pos: line.pos, at: line.at, prev: server.told, done };
      if (done) server.sent = server.told = line.pos;
      return [f];
    };
    const deliver = () => {
      const f = wire.shift();
      if (!f) return;
      try {
        s = apply(s, f);
        if (random() < 0.1) s = apply(s, f); // twice
      } catch (e) {
        if (!(e instanceof Gap)) throw e;
        reconnect();
      }
    };
    for (let step = 0; step < 80; step++) {
      const r = random();
      if (r < 0.25) {
        const cid = `c${n++}`;
        s = { ...s, out: [...s.out, { t: "msg", cid, text: "me", at: 0 }] };
        if (random() < 0.7) wire.push(...answer(cid));
      } else if (r < 0.45) {
        const line = server.say("agent");
        if (random() < 0.2) server.hidden.add(line.pos);
        wire.push(...server.tell(line));
      } else if (r < 0.5) wire.splice(Math.floor(random() * wire.length), 1); // lost
      else if (r < 0.55) reconnect();
      else deliver();
    }
    reconnect();
    while (wire.length) deliver();
    assert.deepEqual(s.lines.map((l) => l.pos), server.shown().map((l) => l.pos), `seed ${seed}`);
    assert.deepEqual(s.out, [], `seed ${seed}`);
  }
});

test("a refusal marks its line, trouble of ours does not", () => {
  const s: State = { ...empty, out: [{ t: "msg", cid: "a", text: "x", at: 0 }] };
  assert.equal(apply(s, { t: "error", code: "line_too_long", detail: "För långt", cid: "a" }).out[0]?.failed, "För långt");
  assert.equal(apply(s, { t: "error", code: "try_again", detail: "", cid: "a" }).out[0]?.failed, undefined);
});

test("nobody types any more once they have said it, or the chat has ended", () => {
  const s: State = { ...empty, typing: "Alva" };
  const ended: Line = { pos: 1, kind: "event", from: "system", what: "ended", at: 0 };
  assert.equal(apply(s, { t: "snap", pos: 1, lines: [ended], done: true, phase: "ended" }).typing, "");
  assert.equal(apply(s, { t: "msg", pos: 1, line: { pos: 1, kind: "message", from: "me", at: 0 } }).typing, "Alva");
});

test("a server that knows less begins anew", () => {
  const s: State = { ...empty, pos: 5, lines: [{ pos: 5, kind: "message", from: "me", at: 0 }] };
  assert.deepEqual(apply(s, { t: "welcome", phase: "pre" }).lines, []);
});

test("who answers follows the stream", () => {
  const event = (what: string, name = ""): Line => ({ pos: 1, kind: "event", from: "system", what, name, at: 0 });
  assert.equal(agentOf([event("joined", "Alva")]), "Alva");
  assert.equal(agentOf([event("joined", "Alva"), event("transferred")]), "");
  assert.equal(agentOf([]), "");
});

test("links are made of addresses, and of nothing else", () => {
  assert.deepEqual(pieces("se (https://a.example/b?c=1), nu"), [{ text: "se (" }, { text: "https://a.example/b?c=1", href: "https://a.example/b?c=1" }, { text: "), nu" }]);
  assert.deepEqual(pieces("javascript:alert(1) <b>"), [{ text: "javascript:alert(1) <b>" }]);
});

test("lines of one side within five minutes stand together", () => {
  const line = (pos: number, from: string, at: number): Line => ({ pos, kind: "message", from, at });
  const got = groups([line(1, "me", 0), line(2, "me", 1000), line(3, "agent", 2000), line(4, "agent", 400_000)]);
  assert.deepEqual(got.map((g) => g.length), [2, 1, 1]);
});

test("an acknowledgement whose line is there already leaves nothing unsaid", () => {
  const said: Line = { pos: 1, kind: "message", from: "me", text: "hej", cid: "a", at: 0 };
  const s: State = { ...empty, lines: [said], pos: 1, out: [{ t: "msg", cid: "a", at: 0, text: "hej" }] };
  const next = apply(s, { t: "ack", cid: "a", pos: 1 } as FrameOut);
  assert.deepEqual(next.out, []);
  assert.deepEqual(next.lines, [said]);
});

test("a wish to be called is no line: stored it is a promise, refused it is said why, and it is tried again", () => {
  const wish = { t: "callback", cid: "c", at: 0, text: "", phone: "1", due: 5 } as const;
  const s: State = { ...empty, out: [wish] };
  const stored = apply(s, { t: "left", cid: "c" } as FrameOut);
  assert.deepEqual([stored.called, stored.left, stored.out], [5, false, []]);
  const refused = apply(s, { t: "error", cid: "c", code: "bad_number", detail: "Nej" } as FrameOut);
  assert.deepEqual([refused.called, refused.trouble, refused.out], [undefined, "Nej", []]);
  assert.deepEqual(apply(s, { t: "error", cid: "c", code: "try_again" } as FrameOut).out, [wish]);
});

test("a call that is off is promised no more, and takes nobody away", () => {
  const off: Line = { pos: 2, kind: "event", from: "system", what: "call_off", at: 0 };
  const joined: Line = { pos: 1, kind: "event", from: "system", what: "joined", name: "Alva", at: 0 };
  const s: State = { ...empty, called: 5, pos: 1, lines: [joined] };
  const next = apply(s, { t: "msg", prev: 1, pos: 2, line: off } as FrameOut);
  assert.equal(next.called, undefined);
  assert.equal(agentOf(next.lines), "Alva");
  const told = apply(s, { t: "call_off", cid: "c" } as FrameOut);
  assert.deepEqual([told.called, told.off], [undefined, true]);
  assert.equal(apply(told, { t: "call_off", cid: "c" } as FrameOut), told, "told again it is nothing new");
  assert.equal(apply({ ...told, out: [{ t: "callback", cid: "d", at: 0, text: "" }] }, { t: "left", cid: "d" } as FrameOut).off, false);
  const settled: Line = { ...off, what: "ended", cause: "settled" };
  assert.equal(apply(s, { t: "msg", prev: 1, pos: 2, line: settled } as FrameOut).called, undefined);
});

test("a welcome ends what had stopped the chat", () => {
  assert.equal(apply({ ...empty, stop: "blocked" } as State, { t: "welcome", phase: "pre" }).stop, undefined);
});
