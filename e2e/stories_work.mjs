// S13 to S18: offers, codes, boards, favourites and transfers.
import assert from "node:assert/strict";
import { fact } from "./hands.mjs";
import { Agent, becomes, comes, get, interaction, label, newQueue, post, story } from "./office.mjs";

/** The cells of a board's row, by the head of their column. */
const cells = (row) =>
  row.evaluate((tr) => {
    const heads = [...tr.closest("table").querySelectorAll("thead th")].map((th) => th.innerText.trim());
    return Object.fromEntries([...tr.children].map((td, n) => [heads[n], td.innerText.trim().replace(/\s+/g, " ")]));
  });

/** Waits until a row's cells say what they should. */
async function says(what, row, want) {
  let got = {};
  const right = ([head, value]) => (value instanceof RegExp ? value.test(got[head]) : got[head] === value);
  try {
    await fact(what, async () => {
      got = await cells(row);
      return Object.entries(want).every(right);
    });
  } catch (err) {
    throw new Error(`The row says ${JSON.stringify(got)}`, { cause: err });
  }
}

story("S13", "is offered work that blinks and rings; takes it, leaves it to others, or misses it and gets no more", async ({ page, hand, queue, agent, mark, desk, see }) => {
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [queue.id] });
  await bo.attends();
  await page.evaluate(() => {
    globalThis.tones = 0;
    const start = AudioScheduledSourceNode.prototype.start;
    AudioScheduledSourceNode.prototype.start = function (...at) {
      globalThis.tones++;
      start.apply(this, at);
    };
  });
  await agent.set("available");
  await comes(queue, "Karin Holm", "May I return a jacket?");
  const tab = page.getByRole("tab", { name: /^Chat.*an offer waits/ });
  await tab.waitFor();
  assert.ok(await tab.evaluate((e) => e.getAnimations({ subtree: true }).some((a) => a.effect.getTiming().iterations === Infinity)), "the tab does not blink");
  const [red, green, blue] = (await tab.evaluate((e) => getComputedStyle(e).backgroundColor)).match(/\d+/g).map(Number);
  assert.ok(red > 2 * Math.max(green, blue), `the tab is not red but rgb(${red}, ${green}, ${blue})`);
  await fact("it rings", () => page.evaluate(() => globalThis.tones > 0));
  assert.match(await page.title(), /^\(1\) Chat/);
  const left = async () => parseInt(await desk.offer.locator("time").textContent());
  const first = await left();
  await fact("it counts down", async () => (await left()) < first);
  await see("offered");
  await desk.accepts("May I return a jacket?");
  assert.equal(await page.title(), "Växel");

  const declined = await comes(queue, "Per Lind", "Where is my parcel?");
  await desk.offer.waitFor();
  await hand.press(desk.offer.getByRole("button", { name: "Decline" }), "Control+Alt+KeyD");
  await desk.offer.waitFor({ state: "detached" });
  await bo.set("available");
  await bo.accepts(declined);
  await bo.set("working_offline");
  await hand.press(page.getByRole("button", { name: "End chat" }));
  await agent.is("available"); // a chat that is left to others costs no status

  const missed = await comes(queue, "Mehmet Ak", "Where is parcel 1?", { channel: "email", subject: "Parcel 1" });
  await desk.offer.getByText("Parcel 1").waitFor();
  await agent.is("on_break"); // nobody has answered
  assert.equal((await agent.presence()).status_code, "missed");
  await desk.offer.waitFor({ state: "detached" });
  await page.getByText("You missed an offer and get no new ones until you are Available.").waitFor();
  await see("missed");
  const next = await comes(queue, "Ines Costa", "Where is parcel 2?", { channel: "email", subject: "Parcel 2" });
  await becomes(next, "waiting");
  assert.equal((await interaction(missed)).state, "waiting");
  await post(`/interactions/${declined}/end`, {}, bo.key);
  await bo.set("available");
  await bo.accepts(missed); // it is still the first
  const row = await agent.row();
  assert.deepEqual([row.accepted, row.declined], [1, 1]);
}, { blinks: true, channels: { email: { offer_timeout: 15 } } });

story("S14", "is asked for the codes of the queue when work ends, and cannot forget them", async ({ page, hand, queue, agent, desk, see }) => {
  const list = async (name, more, ...codes) => {
    const { id } = await post("/admin/transaction-lists", { name: label(name), queues: [queue.id], ...more });
    const made = {};
    for (const code of codes) made[code] = (await post("/admin/transaction-codes", { list: id, name: label(code) })).id;
    return made;
  };
  const reasons = await list("Reason", { required: true }, "Wrong size", "Damaged");
  const outcomes = await list("Outcome", { required: true, many: true, position: 1 }, "Refunded", "New one sent", "Advice");
  await agent.set("available");
  const chat = await comes(queue, "Karin Holm", "May I return a jacket?");
  await desk.accepts("May I return a jacket?");
  await hand.press(page.getByRole("button", { name: "End chat" }), "KeyE");
  const done = page.getByRole("button", { name: "Finish wrap-up" });
  const code = (list, name) => page.getByRole("listbox", { name: list }).getByRole("option", { name });
  await code("Reason", "Damaged").waitFor();
  await hand.tries(done);
  assert.equal((await interaction(chat)).state, "wrap_up");
  await see("codes");
  await hand.option(code("Reason", "Wrong size"));
  await hand.option(code("Reason", "Damaged")); // one of a list takes the other's place
  await page.getByText("Choose something under “Outcome” first.").waitFor();
  assert.equal(await done.getAttribute("aria-disabled"), "true");
  for (const name of ["Refunded", "Advice"]) await hand.option(code("Outcome", name));
  await see("chosen");
  await desk.finishes();
  await becomes(chat, "finished");
  assert.deepEqual((await interaction(chat)).codes.sort(), [reasons.Damaged, outcomes.Refunded, outcomes.Advice].sort());
}, { channels: { chat: { wrap_up: { mode: "manual" } } } });

story("S15", "sees how the queues stand, at once", async ({ page, hand, queue, agent, mark, desk, see }) => {
  const other = await newQueue(`Billing ${mark}`);
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [queue.id] });
  await bo.attends();
  await bo.set("on_break");
  await hand.go("Status");
  const queues = page.getByRole("region", { name: "Queues" });
  const row = queues.getByRole("row", { name: new RegExp(queue.name) });
  await says("an empty queue", row, { Waiting: "0", Longest: "–", "Expected wait": "–", "First due": "–", "Service level": "–", Chat: "–", "E-mail": "–", "In progress": "–", Abandoned: "–", "Agents in": "1 1" });
  await comes(queue, "Karin Holm", "May I return a jacket?");
  await says("the first chat", row, { Waiting: "1", Longest: /^\d+:\d\d$/, "First due": /\d/, Chat: "1", "E-mail": "–" });
  await comes(queue, "Per Lind", "Where is my parcel?", { channel: "email", subject: "Parcel" });
  await says("and a mail", row, { Waiting: "2", Chat: "1", "E-mail": "1" });
  assert.equal(await queues.getByRole("row", { name: new RegExp(other.name) }).count(), 0);
  await see("mine");
  await hand.tab(page.getByRole("tablist", { name: "Show" }), "All");
  await queues.getByRole("row", { name: new RegExp(other.name) }).waitFor();
  await desk.choose("Available");
  await desk.accepts("May I return a jacket?", "Karin Holm");
  await hand.go("Status");
  await says("it is answered in time", row, { "Service level": /100\s?%/, Chat: "–", "In progress": "1", "Agents in": "1 1" });
  const told = (await get("/queues")).items.find((q) => q.id === queue.id);
  assert.equal(told.answered_today, 1);
});

story("S16", "sees who is there, in the group and in all, with what each of them does", async ({ page, hand, queue, group, agent, mark, see }) => {
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [queue.id], group });
  const eva = await Agent.hire(`Eva ${mark}`, { queues: [queue.id] }); // of no group
  for (const colleague of [bo, eva]) await colleague.attends();
  await bo.set("working_offline");
  const code = `lunch_${eva.id}`;
  await post("/admin/status-codes", { intent: "on_break", code, name: label("Lunch"), agents: [eva.id] });
  await eva.set("on_break", code);
  await hand.go("Status");
  const board = page.getByRole("region", { name: "Agents" });
  const row = (a) => board.getByRole("row", { name: new RegExp(a.name) });
  await says("who is on break, and why", row(eva), { Status: "On break", Code: "Lunch", Time: /^\d\d:\d\d:\d\d$/, Holds: "–", Accepted: "0", Declined: "0", Today: "0", Average: "–" });
  await says("who has just come", row(bo), { Status: "Working offline", Code: "Just signed in" });
  await bo.set("available");
  const first = await comes(queue, "Karin Holm", "May I return a jacket?");
  await bo.accepts(first);
  const chat = await comes(queue, "Per Lind", "Where is my parcel?");
  await bo.accepts(chat);
  await says("who is busy, with what", row(bo), { Status: "Busy", Holds: /2$/, Accepted: "2" });
  await hand.tab(board.getByRole("tablist", { name: "Agents" }), "My group");
  await row(eva).waitFor({ state: "detached" });
  await says("the group", row(bo), { Status: "Busy" });
  await see("group");
  await post(`/interactions/${first}/end`, {}, bo.key);
  await says("what was done", row(bo), { Status: "Busy", Holds: /1$/, Today: "1", Average: /^\d+:\d\d$/ });
  assert.equal((await agent.row()).group, group);
});

story("S17", "keeps favourites, and finds again whom work was handed to", async ({ page, hand, keys, queue, agent, mark, desk, see }) => {
  const other = await newQueue(`Billing ${mark}`);
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [other.id] });
  await bo.attends();
  await hand.go("Phone");
  const find = page.getByRole("textbox", { name: /^Find agent/ });
  for (const name of [other.name, bo.name]) {
    await hand.write(find, name);
    await hand.press(page.getByRole("button", { name: `Favourite: ${name}` }));
    await page.getByRole("region", { name: "Favourites" }).getByText(name).waitFor();
    await clear(page, hand, keys, find);
  }
  const kept = async () => (await get("/me/favourites", agent.key)).items.map((f) => f.kind).sort();
  await fact("both are kept", async () => (await kept()).join() === "agent,queue");
  await see("favourites");
  await hand.write(find, bo.name);
  await hand.press(page.getByRole("button", { name: `Favourite: ${bo.name}` }));
  await fact("one of them no longer", async () => (await kept()).join() === "queue");

  await hand.go("Chat");
  await agent.set("available");
  const chat = await comes(queue, "Karin Holm", "What is on my invoice?");
  await desk.accepts("What is on my invoice?");
  await hand.press(page.getByRole("button", { name: "Transfer" }));
  const dialog = page.getByRole("dialog");
  await hand.tab(dialog.getByRole("tablist"), "Favourites");
  await hand.press(dialog.getByRole("button", { name: new RegExp(`^${other.name}`) }));
  await hand.press(dialog.getByRole("button", { name: `Transfer to the queue ${other.name}` }));
  await dialog.waitFor({ state: "detached" });
  await fact("it is in the other queue", async () => (await interaction(chat)).queue === other.id);
  await bo.set("available");
  await bo.accepts(chat);
  const second = await comes(queue, "Per Lind", "And on mine?");
  await desk.accepts("And on mine?");
  await hand.press(page.getByRole("button", { name: "Transfer" }));
  await hand.write(dialog.getByRole("textbox", { name: /^Find agent/ }), bo.name);
  await hand.press(dialog.getByRole("button", { name: new RegExp(`^${bo.name}`) }));
  await hand.press(dialog.getByRole("button", { name: `Transfer to ${bo.name}` }));
  await dialog.waitFor({ state: "detached" });
  await bo.accepts(second);
  await hand.go("Phone");
  await hand.tab(page.getByRole("tablist", { name: /^Find agent/ }), "Recent");
  const recent = page.getByRole("region", { name: "Recent" });
  for (const name of [bo.name, other.name]) await recent.getByText(name).waitFor();
  await see("recent");
});

/** Empties a field, as a hand does. */
async function clear(page, hand, keys, field) {
  if (keys) await hand.reach(field);
  else await field.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Backspace");
}

story("S18", "hands work over to a queue or an agent, seeing first how it stands there", async ({ page, hand, queue, agent, mark, desk, see }) => {
  const other = await newQueue(`Billing ${mark}`);
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [other.id] });
  await bo.attends();
  const before = await comes(other, "Mehmet Ak", "Is it paid?");
  await agent.set("available");
  const dialog = page.getByRole("dialog");
  const find = dialog.getByRole("textbox", { name: /^Find agent/ });

  const chat = await comes(queue, "Karin Holm", "What is on my invoice?");
  await desk.accepts("What is on my invoice?");
  const arrived = (await interaction(chat)).arrived_at;
  await hand.press(page.getByRole("button", { name: "Transfer" }), "KeyT");
  await hand.write(find, other.name);
  await hand.press(dialog.getByRole("button", { name: new RegExp(`^${other.name}.*1 waiting.*nobody free`) }));
  await hand.write(dialog.getByRole("textbox", { name: "To the one who takes over" }), "Asks about invoice 20991.");
  await see("to-queue");
  await hand.press(dialog.getByRole("button", { name: `Transfer to the queue ${other.name}` }));
  await dialog.waitFor({ state: "detached" });
  await fact("it waits in the other queue, since it came", async () => {
    const i = await interaction(chat);
    return i.queue === other.id && i.state === "waiting" && i.arrived_at === arrived;
  });
  await bo.set("available");
  await bo.accepts(before);
  await bo.accepts(chat);

  const mail = await comes(queue, "Per Lind", "Who pays for the parcel?", { channel: "email", subject: "Parcel" });
  await desk.accepts();
  await hand.press(page.getByRole("button", { name: "Transfer" }));
  await hand.write(find, bo.name);
  await hand.press(dialog.getByRole("button", { name: new RegExp(`^${bo.name}.*Busy`) }));
  await see("to-agent");
  await bo.set("on_break"); // comes next: bo holds two chats
  for (const id of [before, chat]) await post(`/interactions/${id}/end`, {}, bo.key);
  await bo.is("on_break");
  const give = dialog.getByRole("button", { name: `Transfer to ${bo.name}` });
  await hand.press(give);
  await dialog.getByText("Not during a break: yours or your colleague’s.").waitFor();
  await see("refused");
  await bo.set("available");
  await hand.press(give);
  await dialog.waitFor({ state: "detached" });
  await bo.accepts(mail);
  assert.equal((await interaction(mail)).agent, bo.id);
  assert.deepEqual(await agent.holds(), []);
  const served = await get(`/cases/${(await interaction(mail)).case}`);
  assert.equal(served.assignee, bo.id);
});
