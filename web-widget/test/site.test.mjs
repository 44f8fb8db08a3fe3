// What each website makes of the widget: who is signed in, its colours, words, questions, languages and robot.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { begin, clean, desktop, fits, page0, phone, pull, said, server, shot, shows, stored, visit, write } from "./visit.mjs";

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
    await pull("say", { text: "Hello! Your order 20991 is on its way.", language: "en" });
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
    assert.equal(await bubbles.nth(1).getAttribute("lang"), "en", "and read out in its own language (WCAG 3.1.2)");
    assert.equal(await bubbles.nth(0).evaluate((e) => e.closest("[lang]").lang), lang);
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

test("on a phone, what opens once the website is known takes nothing from who was faster", async () => {
  const { page } = await visit({ viewport: phone });
  let known;
  const seen = new Promise((done) => (known = done));
  await page.routeWebSocket(/\/w\/socket/, (widget) => {
    const behind = widget.connectToServer();
    behind.onMessage(async (frame) => {
      await seen;
      widget.send(frame);
    });
  });
  await page.getByRole("button", { name: "Öppna chatten" }).click();
  await page.getByRole("button", { name: "Mer", exact: true }).click();
  const entry = page.getByRole("button", { name: "Visa sidan med en kod" });
  await entry.waitFor();
  known();
  await page.getByLabel("Vad gäller det?").waitFor();
  assert.ok(await entry.isVisible(), "the menu was taken away");
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
    await pull("settle"); // an agent has closed the case
    await page.getByRole("status").getByText("Vi ringer inte, ditt ärende är klart").waitFor();
    await clean(page, "off");
    await shot(page, `${name}-off`);
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
