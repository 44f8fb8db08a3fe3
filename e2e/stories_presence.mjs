// S1 to S8: what an agent's status says, to the agent, to the queue and to everybody else.
import assert from "node:assert/strict";
import { fact } from "./hands.mjs";
import { Agent, ask, becomes, comes, interaction, label, newQueue, post, sit, story } from "./office.mjs";

const paused = "You are signed in but get no work until you are Available.";

story("S1", "signs in, becomes available and is offered what waits", async ({ page, hand, queue, agent, desk, see }) => {
  await see("sign-in");
  await hand.write(page.getByLabel("User name"), agent.login);
  await hand.write(page.getByLabel("Password"), agent.password);
  await hand.press(page.getByRole("button", { name: "Sign in" }));
  await page.getByText(paused).waitFor();
  await desk.shows("Working offline");
  await agent.is("working_offline");
  const chat = await comes(queue, "Karin Holm", "May I return a jacket?");
  await becomes(chat, "waiting");
  await see("working-offline");
  await hand.menu({ button: desk.status }, "Available"); // as Tab finds it
  await desk.offer.getByText("Karin Holm").waitFor();
  await see("offered");
  await desk.accepts("May I return a jacket?");
  await agent.is("busy");
}, { signedOut: true, path: "/" });

story("S2", "is busy, gets no more than there is room for, and stops what is new", async ({ page, hand, queue, agent, desk, see }) => {
  await agent.set("available");
  const mails = [];
  const write = async (n) => mails.push(await comes(queue, `Per Lind ${n}`, `Where is parcel ${n}?`, { channel: "email", subject: `Parcel ${n}` }));
  for (const n of [1, 2]) {
    await write(n);
    await desk.accepts();
  }
  await page.getByText("4 of 4").waitFor();
  await desk.shows("Busy");
  await write(3);
  await becomes(mails[2], "waiting");
  assert.deepEqual((await agent.holds()).map((i) => i.id).sort(), mails.slice(0, 2).sort());
  await see("full");
  const stop = page.getByRole("switch", { name: "Stop new" });
  await hand.toggle(stop);
  await page.getByText("Then: Working offline").waitFor();
  await hand.press(page.getByRole("button", { name: "Finish", exact: true }));
  await page.getByText("2 of 4").waitFor();
  await becomes(mails[2], "waiting"); // there is room, but nothing new
  await hand.toggle(stop);
  await desk.accepts();
  assert.equal((await interaction(mails[2])).agent, agent.id);
}, { path: "/email" });

story("S3", "wraps up, with a minute more, while nothing else comes; a short one is over by itself", async ({ page, hand, queue, agent, desk, see }) => {
  await agent.set("available");
  const chat = await comes(queue, "Karin Holm", "May I return a jacket?");
  await desk.accepts("May I return a jacket?");
  await hand.press(page.getByRole("button", { name: "End chat" }));
  await page.getByRole("heading", { name: "Wrap-up" }).waitFor();
  await desk.shows("Wrap-up");
  const mail = await comes(queue, "Per Lind", "Where is my parcel?", { channel: "email", subject: "Parcel" });
  await becomes(mail, "waiting");
  const until = async () => Date.parse((await interaction(chat)).wrap_up_until);
  const first = await until();
  await see("wrap-up");
  await hand.press(page.getByRole("button", { name: "Extend 1 min" }));
  await fact("a minute more", async () => (await until()) - first === 60_000);
  await becomes(mail, "waiting");
  await hand.write(page.getByRole("textbox", { name: "Note on the case" }), "Sent the address for returns.");
  await desk.finishes();
  await desk.accepts();
  await hand.press(page.getByRole("button", { name: "Finish", exact: true }));
  await becomes(mail, "finished");
  await agent.is("available");
  await desk.shows("Available");
}, { channels: { chat: { wrap_up: { mode: "timed_extendable", seconds: 600 } }, email: { wrap_up: { mode: "timed", seconds: 2 } } } });

story("S4", "works offline: the queue leaves the agent alone, a colleague's transfer comes through", async ({ page, hand, queue, agent, mark, desk, see }) => {
  await agent.set("available");
  await desk.shows("Available");
  await desk.choose("Working offline");
  await desk.shows("Working offline");
  const waits = await comes(queue, "Per Lind", "Where is my parcel?");
  const other = await newQueue(`Billing ${mark}`);
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [other.id] });
  await bo.attends();
  await bo.set("available");
  const chat = await comes(other, "Karin Holm", "May I return a jacket?");
  await bo.accepts(chat);
  await bo.transfers(chat, { to_agent: agent.id, note: "About a return." });
  await desk.offer.getByText("transferred to you").waitFor();
  await see("transferred");
  await desk.accepts("About a return.");
  assert.equal((await interaction(waits)).state, "waiting");
  await hand.press(page.getByRole("button", { name: "End chat" }));
  await agent.is("working_offline");
  assert.equal((await interaction(waits)).state, "waiting");
});

story("S5", "is on break and can do nothing else until the status is another", async ({ page, hand, keys, queue, agent, mark, desk, see }) => {
  await agent.set("available");
  await desk.shows("Available");
  if (keys) await page.keyboard.press("Control+Alt+KeyB");
  else await desk.choose("On break");
  await desk.shows("On break");
  const filter = page.locator("button[aria-label=Filter]");
  if (keys) for (let n = 0; n < 40; n++) {
    await page.keyboard.press("Tab");
    assert.ok(!(await page.evaluate(() => document.querySelector("#work").contains(document.activeElement))), "Tab goes into the desk");
  } else {
    const { x, y, width, height } = await filter.boundingBox();
    await page.mouse.click(x + width / 2, y + height / 2);
    assert.equal(await filter.getAttribute("aria-pressed"), "false");
  }
  const other = await newQueue(`Billing ${mark}`);
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [other.id] });
  await bo.attends();
  await bo.set("available");
  const chat = await comes(other, "Per Lind", "Where is my parcel?");
  await bo.accepts(chat);
  const refused = await ask("POST", `/interactions/${chat}/transfer`, { to_agent: agent.id }, bo.key);
  assert.deepEqual([refused.status, refused.body.code], [409, "agent_on_break"]);
  const waits = await comes(queue, "Karin Holm", "May I return a jacket?");
  await becomes(waits, "waiting");
  await see("on-break");
  await hand.press(page.getByRole("button", { name: "Become available" }));
  await desk.accepts("May I return a jacket?");
});

story("S6", "leaves when what is held is dealt with, and nothing is orphaned", async ({ page, hand, keys, queue, agent, mark, desk, see }) => {
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [queue.id] });
  await bo.attends();
  await agent.set("available");
  const held = await comes(queue, "Karin Holm", "May I return a jacket?");
  await desk.accepts("May I return a jacket?");
  const leave = page.getByRole("menuitem", { name: /^Log out/ });
  if (keys) await page.keyboard.press("Control+Alt+KeyS");
  else await desk.status.click();
  await leave.getByText("1 interaction open").waitFor();
  assert.equal(await leave.getAttribute("aria-disabled"), "true");
  await see("busy");
  await page.keyboard.press("Escape");
  await leave.waitFor({ state: "detached" });
  await hand.press(page.getByRole("button", { name: "End chat" }));
  await desk.shows("Wrap-up");
  await desk.choose("Log out");
  await page.getByText("Then: Logged out").waitFor();
  await desk.finishes();
  await agent.is("logged_out");
  assert.equal((await interaction(held)).state, "finished");
  await page.getByText("You are logged out of the queues and get no work.").waitFor();
  await see("logged-out");
  const mail = await comes(queue, "Per Lind", "Where is my parcel?", { channel: "email", subject: "Parcel" });
  await bo.set("available");
  await bo.accepts(mail);
  assert.deepEqual(await agent.holds(), []);
  await hand.press(page.getByRole("button", { name: "Become available" })); // back for a moment, and out while idle
  await desk.shows("Available");
  await desk.choose("Log out");
  await page.getByLabel("User name").waitFor();
  await agent.is("logged_out");
}, { channels: { chat: { wrap_up: { mode: "manual" } } } });

story("S7", "is asked for a reason wherever there is a list of them", async ({ page, hand, queue, agent, desk, see }) => {
  const without = await ask("PUT", "/me/status", { status: "on_break" }, agent.key);
  assert.deepEqual([without.status, without.body.code, without.body.data?.length], [422, "code_required", 2]);
  await desk.choose("Working offline", "Paperwork");
  await fact("the code is kept", async () => (await agent.presence()).status_code === codeOf("Paperwork", agent));
  await hand.menu({ button: desk.status, chord: "Control+Alt+KeyS" }, "On break", "Lunch");
  await fact("the code is kept", async () => (await agent.presence()).status_code === codeOf("Lunch", agent));
  await hand.go("Status");
  await page.getByRole("row", { name: new RegExp(`${agent.name}.*On break.*Lunch`) }).waitFor();
  await see("board");
  await desk.choose("Available");
  const chat = await comes(queue, "Karin Holm", "Hyvää päivää!");
  await desk.offer.waitFor();
  await hand.menu({ button: desk.offer.getByRole("button", { name: "Decline" }), chord: "Control+Alt+KeyD" }, "Other language");
  await desk.offer.waitFor({ state: "detached" });
  await fact("it is declined", async () => (await agent.row()).declined === 1);
  assert.equal((await interaction(chat)).state, "waiting");
}, { arrange: reasonsFor });

async function reasonsFor({ agent }) {
  const lists = { working_offline: ["Training", "Paperwork"], on_break: ["Coffee", "Lunch"], decline: ["Other language", "Meeting soon"] };
  for (const [intent, names] of Object.entries(lists))
    for (const name of names) await post("/admin/status-codes", { intent, code: codeOf(name, agent), name: label(name), agents: [agent.id] });
}

const codeOf = (name, agent) => `${name.split(" ")[0].toLowerCase()}_${agent.id}`;

story("S8", "sees the same time in a status wherever it is shown", async ({ page, hand, agent, mark, desk, see }) => {
  const bo = await Agent.hire(`Bo ${mark}`, { queues: [], role: "supervisor" });
  const second = await sit(bo, "/status");
  try {
    await desk.choose("Available");
    await desk.shows("Available");
    await hand.go("Status");
    const row = (p) => p.getByRole("row", { name: new RegExp(agent.name) }).locator("time");
    const places = { "on the own page": desk.status.locator("time"), "on the board": row(page), "on a colleague's board": row(second.page) };
    const since = Date.parse((await agent.presence()).since);
    for (const least of [2, 4])
      for (const [where, place] of Object.entries(places)) await fact(`the time ${where} is the server's`, () => place.evaluate(saysTime, { since, least }));
    await see("board");
    assert.deepEqual(second.wrong, []);
  } finally {
    await second.page.context().close();
  }
});

/** Whether a time is shown that is the server's, to two seconds; asked within the page, so that no way to it counts. */
function saysTime(shown, { since, least }) {
  const seconds = shown.textContent.trim().split(":").reduce((n, part) => n * 60 + Number(part), 0);
  return seconds >= least && Math.abs(seconds - (Date.now() - since) / 1000) <= 2;
}
