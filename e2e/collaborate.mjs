// A customer and an agent, each in Chromium, who look at the customer's page together. Started by TestCollaborate.
import assert from "node:assert/strict";
import { atWork, browser, clean, forms, mirror, open, see, seeAll, until, wrong } from "./together.mjs";

const [, , base, site, login, password] = process.argv;
const wire = []; // all that leaves the customer's browser for the agent

try {
  const agent = await atWork(base, login, password);
  const customer = await open(forms.desktop);
  const asked = [];
  customer.on("request", (r) => /\/w\//.test(r.url()) && asked.push(new URL(r.url()).pathname));
  customer.on("websocket", (ws) => /\/w\/collaborate$/.test(ws.url()) && ws.on("framesent", (f) => wire.push(String(f.payload))));
  await customer.goto(site);
  await customer.getByLabel("Street").fill("Hemligt-skrivet");
  await customer.getByLabel("City").fill("Uppsala");
  await customer.getByLabel("Password").fill("Hemligt-losen");
  await customer.getByRole("button", { name: "Open the chat" }).click();
  await customer.getByLabel("What is it about?").fill("I cannot find the delivery times.");
  await customer.getByLabel("Name").fill("Karin");
  await customer.getByRole("button", { name: /Chat with us/ }).click();
  await agent.getByRole("alertdialog").getByRole("button", { name: "Accept" }).click();
  await customer.getByRole("heading", { name: "Anna Berg" }).waitFor();
  await customer.getByRole("button", { name: "Minimise" }).click();

  // The customer may say no, and then nothing of the page was read.
  const ask = agent.getByRole("button", { name: "Ask to see the page" });
  const consent = customer.getByRole("dialog", { name: "Anna Berg would like to see this page" });
  await ask.click();
  await consent.waitFor();
  await clean(customer, "vaxel-collaborate", "the first consent");
  await seeAll(customer, "consent", forms);
  await consent.getByRole("button", { name: "No thanks" }).click();
  await agent.getByText("The customer does not want to show the page.").waitFor();
  assert.ok(!asked.includes("/w/mirror.js"), "the recorder came without consent");
  assert.ok(!wire.some((f) => JSON.parse(f).t === "events"), "events left without consent");

  // They say yes: the agent sees the page as it is, with what is masked masked.
  await ask.click();
  await consent.getByRole("button", { name: "Show the page" }).click();
  const bar = customer.getByRole("region", { name: "Your page is shown" });
  await bar.waitFor();
  const page = mirror(agent);
  await page.getByRole("heading", { name: "Cyklar" }).waitFor();
  await until("3,000 rows", async () => (await page.locator("tr").count()) === 3000);
  await page.getByText("Bicycle 3000", { exact: true }).waitFor({ state: "attached" });
  await until("what is shown", async () => (await page.getByLabel("City").inputValue()) === "Uppsala");
  await until("what is masked", async () => (await page.getByLabel("Street").inputValue()) === "***************");
  await until("what the administrator masks", async () => (await page.locator("#balance").innerText()) === "*************");
  await customer.getByLabel("City").fill("Lund");
  await customer.getByLabel("Street").fill("Hemligt-andrat");
  await customer.getByRole("textbox", { name: "Free text" }).fill("Hemligt-fritt-nytt");
  await until("what was typed", async () => (await page.getByLabel("City").inputValue()) === "Lund" && (await page.getByLabel("Street").inputValue()) === "**************");
  await clean(customer, "vaxel-collaborate", "the bar");
  await clean(agent, "main", "the agent's pane");
  await seeAll(customer, "bar", forms);
  await seeAll(agent, "agent", { desktop: { width: 1440, height: 900 }, phone: forms.phone });

  // The agent points.
  const frame = agent.locator("iframe[title=\"The customer's page\"]");
  const over = agent.frameLocator("iframe[title=\"The customer's page\"]").locator("#over");
  const at = async (where) => {
    let inner;
    await until("where to point", async () => (inner = await where.boundingBox()));
    const outer = await frame.boundingBox();
    return { x: inner.x + inner.width / 2 - outer.x, y: inner.y + inner.height / 2 - outer.y };
  };
  await over.hover({ position: await at(page.getByText("Delivery")) });
  await customer.locator("vaxel-collaborate .dot").waitFor();
  await over.click({ position: await at(page.getByText("Delivery")) });
  await customer.locator("vaxel-collaborate .mark").waitFor();
  const mark = await customer.locator("vaxel-collaborate .mark").boundingBox();
  const real = await customer.getByText("Delivery", { exact: true }).boundingBox();
  assert.ok(Math.abs(mark.x + 6 - real.x) < 4 && Math.abs(mark.y + 6 - real.y) < 4, `marked ${JSON.stringify(mark)}, want ${JSON.stringify(real)}`);
  await see(customer, "mark");
  assert.equal(await customer.locator("details[open]").count(), 0, "clicked without control");

  // Control is asked for by itself, and may be refused.
  const control = customer.getByRole("dialog", { name: "May Anna Berg click and fill in for you?" });
  const askControl = agent.getByRole("button", { name: "Ask to click" });
  await askControl.click();
  await clean(customer, "vaxel-collaborate", "the second consent");
  await seeAll(customer, "control", forms);
  await control.getByRole("button", { name: "No thanks" }).click();
  await askControl.click();
  await control.getByRole("button", { name: "Yes, let them help" }).click();
  await agent.getByRole("button", { name: "Give back" }).waitFor();
  await bar.getByText("can click").waitFor();
  await over.click({ position: await at(page.getByText("Delivery")) });
  await customer.locator("details[open]").waitFor();
  await page.locator("details[open]").waitFor();
  const refuses = async (where, why) => {
    await over.click({ position: await at(where) });
    await agent.getByText(why).waitFor();
    await over.click({ position: await at(page.getByRole("heading", { name: "Cyklar" })) }); // what is allowed takes the words away
    await agent.getByText(why).waitFor({ state: "detached" });
  };
  await refuses(page.getByRole("button", { name: "Buy" }), "The customer sends forms themselves.");
  await refuses(page.getByRole("button", { name: "Do not touch" }), "Only the customer may do that.");
  await refuses(page.getByText("Other site"), "The customer opens links that lead away themselves.");
  await over.click({ position: await at(page.getByLabel("City")) });
  await agent.getByLabel("Fill in City").fill("Lidingö");
  await agent.getByRole("button", { name: "Fill in", exact: true }).click();
  await customer.waitForFunction(() => document.querySelector("[name=city]").value === "Lidingö");
  await over.click({ position: await at(page.getByLabel("Password")) });
  await agent.getByLabel("Fill in Password").fill("guessed");
  await agent.getByRole("button", { name: "Fill in", exact: true }).click();
  await agent.getByText("Only the customer may do that.").waitFor();
  assert.equal(await customer.getByLabel("Password").inputValue(), "Hemligt-losen");
  assert.equal(new URL(customer.url()).pathname, "/");
  await seeAll(agent, "controlled", { desktop: { width: 1440, height: 900 } });

  // The next page of the website goes on, also by the agent's hand; the customer takes the control back.
  await over.click({ position: await at(page.getByText("Next page")) });
  await customer.waitForURL("**/next*");
  await bar.waitFor();
  await page.getByRole("heading", { name: "Cyklar next" }).waitFor();
  await agent.getByText(`${site}/next`, { exact: true }).waitFor();
  await bar.getByRole("button", { name: "Take back" }).click();
  await askControl.waitFor();

  // The customer stops, then the agent does.
  await bar.getByRole("button", { name: /Stop showing/ }).click();
  await bar.waitFor({ state: "detached" });
  await agent.getByText("The customer stopped showing the page.").waitFor();
  await ask.click();
  await consent.getByRole("button", { name: "Show the page" }).click();
  await page.getByRole("heading", { name: "Cyklar next" }).waitFor();
  await agent.getByRole("button", { name: "Stop looking" }).click();
  await bar.waitFor({ state: "detached" });
  await customer.locator("vaxel-collaborate .note").getByText("Your page is not shown any more.").waitFor();
  await customer.reload();
  await customer.getByRole("button", { name: /chat/ }).first().waitFor();
  assert.equal(await bar.count(), 0);

  const all = wire.join("\n");
  assert.ok(/Bicycle 3000/.test(all), "the wire was not heard");
  for (const secret of all.matchAll(/Hemligt[\w-]*/g)) assert.fail(`${secret[0]} left the customer's browser: …${all.slice(Math.max(0, secret.index - 200), secret.index + 60)}`);
  assert.deepEqual(wrong, []);
  console.log(`${wire.length} frames, ${all.length} bytes before compression`);
} catch (e) {
  console.error([...new Set(wrong)].join("\n"), wire.length, "frames, the last", wire.slice(-3).map((f) => f.slice(0, 300)).join("\n"));
  throw e;
} finally {
  await browser.close();
}
