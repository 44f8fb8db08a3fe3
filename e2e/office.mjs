// The office that the browser stories take place in: a running Växel, which an administrator sets up through the API, story by
// story, each with a queue, an agent and colleagues of its own. What customers and colleagues do, they do through the API, too.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { browse } from "./chromium.mjs";
import { fact, Keys, Mouse } from "./hands.mjs";

const [, , base, administrator, password] = process.argv;
const { SHOTS: shots } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const patience = 120_000; // ms; a slow machine is no fault

let session; // the administrator's

/** One request to the API, the administrator's unless somebody else's key is given. */
export async function ask(method, path, body, key) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { ...(key ? { Authorization: `Bearer ${key}` } : { Cookie: session }), "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

async function must(method, path, body, key) {
  const got = await ask(method, path, body, key);
  assert.ok(got.status < 300, `${method} ${path}: ${got.status} ${JSON.stringify(got.body)}`);
  return got.body;
}

export const get = (path, key) => must("GET", path, undefined, key);
export const post = (path, body = {}, key) => must("POST", path, body, key);
export const put = (path, body, key) => must("PUT", path, body, key);

export const label = (en) => ({ en, sv: en });
export const interaction = (id) => get(`/interactions/${id}`);
export const becomes = (id, state) => fact(`interaction ${id} is ${state}`, async () => (await ask("GET", `/interactions/${id}`)).body.state === state);

/** A queue whose offers wait long enough for a slow machine. */
export async function newQueue(name, channels = {}) {
  const plan = (more) => ({ offer_timeout: 60, decline: "soft", wrap_up: { mode: "none" }, ...more });
  const made = await post("/admin/queues", { name: label(name), channels: { chat: plan(channels.chat), email: plan(channels.email) } });
  return { id: made.id, name };
}

/** Somebody who works here. Whoever has a key works through the API. */
export class Agent {
  static async hire(name, { queues, group, role = "agent" }) {
    const made = await post("/admin/agents", { name, language: "en", group, channels: ["chat", "email"], memberships: queues.map((queue) => ({ queue, enabled: true, level: 2 })) });
    const { secret } = await post("/admin/keys", { name, role, agent: made.id });
    return Object.assign(new Agent(), { id: made.id, name, key: secret, role });
  }
  async signsIn(context) {
    Object.assign(this, { login: `agent${this.id}`, password });
    await post("/admin/logins", { name: this.login, display: this.name, agent: this.id, role: this.role, password });
    if (!context) return;
    const answer = await context.request.post(`${base}/api/v1/session`, { data: { login: this.login, password } });
    assert.ok(answer.ok(), `${this.login} signs in: ${answer.status()}`);
  }
  row = async () => (await get("/agents")).items.find((a) => a.id === this.id);
  presence = async () => (await this.row()).presence;
  is = (status) => fact(`${this.name} is ${status}`, async () => (await this.presence()).status === status);
  set = (status, code) => put(`/agents/${this.id}/status`, { status, code });
  holds = async () => (await get("/interactions?scope=mine", this.key)).items;
  async accepts(id) {
    await fact(`${this.name} is offered ${id}`, async () => {
      const i = (await ask("GET", `/interactions/${id}`)).body;
      return i.state === "offered" && (await ask("POST", `/offers/${id}/${i.offer_no}/accept`, {}, this.key)).status === 200;
    });
  }
  transfers = (id, to) => post(`/interactions/${id}/transfer`, to, this.key);
  /** Keeps a console open, so that the agent is there. */
  async attends() {
    await colleagues.evaluate(async (key) => {
      const answer = await fetch("/api/v1/socket-ticket", { method: "POST", headers: { Authorization: `Bearer ${key}` } });
      const { ticket } = await answer.json();
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/v1/socket`, "vaxel.v1");
      (globalThis.sockets ??= []).push(socket);
      await new Promise((heard, lost) => {
        socket.onopen = () => socket.send(JSON.stringify({ t: "hello", ticket }));
        socket.onmessage = heard;
        socket.onerror = lost;
      });
    }, this.key);
    await fact(`${this.name} is there`, async () => (await this.presence()).live);
  }
}

/** A customer who writes; the answer is the interaction. */
export async function comes(queue, name, text, { channel = "chat", subject } = {}) {
  const value = `${name.toLowerCase().replace(/[^a-z0-9]+/g, ".")}@kund.example`;
  return (await post("/interactions", { channel, queue: queue.id, from: { kind: "email", value, name }, subject, text })).interaction;
}

let browser, colleagues;
before(async () => {
  const signedIn = await fetch(`${base}/api/v1/session`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ login: administrator, password }) });
  session = signedIn.headers.get("Set-Cookie").split(";")[0];
  browser = await browse();
  colleagues = await browser.newPage();
  await colleagues.goto(`${base}/favicon.svg`);
  for (const { id } of (await get("/admin/transaction-lists")).items) await must("PATCH", `/admin/transaction-lists/${id}`, { active: false }); // each story has its own
});
after(() => browser?.close());

/** What an automatic WCAG 2.0–2.2 A and AA check finds, one line each. */
async function faults(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary?.split("\n")[1]?.trim() ?? ""}`));
  });
}

/** A console of an agent's own in the browser, which notes what its console complains of. */
export async function sit(agent, path, { signedOut = false, blinks = false } = {}) {
  const context = await browser.newContext({ locale: "en", reducedMotion: blinks ? "no-preference" : "reduce", viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(patience);
  await agent.signsIn(signedOut ? undefined : context);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (m) => m.type() === "error" && !/status of (401|409|422)/.test(m.text()) && wrong.push(m.text())); // refusals, which the pages explain
  page.on("pageerror", (e) => wrong.push(String(e)));
  await page.goto(base + path);
  if (!signedOut) await fact(`the console of ${agent.name} is connected`, async () => (await agent.presence()).live);
  return { page, wrong };
}

const views = [["light", 1440, 900], ["dark", 1440, 900], ["light", 390, 844], ["dark", 390, 844]];

/** Pictures of a page, where SHOTS names a folder. */
async function see(page, name) {
  if (!shots) return;
  for (const [colorScheme, width, height] of views) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, animations: "disabled" });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

async function narrowAndDark(page) {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
}

export async function clean(page) {
  await page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => {})))); // colours on their way are no fault
  assert.deepEqual(await faults(page), []);
}

export const told = []; // the stories, in order

/**
 * A story, told twice: by the mouse and by the keyboard, each with a queue and an agent of its own. At its end the page has
 * nothing that an automatic check finds, wide and light the one time, narrow and dark the other, nor has the browser complained. One that concerns
 * the whole house is told alone. Told again, it has a queue and an agent of another name.
 */
export function story(id, what, tell, { channels, path = "/chat", alone = false, arrange, ...how } = {}) {
  for (const Hand of [Mouse, Keys]) {
    const mark = `${id}${Hand.called[0]}`;
    told.push({ name: `${id} ${what}, by ${Hand.called}`, alone, tell: (again = "") => once(Hand, mark + again) });
  }
  async function once(Hand, mark) {
    const queue = await newQueue(`Returns ${mark}`, channels);
    const group = (await post("/admin/groups", { name: `Team ${mark}` })).id;
    const agent = await Agent.hire(`Anna ${mark}`, { queues: [queue.id], group });
    await arrange?.({ queue, agent });
    const { page, wrong } = await sit(agent, path, how);
    const hand = new Hand(page);
    try {
      await tell({ page, hand, keys: Hand === Keys, queue, group, agent, mark, desk: deskOf(page, hand), see: (name) => Hand === Mouse && see(page, `${id}-${name}`) });
      if (Hand === Keys) await narrowAndDark(page);
      await clean(page);
      assert.deepEqual(wrong, []);
    } catch (err) {
      if (shots) await page.screenshot({ path: `${shots}/failed-${mark}.png` });
      throw new Error(`The page shows\n${(await page.locator("body").ariaSnapshot()).slice(0, 5000)}`, { cause: err });
    } finally {
      await page.context().close();
    }
  }
}

/** What agents do at their desk again and again, by whichever hand. */
function deskOf(page, hand) {
  const status = page.getByRole("button", { name: /^Choose status/ });
  const offer = page.getByRole("alertdialog");
  return {
    status,
    offer,
    shows: (name) => page.getByRole("button", { name: new RegExp(`^Choose status: *${name}`) }).waitFor(),
    choose: (...items) => hand.menu({ button: status, chord: "Control+Alt+KeyS" }, ...items),
    async accepts(text, who = "") {
      const card = offer.filter({ hasText: who });
      await card.waitFor();
      await hand.press(card.getByRole("button", { name: "Accept" }), "Control+Alt+KeyA");
      await card.waitFor({ state: "detached" });
      if (text) await page.getByRole("region", { name: "Conversation" }).getByText(text).first().waitFor();
    },
    async finishes() {
      const done = page.getByRole("button", { name: "Finish wrap-up" });
      await hand.press(done);
      await done.waitFor({ state: "detached" });
    },
  };
}
