// A socket made of requests: what it passes on, and its pace.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Poll } from "../src/poll";

interface Asked {
  wait: number;
  frames: { token?: string }[];
  answer(frames: object[]): void;
}

const asked: Asked[] = [];
Object.defineProperty(globalThis, "fetch", {
  value: (_: string, { body }: { body: string }) =>
    new Promise((done) => asked.push({ ...(JSON.parse(body) as Asked), answer: (frames) => done({ json: () => Promise.resolve({ frames }) }) })),
});
mock.timers.enable({ apis: ["setTimeout", "Date"] });

const settled = () => new Promise((r) => setImmediate(r));

async function answer(...frames: object[]): Promise<void> {
  asked[asked.length - 1].answer(frames);
  await settled();
}

test("a welcome with another token is passed on, and no other but the first", async () => {
  let token = "";
  const heard: string[] = [];
  const p = new Poll("/w/poll", () => ({ t: "hello", token }));
  p.onmessage = ({ data }) => {
    const f = JSON.parse(data) as { t: string; token?: string };
    heard.push(f.t + (f.token ?? ""));
    token = f.token ?? token;
  };
  await answer({ t: "welcome", token: "a" });
  await answer({ t: "welcome", token: "a" }, { t: "joined" });
  await answer({ t: "welcome", token: "b" }, { t: "joined" });
  assert.deepEqual(heard, ["welcomea", "joined", "welcomeb", "joined"]);
  assert.equal(asked[asked.length - 1].frames[0].token, "b");
  p.close();
});

test("what is answered at once without news is asked again after a second", async () => {
  const before = asked.length;
  const p = new Poll("/w/poll", () => ({ t: "hello", token: "a" }));
  await answer({ t: "welcome", token: "a" }, { t: "error", code: "identity_expired" });
  assert.equal(asked.length, before + 2, "the first answer never waits");
  await answer({ t: "welcome", token: "a" }, { t: "error", code: "identity_expired" }, { t: "snap", lines: [] });
  assert.equal(asked.length, before + 2);
  mock.timers.tick(1000);
  await settled();
  assert.equal(asked.length, before + 3);
  await answer({ t: "welcome", token: "a" }, { t: "ack" });
  assert.equal(asked.length, before + 4, "news is no reason to wait");
  p.close();
});
