// How the tests of the widget visit a website: a page in Chromium, and the strings that make them its agent. Started by
// channels/chat's TestBrowser, which gives the page and the server. Screenshots go to WIDGET_SHOTS when that is set.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { browse } from "../../e2e/chromium.mjs";

const require = createRequire(new URL("../../e2e/package.json", import.meta.url));
export const said = (lang) => createRequire(import.meta.url)(`../src/words/${lang}.json`);
const axe = require("axe-core").source;

export const page0 = process.env.WIDGET_PAGE;
export const server = process.env.WIDGET_SERVER;
const shots = process.env.WIDGET_SHOTS;
export const desktop = { width: 1100, height: 760 };
export const phone = { width: 390, height: 844 };

let browser;
const contexts = [];
before(async () => {
  browser = await browse();
});
after(() => browser.close());
beforeEach(async () => {
  await pull("open");
  for (const c of contexts.splice(0)) await c.close();
});

export async function pull(what, fields = {}) {
  const r = await fetch(`${server}/agent/${what}`, { method: "POST", body: new URLSearchParams(fields), headers: { Connection: "close" } });
  assert.equal(r.status, 200, what);
}

export async function stored() {
  const r = await fetch(`${server}/agent/texts`, { headers: { Connection: "close" } });
  return (await r.text()).split("\n");
}

// visit opens the website; wrong collects what the browser complained of.
export async function visit({ viewport = desktop, dark = false, lang = "sv", key = "nordvind", context } = {}) {
  context ??= await browser.newContext({ viewport, colorScheme: dark ? "dark" : "light", locale: lang, reducedMotion: "reduce", timezoneId: "Europe/Stockholm" });
  if (!contexts.includes(context)) contexts.push(context);
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const wrong = [];
  const requests = [];
  let sockets = 0;
  page.on("console", (m) => m.type() === "error" && wrong.push(m.text()));
  page.on("pageerror", (e) => wrong.push(String(e)));
  page.on("request", (r) => !r.isNavigationRequest() && r.url() !== `${page0}/favicon.ico` && requests.push(r.url()));
  page.on("websocket", () => sockets++);
  await page.goto(`${page0}/?lang=${lang}&key=${key}`);
  await page.getByRole("button", { name: said(lang).chat.openChat }).waitFor();
  return { page, context, wrong, requests, sockets: () => sockets };
}

export async function begin(page, text = "Jag har fått faktura på en jacka som jag redan skickat tillbaka.") {
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("Vad gäller det?").fill(text);
  await page.getByLabel("Namn").fill("Anna");
  await page.getByRole("button", { name: /Chatta med oss/ }).click();
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
}

export async function write(page, text) {
  await page.getByRole("textbox").fill(text);
  await page.keyboard.press("Enter");
}

export async function shot(page, name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

// axe runs in the page's own world by the debugger, which a policy does not forbid.
export async function clean(page, what) {
  await page.evaluate(axe);
  const r = await page.evaluate(() => axe.run(document.querySelector("vaxel-chat"), { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  assert.deepEqual(r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`), [], what);
}

export const texts = (page) => page.locator(".bub").allInnerTexts();

/** shows waits until a page shows these lines and no others. */
export async function shows(page, lines) {
  for (const end = Date.now() + 60_000; Date.now() < end; await page.waitForTimeout(50)) {
    if (isDeepStrictEqual(await texts(page), lines)) return;
  }
  assert.deepEqual(await texts(page), lines);
}

// Nothing is cut off or stands beside its window.
export async function fits(page, what) {
  const out = await page.evaluate(() => {
    const root = document.querySelector("vaxel-chat").shadowRoot;
    const box = root.querySelector(".w").getBoundingClientRect();
    return [...root.querySelectorAll(".w *:not(.vh):not(.vh *)")].filter((e) => {
      const r = e.getBoundingClientRect();
      return r.width && (r.left < box.left - 1 || r.right > box.right + 1 || (/^(BUTTON|LABEL|H2|P)$/.test(e.tagName) && !e.matches(".ell") && e.scrollWidth > e.clientWidth + 1));
    }).map((e) => e.outerHTML.slice(0, 120));
  });
  assert.deepEqual(out, [], what);
}
