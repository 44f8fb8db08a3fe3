// What the browsers that look at a page together have in common. With SHOTS set to a folder, what they see is pictured there.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { browse } from "./chromium.mjs";

const axe = createRequire(import.meta.url)("axe-core").source;
export const browser = await browse();
export const wrong = []; // what the browsers complained of
export const forms = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

// What the mirror's sandbox blocks is blocked as it should be.
export async function open(size, more = {}) {
  const context = await browser.newContext({ locale: "en", reducedMotion: "reduce", viewport: size, ...more });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on("console", (m) => m.type() === "error" && !/status of 40[14]|Blocked script execution/.test(m.text()) && wrong.push(`${m.text()} ${m.location().url}`));
  page.on("pageerror", (e) => wrong.push(String(e)));
  return page;
}

// An agent who has signed in and is available.
export async function atWork(base, login, password) {
  const agent = await open({ width: 1440, height: 900 });
  await agent.goto(base);
  await agent.getByLabel("User name").fill(login);
  await agent.getByLabel("Password").fill(password);
  await agent.getByRole("button", { name: "Sign in" }).click();
  await agent.getByRole("button", { name: /^Choose status/ }).click();
  await agent.getByRole("menuitem", { name: "Available" }).click();
  return agent;
}

// The customer's page as the agent sees it.
export const mirror = (agent) => agent.frameLocator("iframe[title=\"The customer's page\"]").frameLocator("iframe");

export async function see(page, name) {
  if (process.env.SHOTS) await apart(() => page.screenshot({ path: `${process.env.SHOTS}/collaborate-${name}.png` }));
}

// What a policy forbids the test's own tools is no fault.
async function apart(look) {
  const before = wrong.length;
  await look();
  wrong.length = before;
}

export async function seeAll(page, name, sizes) {
  if (!process.env.SHOTS) return;
  const before = page.viewportSize();
  for (const [form, size] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(300);
      await see(page, `${name}-${form}-${colorScheme}`);
    }
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: "light" });
}

export async function clean(page, inside, what) {
  await apart(() => page.evaluate(axe));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    let r;
    await apart(async () => (r = await page.evaluate((at) => axe.run(document.querySelector(at), { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], iframes: false }), inside)));
    assert.deepEqual(r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`), [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

// A whole picture may come at any moment and replace the frame that is looked into: look again.
export async function until(what, holds) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) if (await holds().catch(() => false)) return;
  assert.fail(`waited for ${what}`);
}
