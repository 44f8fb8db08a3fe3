// The widget in Chromium, as a customer meets it. Started by channels/chat's TestBrowser, which gives the page, the
// server and the strings that make it an agent. Screenshots go to WIDGET_SHOTS when that is set.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { browse } from "../../e2e/chromium.mjs";

const require = createRequire(new URL("../../e2e/package.json", import.meta.url));
const said = (lang) => createRequire(import.meta.url)(`../src/words/${lang}.json`);
const axe = require("axe-core").source;

const page0 = process.env.WIDGET_PAGE;
const server = process.env.WIDGET_SERVER;
const shots = process.env.WIDGET_SHOTS;
const desktop = { width: 1100, height: 760 };
const phone = { width: 390, height: 844 };

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

async function pull(what, fields = {}) {
  const r = await fetch(`${server}/agent/${what}`, { method: "POST", body: new URLSearchParams(fields), headers: { Connection: "close" } });
  assert.equal(r.status, 200, what);
}

async function stored() {
  const r = await fetch(`${server}/agent/texts`, { headers: { Connection: "close" } });
  return (await r.text()).split("\n");
}

// visit opens the website; wrong collects what the browser complained of.
async function visit({ viewport = desktop, dark = false, lang = "sv", key = "nordvind", context } = {}) {
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

async function begin(page, text = "Jag har fått faktura på en jacka som jag redan skickat tillbaka.") {
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("Vad gäller det?").fill(text);
  await page.getByLabel("Namn").fill("Anna");
  await page.getByRole("button", { name: /Chatta med oss/ }).click();
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
}

async function write(page, text) {
  await page.getByRole("textbox").fill(text);
  await page.keyboard.press("Enter");
}

async function shot(page, name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

// axe runs in the page's own world by the debugger, which a policy does not forbid.
async function clean(page, what) {
  await page.evaluate(axe);
  const r = await page.evaluate(() => axe.run(document.querySelector("vaxel-chat"), { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  assert.deepEqual(r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`), [], what);
}

const texts = (page) => page.locator(".bub").allInnerTexts();

/** shows waits until a page shows these lines and no others. */
async function shows(page, lines) {
  for (const end = Date.now() + 60_000; Date.now() < end; await page.waitForTimeout(50)) {
    if (isDeepStrictEqual(await texts(page), lines)) return;
  }
  assert.deepEqual(await texts(page), lines);
}

test("a page that allows nothing else, two requests, no cookie, no shift", async () => {
  const { page, context, wrong, requests, sockets } = await visit();
  await page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((l) => l.getEntries().forEach((e) => (window.shift += e.value))).observe({ type: "layout-shift", buffered: true });
  });
  assert.equal(requests.length, 1, "only the loader until the launcher is used");
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("Vad gäller det?").waitFor();
  const files = new Set(requests.map((u) => new URL(u).pathname));
  assert.deepEqual([...files].sort(), ["/w/sv/chat.js", "/w/v1.js"]);
  assert.equal(sockets(), 1);
  assert.deepEqual(await context.cookies(), []);
  assert.equal(await page.evaluate(() => window.shift), 0);
  assert.equal(await page.evaluate(() => Object.keys(localStorage).length), 0, "nothing kept without consent");
  assert.deepEqual(wrong, []);
});

test("what many chats never show is fetched when it is needed, again if it has to be", async () => {
  const { page, context, requests } = await visit();
  const later = () => requests.filter((u) => u.includes("/later.js")).length;
  await begin(page);
  await pull("join");
  await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
  assert.equal(later(), 0);
  await context.setOffline(true);
  await Promise.all([page.waitForRequest(/later/), page.getByRole("button", { name: "Mer", exact: true }).click()]);
  await context.setOffline(false);
  await page.getByRole("button", { name: "Stäng av ljud" }).click();
  const asked = later();
  await pull("card");
  await page.getByRole("link", { name: /Läs artikeln/ }).waitFor();
  assert.equal(later(), asked, "fetched once");
});

for (const dark of [false, true]) {
  const theme = dark ? "dark" : "light";
  test(`a whole chat, ${theme}`, async () => {
    const { page, wrong } = await visit({ dark });
    await page.getByRole("button", { name: "Öppna chatten" }).click();
    await page.getByLabel("Vad gäller det?").pressSequentially("faktura på returnerad jacka");
    await page.getByRole("link", { name: /Ångerrätt och återköp/ }).waitFor();
    await page.getByLabel("Faktura").check({ force: true });
    await page.getByLabel("Namn").fill("Anna");
    await page.getByLabel("Vad gäller det?").focus();
    await clean(page, "before the chat");
    await shot(page, `pre-${theme}`);
    await page.getByLabel("Vad gäller det?").fill("Jag har fått faktura på en jacka som jag redan skickat tillbaka.");
    await page.getByRole("button", { name: "Chatta med oss, ca 2 min" }).click();
    await page.getByText("Ungefär 2 minuter").waitFor();
    await page.getByText(/Skickat \d\d:\d\d/).waitFor();
    await clean(page, "in the queue");
    await shot(page, `queue-${theme}`);
    await pull("join");
    await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
    await write(page, "Order 20991, faktura 55817.");
    await page.getByText(/Skickat/).waitFor();
    await pull("say", { text: "Hej Anna! Jag ser att returen kom fram i torsdags. Så här går det till:" });
    await pull("note");
    await pull("card");
    await page.getByText("Ångerrätt och återköp", { exact: true }).waitFor();
    await write(page, "Toppen. Men förfallodagen är på fredag, ska jag betala ändå?");
    await page.getByText(/Skickat/).waitFor();
    await pull("read");
    await page.getByText(/Läst \d\d:\d\d/).waitFor();
    await pull("type");
    await page.getByRole("img", { name: "Alva skriver" }).waitFor();
    await page.getByRole("textbox").fill("Tack!");
    await clean(page, "in the chat");
    await shot(page, `open-${theme}`);
    assert.equal(await page.getByText("arg").count(), 0, "a note is not for the customer");
    const link = page.getByRole("link", { name: /Läs artikeln/ });
    assert.equal(await link.getAttribute("href"), `${server}/help/sv/12`);
    await page.getByRole("button", { name: "Ja", exact: true }).click();
    await page.getByText("Tack för svaret!").waitFor();
    await page.getByRole("button", { name: "Mer", exact: true }).click();
    await clean(page, "menu");
    await shot(page, `menu-${theme}`);
    await page.getByRole("button", { name: "Avsluta chatten" }).click();
    await shot(page, `asked-${theme}`);
    await page.getByRole("button", { name: "Avsluta", exact: true }).click();
    await page.getByRole("button", { name: "Starta en ny chatt" }).waitFor();
    await clean(page, "ended");
    await shot(page, `ended-${theme}`);
    await page.getByRole("button", { name: "Starta en ny chatt" }).click();
    await page.getByLabel("Vad gäller det?").waitFor();
    assert.deepEqual(wrong, []);
  });

  test(`on a phone it fills the screen and keeps the focus, ${theme}`, async () => {
    const { page, wrong } = await visit({ viewport: phone, dark });
    await shot(page, `mobile-page-${theme}`);
    await begin(page);
    await pull("join");
    await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
    await write(page, "Order 20991, faktura 55817.");
    await pull("say", { text: "Hej Anna! Jag ser att returen kom fram i torsdags. Så här går det till:" });
    await pull("card");
    await page.getByRole("link", { name: /Läs artikeln/ }).waitFor();
    await write(page, "Toppen. Men förfallodagen är på fredag, ska jag betala ändå?");
    await page.getByText(/Skickat/).waitFor();
    const box = await page.getByRole("dialog").boundingBox();
    assert.deepEqual(box, { x: 0, y: 0, ...phone });
    assert.equal(await page.getByRole("dialog").getAttribute("aria-modal"), "true");
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.localName), "vaxel-chat", "focus left the dialog");
    }
    await clean(page, "phone");
    await shot(page, `mobile-open-${theme}`);
    assert.deepEqual(wrong, []);
  });

  test(`closed, ${theme}`, async () => {
    await pull("close");
    const { page } = await visit({ dark });
    await page.getByRole("button", { name: "Öppna chatten" }).click();
    await page.getByText("Vi har stängt just nu").waitFor();
    await page.getByLabel("Sök bland frågor och svar").fill("återköp");
    await page.getByRole("link", { name: /Ångerrätt och återköp/ }).waitFor();
    await clean(page, "closed");
    await shot(page, `closed-${theme}`);
  });
}

test("by keyboard alone", async () => {
  const { page } = await visit();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByLabel("Vad gäller det?").waitFor();
  await page.waitForFunction(() => document.querySelector("vaxel-chat").shadowRoot.activeElement?.id === "q");
  await page.keyboard.type("Hej");
  await page.keyboard.press("Enter");
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.querySelector("vaxel-chat").shadowRoot.activeElement?.className), "launcher");
});

test("what is missing is said at its field", async () => {
  const { page } = await visit();
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("E-post").fill("anna");
  await page.getByRole("button", { name: /Chatta med oss/ }).click();
  await page.getByText("Skriv vad det gäller.").waitFor();
  await page.getByText("Skriv en e-postadress som fungerar.").waitFor();
  await clean(page, "mistakes");
  await shot(page, "mistakes-light");
});

test("a cut after the line is stored: shown once, stored once", async () => {
  const { page } = await visit();
  await begin(page, "första");
  await pull("join");
  await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
  await pull("cut-after-store");
  await write(page, "andra");
  await write(page, "tredje");
  await pull("say", { text: "under tiden" });
  await page.getByText(/Skickat|Läst/).waitFor(); // read, if the last line was stored before the answer
  await page.getByText("under tiden", { exact: true }).waitFor();
  assert.deepEqual((await stored()).sort(), ["andra", "första", "tredje", "under tiden"]);
  assert.deepEqual((await texts(page)).sort(), ["andra", "första", "tredje", "under tiden"]);
  assert.deepEqual(await texts(page), await stored(), "the order of the server is the order shown");
});

test("a cut after the form is stored: one chat", async () => {
  const { page } = await visit();
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("Vad gäller det?").fill("en gång");
  await pull("cut-after-store");
  await page.getByRole("button", { name: /Chatta med oss/ }).click();
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
  assert.deepEqual(await stored(), ["en gång"]);
  assert.deepEqual(await texts(page), ["en gång"]);
});

test("a server that is gone: what was written meanwhile is sent, what was said is shown", async () => {
  const { page } = await visit();
  await begin(page, "före");
  await pull("join");
  await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
  await pull("down");
  await write(page, "utan server");
  await pull("say", { text: "till ingen" });
  await page.getByText("Ingen kontakt").waitFor();
  await shot(page, "trouble-light");
  await page.reload(); // even the page goes: the line is kept in the browser
  await pull("up");
  await page.getByRole("button", { name: /Öppna chatten/ }).click();
  await page.getByText(/Skickat/).waitFor();
  assert.deepEqual(await stored(), ["före", "till ingen", "utan server"]);
  assert.deepEqual(await texts(page), ["före", "till ingen", "utan server"]);
});

test("the next page of the website carries on, and says what came meanwhile", async () => {
  const { page } = await visit();
  await begin(page, "hej");
  await pull("join");
  await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
  await page.goto(`${page0}/?lang=sv&nasta`);
  await page.waitForFunction(() => performance.getEntriesByType("resource").some((e) => e.name.includes("chat.js")));
  await page.waitForFunction(() => !!document.querySelector("vaxel-chat").shadowRoot.querySelector("div"));
  await pull("say", { text: "är du kvar?" });
  await page.getByRole("button", { name: /Öppna chatten \(1\)/ }).click();
  await page.getByText("är du kvar?", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Minimera" }).click();
  await page.getByRole("button", { name: "Öppna chatten", exact: true }).waitFor();
});

test("after consent two tabs are one visitor with one socket", async () => {
  const one = await visit();
  await one.page.evaluate(() => window.vaxel("consent", true));
  await one.page.waitForFunction(() => localStorage.length === 1);
  const two = await visit({ context: one.context });
  await begin(one.page, "från ett");
  await two.page.getByRole("button", { name: "Öppna chatten" }).click();
  await two.page.getByText("från ett", { exact: true }).waitFor();
  await pull("join");
  await two.page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
  await write(two.page, "från två");
  await one.page.getByText("från två", { exact: true }).waitFor();
  while (!(await stored()).includes("från två")) await one.page.waitForTimeout(50); // else it may be stored after the agent's
  assert.equal(one.sockets() + two.sockets(), 2, "one before the consent, one after it");
  await one.page.close(); // the leader goes, the other takes over
  await pull("say", { text: "till er båda" });
  await two.page.getByText("till er båda", { exact: true }).waitFor();
  while (two.sockets() === 0) await two.page.waitForEvent("websocket"); // the old leader may have told of the line while it went
  await shows(two.page, ["från ett", "från två", "till er båda"]); // its own stands last until it hears that it is stored
});

test("English, and the page's own say", async () => {
  const { page, wrong } = await visit({ lang: "en" });
  await page.evaluate(() => {
    window.told = [];
    for (const name of ["open", "close", "phase"]) window.vaxel("on", name, (d) => window.told.push(d ?? name));
    window.vaxel("set", { name: "Anna", email: "anna@kund.example", question: "An invoice" });
    window.vaxel("open");
  });
  await page.getByRole("heading", { name: "Nordvind", level: 2 }).waitFor();
  assert.equal(await page.getByLabel("Name").inputValue(), "Anna");
  await page.getByRole("button", { name: "Chat with us, about 2 min" }).click();
  await page.getByText("Your place in the queue", { exact: true }).waitFor();
  await clean(page, "English");
  await page.evaluate(() => window.vaxel("close"));
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.deepEqual(await page.evaluate(() => window.told), ["open", "pre", "queued", "close"]);
  await page.evaluate(() => window.vaxel("shutdown"));
  assert.equal(await page.locator("vaxel-chat").count(), 0);
  assert.deepEqual(wrong, []);
});

test("what a customer writes is text, links are ours", async () => {
  const { page, wrong } = await visit();
  await begin(page, "<img src=x onerror=alert(1)> se https://shop.example/a?b=1.");
  assert.deepEqual(await texts(page), ["<img src=x onerror=alert(1)> se https://shop.example/a?b=1."]);
  assert.equal(await page.locator(".bub a").getAttribute("href"), "https://shop.example/a?b=1");
  assert.deepEqual(wrong, []);
});

test("being called back instead of waiting", async () => {
  const { page, wrong } = await visit();
  await begin(page);
  await pull("offer-callback");
  const number = page.getByLabel("Ring mig på");
  await number.fill("inget");
  await number.press("Enter");
  assert.equal(await page.locator("input:invalid").count(), 1);
  await clean(page, "callback");
  await shot(page, "callback-light");
  await number.fill("070-174 06 05");
  await page.locator(".w-queue").getByRole("button", { name: "Skicka" }).click();
  await page.getByText("Vi ringer dig.").waitFor();
  assert.deepEqual(wrong, []);
});

test("a letter when nobody can chat", async () => {
  const { page, wrong } = await visit();
  await begin(page);
  await pull("form");
  await page.getByLabel("Skriv ett meddelande …").fill("Svara gärna per brev.");
  const send = page.getByRole("button", { name: "Skicka" });
  await send.click();
  assert.equal(await page.locator("input:invalid").count(), 1);
  await page.getByLabel("E-post", { exact: true }).fill("anna@kund.example");
  await clean(page, "letter");
  await shot(page, "letter-light");
  await send.click();
  await page.getByText("Skickat", { exact: true }).waitFor();
  assert.deepEqual(wrong, []);
});

test("a letter begun while nobody can chat is kept and taken when somebody can", async () => {
  await pull("close");
  const { page, wrong } = await visit();
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("Skriv ett meddelande …").fill("Svara gärna per brev.");
  const send = page.getByRole("button", { name: "Skicka" });
  assert.match(await send.getAttribute("class"), /btn--primary/);
  await pull("open");
  await pull("down");
  await pull("up");
  await page.getByText("Vi har stängt just nu").waitFor({ state: "detached" });
  await page.getByLabel("E-post", { exact: true }).fill("anna@kund.example");
  await shot(page, "letter-late-light");
  await send.click();
  await page.getByText("Skickat", { exact: true }).waitFor();
  await page.getByRole("button", { name: /Chatta med oss/ }).waitFor();
  assert.deepEqual(wrong.filter((w) => !/WebSocket/.test(w)), []);
});

// a picture and a text, as a person would pick them
const jacket = { name: "kvitto.png", mimeType: "image/png", buffer: Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64") };
const notes = { name: "anteckningar.txt", mimeType: "text/plain", buffer: Buffer.from("Order 20991") };

const pick = (page, ...files) => page.locator("input[type=file]").setInputFiles(files);

for (const dark of [false, true]) {
  for (const viewport of [desktop, phone]) {
    const name = `${viewport === phone ? "mobile-" : ""}files-${dark ? "dark" : "light"}`;
    test(`files both ways, ${name}`, async () => {
      const { page, wrong } = await visit({ dark, viewport });
      await begin(page);
      await pull("join");
      await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
      await pick(page, jacket, notes);
      await page.getByRole("img", { name: "kvitto.png" }).waitFor();
      await page.getByRole("link", { name: /anteckningar.txt/ }).waitFor();
      await pull("give");
      const photo = page.getByRole("img", { name: "jacka.png" });
      await photo.waitFor();
      await page.waitForFunction(() => [...document.querySelector("vaxel-chat").shadowRoot.querySelectorAll("img")].every((i) => i.complete && i.naturalWidth > 0));
      await page.getByText("48 kB").waitFor();
      const [download] = await Promise.all([page.waitForEvent("download").catch(() => page.context().waitForEvent("download")), page.getByRole("link", { name: /Köpvillkor/ }).click()]);
      assert.equal(download.suggestedFilename(), "Köpvillkor 2026.pdf");
      await clean(page, name);
      await shot(page, name);
      assert.deepEqual(wrong, []);
    });
  }
}

test("a file that is pasted, one that is dropped", async () => {
  const { page } = await visit();
  await begin(page);
  const hand = (what, name) => page.getByRole("textbox").evaluate((el, { what, name }) => {
    const data = new DataTransfer();
    data.items.add(new File(["Order 20991"], name, { type: "text/plain" }));
    el.dispatchEvent(what === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true, composed: true })
      : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true, composed: true }));
  }, { what, name });
  await hand("paste", "inklistrad.txt");
  await page.getByRole("link", { name: /inklistrad.txt/ }).waitFor();
  await hand("drop", "släppt.txt");
  await page.getByRole("link", { name: /släppt.txt/ }).waitFor();
});

test("a file whose answer is cut off is shown once, one without a server waits for it", async () => {
  const { page } = await visit();
  await begin(page);
  await pull("cut-after-store");
  await pick(page, notes);
  await page.getByRole("link", { name: /anteckningar.txt/ }).waitFor();
  await pull("down");
  await pick(page, jacket);
  await page.getByText("Ej skickat").waitFor();
  await pull("up");
  await page.getByRole("img", { name: "kvitto.png" }).waitFor();
  await page.getByText(/Skickat \d\d:\d\d/).waitFor();
  assert.equal(await page.getByRole("link", { name: /anteckningar.txt/ }).count(), 1);
});

test("a file that is refused is told why and taken away; one that the page took along is asked for again", async () => {
  const { page } = await visit();
  await begin(page);
  await pick(page, { name: "program.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") });
  await page.getByText(/Filer av den sorten tas inte emot/).waitFor();
  await shot(page, "file-refused-light");
  await clean(page, "refused");
  await page.getByRole("button", { name: "Ta bort" }).click();
  await page.getByText("program.exe").waitFor({ state: "detached" });
  await pick(page, { name: "stor.txt", mimeType: "text/plain", buffer: Buffer.alloc((1 << 20) + 1, "a") });
  await page.getByText(/högst 1 MB/).waitFor();
  await page.getByRole("button", { name: "Ta bort" }).click();
  await pull("down");
  await pick(page, notes);
  await page.getByText("Ej skickat").waitFor();
  await page.reload();
  await pull("up");
  await page.getByRole("button", { name: /Öppna chatten/ }).click();
  await page.getByText(/Välj filen igen/).waitFor();
  await page.getByRole("button", { name: "Ta bort" }).click();
  await page.getByText("anteckningar.txt").waitFor({ state: "detached" });
});

for (const dark of [false, true]) {
  for (const viewport of [desktop, phone]) {
    const name = `${viewport === phone ? "mobile-" : ""}after-${dark ? "dark" : "light"}`;
    test(`a rating and the chat by mail after the end, ${name}`, async () => {
      const { page, wrong } = await visit({ dark, viewport });
      await begin(page);
      await pull("join");
      await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
      await pull("say", { text: "Klart!" });
      await pull("end");
      await page.getByText("Hur nöjd är du med hjälpen?").waitFor();
      await clean(page, `${name}, asked`);
      await page.getByRole("radio", { name: "4 av 5" }).check({ force: true });
      await page.getByLabel("Vad var bra eller dåligt?").fill("Snabbt");
      await page.getByRole("button", { name: "Få chatten som mejl" }).click();
      const email = page.getByLabel("E-post", { exact: true });
      await email.fill("anna@kund.example");
      await clean(page, name);
      await shot(page, name);
      await email.press("Enter");
      await page.getByText("Chatten är på väg som mejl.").waitFor();
      await page.getByRole("button", { name: "Skicka" }).click();
      await page.getByText("Tack för ditt betyg!").waitFor();
      await page.reload();
      await page.getByRole("button", { name: /Öppna chatten/ }).click();
      await page.getByText("Tack för ditt betyg!").waitFor();
      await clean(page, `${name}, done`);
      await shot(page, `${name}-done`);
      assert.deepEqual(wrong, []);
    });
  }
}

test("an emoji, by keyboard", async () => {
  const { page, wrong } = await visit();
  await begin(page);
  await page.getByRole("textbox").fill("Tack!");
  await page.getByRole("button", { name: "Emoji" }).click();
  await page.getByRole("button", { name: "😀" }).waitFor();
  await clean(page, "emoji");
  await shot(page, "emoji-light");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await page.getByRole("textbox").inputValue(), "Tack!🤔");
  await page.getByRole("button", { name: "Emoji" }).click();
  await page.getByRole("button", { name: "😀" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.getByText("Tack!🤔", { exact: true }).waitFor();
  assert.deepEqual(wrong, []);
});

test("who is signed in to the website is known; another one has a chat of their own; a bad token is told to the page", async () => {
  const { page, wrong } = await visit();
  await page.goto(`${page0}/?lang=sv&as=4711`);
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByLabel("Vad gäller det?").fill("Min jacka");
  assert.equal(await page.getByLabel("Namn").count(), 0);
  await page.getByRole("button", { name: /Chatta med oss/ }).click();
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
  await page.goto(`${page0}/?lang=sv&as=4711&nasta`);
  await page.getByRole("button", { name: /Öppna chatten/ }).click();
  await page.getByText("Min jacka", { exact: true }).waitFor();
  await page.goto(`${page0}/?lang=sv&as=4712`);
  await page.getByRole("button", { name: /Öppna chatten/ }).click();
  await page.getByLabel("Vad gäller det?").waitFor();
  assert.equal(await page.getByText("Min jacka", { exact: true }).count(), 0);
  await page.evaluate(() => {
    window.vaxel("on", "identity", (code) => (window.refused = code));
    window.vaxel("identify", "a.b.c");
  });
  await page.waitForFunction(() => window.refused === "identity_refused");
  await page.getByLabel("Namn").waitFor();
  assert.deepEqual(wrong, []);
});

test("on a network that lets no WebSocket through it is the same chat", async () => {
  await pull("block");
  try {
    const { page, sockets } = await visit();
    await begin(page, "första");
    await pull("join");
    await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
    await write(page, "andra");
    await write(page, "tredje");
    await pull("say", { text: "svar" });
    await page.getByText("svar", { exact: true }).waitFor();
    await pull("down");
    await write(page, "utan server");
    await page.getByText("Ej skickat").waitFor();
    await pull("up");
    await page.getByText(/Skickat \d\d:\d\d/).waitFor();
    await shows(page, await stored());
    assert.deepEqual((await stored()).sort(), ["andra", "första", "svar", "tredje", "utan server"]);
    assert.ok(sockets() > 1, "sockets were tried");
  } finally {
    await pull("unblock");
  }
});

test("a website's own colour, words and questions; what it asks stands in the first line; the browser keeps the chat if it may", async () => {
  const { page, wrong } = await visit();
  await page.goto(`${page0}/?key=garden`);
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByText("Hej och välkommen!").waitFor();
  const start = page.getByRole("button", { name: /Chatta med oss/ });
  assert.equal(await start.evaluate((e) => getComputedStyle(e).backgroundColor), "rgb(11, 110, 79)");
  await page.getByLabel("Vad gäller det?").fill("Vilka jackor finns?");
  await page.getByLabel(/Storlek/).selectOption("M");
  await page.getByLabel("Jag är medlem").check();
  await clean(page, "the form");
  await shot(page, "own-form");
  await start.click();
  assert.equal(await page.getByText("Din plats i kön", { exact: true }).count(), 0, "the order is required");
  await page.getByLabel("Ordernummer").fill("991");
  await page.getByLabel(/Spara chatten i webbläsaren/).check();
  await start.click();
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
  await page.getByText("Storlek: M").waitFor();
  assert.match((await stored()).join("\n"), /Vilka jackor finns\?\n\nOrdernummer: 991\nStorlek: M\n☑ Jag är medlem/);
  assert.match(await page.evaluate(() => localStorage.getItem("vx:garden") ?? ""), /"token"/);
  await pull("join");
  await pull("end");
  await page.getByText("Hälsa till rosorna.").waitFor();
  assert.deepEqual(wrong, []);
});

test("whom the website asks, and when: by the page's address and the pages before, each once, and never who chats", async () => {
  const { page, wrong, requests } = await visit();
  const ask = page.getByRole("status").filter({ hasText: /kassan|rätt/ });
  await page.goto(`${page0}/?key=garden&invite=1`);
  await page.waitForFunction(() => /"pages":1/.test(sessionStorage.getItem("vx:ask:garden") ?? ""));
  assert.equal(await ask.count(), 0, "the first page is none of them");
  assert.ok(!requests.some((r) => /chat\.js|socket/.test(r)), "nothing of the chat is fetched to find out");
  await page.goto(`${page0}/kassa?key=garden&invite=1`);
  await page.getByText("Frågor om kassan?").waitFor();
  await clean(page, "the invitation");
  await shot(page, "invitation");
  await page.getByRole("button", { name: "Nej tack" }).click();
  await ask.waitFor({ state: "detached" });
  await page.goto(`${page0}/kassa?key=garden&invite=1`);
  await page.getByText("Hittar du rätt?").click();
  await page.getByText("Hej och välkommen!").waitFor();
  assert.equal(await ask.count(), 0);
  await page.goto(`${page0}/kassa?key=garden&invite=1`);
  await page.waitForFunction(() => /"pages":4/.test(sessionStorage.getItem("vx:ask:garden") ?? ""));
  assert.equal(await ask.count(), 0, "each is asked once");
  assert.deepEqual(wrong, []);
});

test("a website's robot answers first, and gives way to a person when asked", async () => {
  for (const [name, viewport, dark] of [["robot", desktop, false], ["robot-phone-dark", phone, true]]) {
    const { page, wrong } = await visit({ viewport, dark });
    await page.goto(`${page0}/?key=robot`);
    await page.getByRole("button", { name: "Öppna chatten" }).click();
    await page.getByLabel("Vad gäller det?").fill("Var är min jacka?");
    await page.getByRole("button", { name: /Chatta med oss/ }).click();
    await shows(page, ["Var är min jacka?", "Jag är en robot. Vad kan jag göra?"]);
    const person = page.getByRole("button", { name: "Jag vill prata med en människa" });
    await person.waitFor();
    await clean(page, name);
    await shot(page, name);
    await page.goto(`${page0}/annan?key=robot`); // another page carries on
    await page.getByRole("button", { name: "Öppna chatten" }).click();
    await person.click();
    await page.getByText("Din plats i kön", { exact: true }).waitFor();
    assert.equal(await person.count(), 0);
    await pull("join");
    await write(page, "Hej, Alva!");
    await shows(page, ["Var är min jacka?", "Jag är en robot. Vad kan jag göra?", "Hej, Alva!"]);
    assert.deepEqual(wrong, []);
  }
});

// Nothing is cut off or stands beside its window.
async function fits(page, what) {
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

for (const [lang, viewport, dark] of [["ar", desktop, false], ["ar", phone, true], ["de", desktop, true], ["de", phone, false]]) {
  const name = `${lang}-${viewport === phone ? "phone" : "desktop"}-${dark ? "dark" : "light"}`;
  test(`a whole chat in the page's language, in its direction: ${name}`, async () => {
    const { chat: w, later } = said(lang);
    const { page, wrong, requests } = await visit({ lang, viewport, dark, key: "world" });
    const rtl = lang === "ar";
    const launcher = page.getByRole("button", { name: w.openChat });
    assert.equal((await launcher.boundingBox()).x < viewport.width / 2, rtl, "the launcher stands where lines end");
    await launcher.click();
    await page.getByLabel(w.question).fill(rtl ? "أين سترتي من Nordvind؟" : "Wo ist meine Jacke?");
    assert.deepEqual([...new Set(requests.map((u) => new URL(u).pathname))].filter((p) => p.endsWith(".js")).sort(), [`/w/${lang}/chat.js`, "/w/v1.js"]);
    assert.equal(await page.getByRole("dialog").evaluate((e) => getComputedStyle(e).direction), rtl ? "rtl" : "ltr");
    await clean(page, "before");
    await fits(page, "before");
    await shot(page, `${name}-before`);
    await page.getByLabel(w.name).fill(rtl ? "سميرة" : "Jürgen");
    await page.keyboard.press("Enter");
    await page.getByText(w.yourPlace, { exact: true }).waitFor();
    assert.equal(await page.locator(".pos").innerText(), new Intl.NumberFormat(lang).format(3));
    await clean(page, "queue");
    await fits(page, "queue");
    await shot(page, `${name}-queue`);
    await pull("join");
    await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
    await pull("say", { text: "Hello! Your order 20991 is on its way." });
    await write(page, rtl ? "شكرًا! متى تصل؟" : "Danke! Wann kommt sie an?");
    const bubbles = page.locator(".bub");
    await bubbles.nth(2).waitFor();
    const directions = () => bubbles.evaluateAll((all) => all.map((e) => getComputedStyle(e).direction));
    const wanted = rtl ? ["rtl", "ltr", "rtl"] : ["ltr", "ltr", "ltr"];
    let seen;
    for (const end = Date.now() + 60_000; Date.now() < end; await page.waitForTimeout(50)) {
      seen = await directions();
      if (isDeepStrictEqual(seen, wanted)) break; // a line is drawn anew when it is stored
    }
    assert.deepEqual(seen, wanted, "each in its own direction");
    const [theirs, mine] = [await bubbles.nth(1).boundingBox(), await bubbles.nth(2).boundingBox()];
    assert.equal(mine.x + mine.width / 2 < theirs.x + theirs.width / 2, rtl, "what was written stands where lines end");
    await page.getByRole("button", { name: w.more, exact: true }).click();
    await page.getByRole("button", { name: later.endChat }).waitFor();
    await clean(page, "open");
    await fits(page, "open");
    await shot(page, `${name}-open`);
    await page.keyboard.press("Escape");
    await pull("end");
    await page.getByRole("button", { name: later.again }).waitFor();
    await clean(page, "ended");
    await fits(page, "ended");
    await shot(page, `${name}-ended`);
    assert.deepEqual(wrong, []);
  });
}

test("a website that has not the page's language is met in its own, and nobody's page decides how it is written", async () => {
  const { page, wrong, requests } = await visit({ lang: "ar" });
  await page.getByRole("button", { name: said("ar").chat.openChat }).click();
  await page.getByLabel("Vad gäller det?").fill("Hej");
  assert.equal(await page.getByRole("dialog").evaluate((e) => getComputedStyle(e).direction), "ltr");
  assert.ok(requests.some((u) => u.includes("/w/sv/words.js")));
  await page.keyboard.press("Enter");
  await page.getByText("Din plats i kön", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Mer", exact: true }).click();
  await page.getByRole("button", { name: "Avsluta chatten" }).waitFor();
  assert.deepEqual(wrong, []);
});

test("though the other language comes late, nothing stands in the page's own", async () => {
  const { page, requests } = await visit({ lang: "ar", key: "calls" });
  await page.route("**/w/sv/words.js*", async (r) => {
    await new Promise((done) => setTimeout(done, 500)); // a slow network
    await r.continue();
  });
  await page.getByRole("button", { name: said("ar").chat.openChat }).click();
  await page.getByRole("button", { name: "Bli uppringd i stället" }).waitFor();
  assert.ok(!requests.some((u) => u.includes("/w/ar/later.js")));
});

test("where the words of its own language fail, a website is met in the page's, and asked for them again", async () => {
  const { page, requests } = await visit({ lang: "ar" });
  let cut = true;
  await page.route("**/w/sv/words.js*", (r) => (cut ? r.abort() : r.continue()));
  const ar = said("ar").chat;
  const asked = () => requests.filter((u) => u.includes("/w/sv/words.js")).length;
  await page.getByRole("button", { name: ar.openChat }).click();
  await page.getByLabel(ar.question).fill("Hej");
  const before = asked();
  await page.getByRole("button", { name: ar.minimise }).click();
  await page.getByRole("button", { name: ar.openChat }).click();
  assert.equal(await page.getByLabel(ar.question).inputValue(), "Hej");
  for (const until = Date.now() + 10_000; asked() === before && Date.now() < until;) await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.ok(asked() > before, "asked for with the next opening");
  cut = false;
  await page.getByLabel("Vad gäller det?").waitFor(); // by itself
  assert.equal(await page.getByLabel("Vad gäller det?").inputValue(), "Hej");
});

for (const [name, viewport, dark] of [["call-desktop-light", desktop, false], ["call-phone-dark", phone, true]]) {
  test(`who would rather be called says where and when: ${name}`, async () => {
    const { page, wrong } = await visit({ viewport, dark, key: "calls" });
    await page.getByRole("button", { name: "Öppna chatten" }).click();
    await page.getByLabel("Vad gäller det?").fill("Fakturan");
    await page.getByRole("button", { name: "Bli uppringd i stället" }).click();
    await page.getByLabel("Ring mig på").fill("070-123 45 67");
    assert.equal(await page.getByLabel("Vad gäller det?").inputValue(), "Fakturan", "what was written stays");
    await page.getByLabel("När ska vi ringa?").selectOption("at");
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel("Jag väljer en tid", { exact: true }).fill(`${tomorrow}T10:30`);
    await clean(page, "the wish");
    await fits(page, "the wish");
    await shot(page, name);
    await pull("cut-after-store"); // the answer is lost, and asked for again
    await page.getByRole("button", { name: "Skicka" }).click();
    await page.getByRole("status").getByText(/^Vi ringer dig .* 10:30\.$/).waitFor();
    assert.equal((await stored()).filter((l) => l.includes("0701234567")).length, 1, "one wish");
    assert.equal(await page.getByLabel("Vad gäller det?").inputValue(), "Fakturan", "they may chat all the same");
    await clean(page, "the promise");
    await shot(page, `${name}-promised`);
    assert.deepEqual(wrong.filter((w) => !/WebSocket/.test(w)), []);
  });
}

test("closed, and in the queue, they may ask to be called too", async () => {
  await pull("close");
  const { page } = await visit({ key: "calls" });
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByRole("button", { name: "Bli uppringd i stället" }).click();
  await page.getByLabel("Ring mig på").fill("12");
  await page.getByRole("button", { name: "Nej, chatta" }).click();
  await page.getByText("Vi har stängt just nu").waitFor();
  await pull("open");
  const second = await visit({ key: "calls" });
  await begin(second.page, "hej");
  await second.page.getByLabel("Ring mig på").fill("0701234567");
  await second.page.locator(".w-queue").getByRole("button", { name: "Skicka" }).click();
  await second.page.getByText("Vi ringer dig.").waitFor();
});
