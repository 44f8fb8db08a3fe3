// A chat as a customer meets it, through cuts, tabs and pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { begin, clean, page0, phone, pull, said, server, shot, shows, stored, texts, visit, write } from "./visit.mjs";

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
