// S12: the platform is switched while agents work.
import assert from "node:assert/strict";
import { fact } from "./hands.mjs";
import { ask, clean, comes, get, interaction, post, story } from "./office.mjs";

/** The one node there is; its run is another after each start. */
const node = async () => (await ask("GET", "/admin/nodes").catch(() => ({}))).body?.items?.[0];

story("S12", "is told of a platform switch, finishes what is held, and goes on at the new platform", async ({ page, hand, queue, agent, desk, see }) => {
  await agent.set("available");
  const chat = await comes(queue, "Karin Holm", "May I return a jacket?");
  await desk.accepts("May I return a jacket?");
  const { name, run } = await node();
  await post(`/admin/nodes/${name}/drain`, { deadline: 1800 });
  const strip = page.getByRole("status").filter({ hasText: "Platform switch" });
  await strip.getByText("finish what you hold").waitFor();
  await see("notice");
  await post(`/admin/nodes/${name}/drain`, { deadline: 600, final: 600 });
  await strip.getByText("the old platform closes soon").waitFor();
  const left = async () => (await strip.locator("time").textContent()).split(":").reduce((n, part) => n * 60 + Number(part), 0);
  const first = await left();
  assert.ok(first > 480 && first <= 600, `${first} s are left, want ten minutes`);
  await fact("it counts down", async () => (await left()) < first);
  await clean(page);
  await see("final");

  await hand.write(page.getByRole("textbox", { name: "Reply" }), "You may, for 30 days.");
  await hand.press(page.getByRole("button", { name: "Send", exact: true }), "Control+Enter");
  await page.getByRole("log").getByText("You may, for 30 days.").waitFor();
  await hand.press(page.getByRole("button", { name: "End chat" }));
  await agent.is("available");
  await desk.shows("Available");
  await desk.choose("Log out");
  await page.getByLabel("User name").waitFor();
  await see("signed-out");
  process.stderr.write("restart\n"); // whoever started us switches the platform
  await fact("the new platform is there", async () => ![undefined, run].includes((await node())?.run));

  await hand.write(page.getByLabel("User name"), agent.login);
  await hand.write(page.getByLabel("Password"), agent.password);
  await hand.press(page.getByRole("button", { name: "Sign in" }));
  await desk.shows("Working offline");
  assert.equal(await strip.count(), 0);
  const entries = (await get(`/conversations/${(await interaction(chat)).conversation}/entries`)).items;
  assert.deepEqual(entries.filter((e) => e.kind === "message").map((e) => e.text), ["May I return a jacket?", "You may, for 30 days."]);
  const next = await comes(queue, "Per Lind", "Where is my parcel?");
  await desk.choose("Available");
  await desk.accepts("Where is my parcel?");
  assert.equal((await interaction(next)).agent, agent.id);
}, { alone: true });
