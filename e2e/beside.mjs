// A chat and what goes on beside it: a supervisor looks on and whispers, a colleague is asked and takes over, a message must be
// read, several chats stand side by side. Everybody in Chromium. Started by TestBeside.
import assert from "node:assert/strict";
import { atWork, browser, clean, forms, open, seeAll, until, wrong } from "./together.mjs";

const [, , base, site, password, anna, cilla, bo] = process.argv;
const wire = []; // all that comes to customers' browsers
const desk = { desktop: { width: 1440, height: 900 }, phone: forms.phone };

async function signIn(login) {
  const page = await open({ width: 1440, height: 900 });
  await page.goto(base);
  await page.getByLabel("User name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: /^Choose status/ }).waitFor();
  return page;
}

async function comes(name, text) {
  const page = await open(forms.desktop);
  page.on("websocket", (ws) => ws.on("framereceived", (f) => wire.push(String(f.payload))));
  page.on("response", (r) => /\/w\//.test(r.url()) && /json/.test(r.headers()["content-type"] ?? "") && r.text().then((t) => wire.push(t), () => {}));
  await page.goto(site);
  await page.getByRole("button", { name: "Open the chat" }).click();
  await page.getByLabel("What is it about?").fill(text);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: /Chat with us/ }).click();
  return page;
}

const says = async (page, text) => {
  await page.getByRole("textbox", { name: /message/i }).fill(text);
  await page.keyboard.press("Enter");
};
const accept = (page) => page.getByRole("alertdialog").getByRole("button", { name: "Accept" }).click();
const beside = (page) => page.getByRole("region", { name: "Beside the chat" });
const answers = async (page, text) => {
  await page.getByRole("textbox", { name: "Reply" }).fill(text);
  await page.keyboard.press("Control+Enter");
};

try {
  const agent = await atWork(base, anna, password);
  const customer = await comes("Karin", "Where is my parcel?");
  await accept(agent);
  await customer.getByRole("heading", { name: "Anna Berg" }).waitFor();

  // A supervisor looks on, live, and whispers.
  const boss = await signIn(bo);
  await boss.getByRole("tab", { name: "All", exact: true }).click();
  await boss.getByRole("link", { name: /Karin/ }).click();
  await boss.getByText("You look on at the chat of Anna Berg").waitFor();
  assert.equal(await boss.getByRole("textbox", { name: "Reply" }).count(), 0, "a supervisor who looks on can answer the customer");
  await beside(agent).getByText("Bo Chef looks on").waitFor();
  await customer.getByText("Cyklar sees what you write before you send it").waitFor();
  await customer.getByRole("textbox", { name: /message/i }).fill("It is order 2099");
  await agent.getByRole("log", { name: "Messages" }).getByText("It is order 2099", { exact: true }).waitFor(); // not sent yet
  await says(customer, "It is order 20991.");
  await boss.getByRole("log", { name: "Messages" }).getByText("It is order 20991.").waitFor();
  await boss.getByRole("textbox", { name: "Whisper to Anna Berg" }).fill("Hemligt: offer a discount");
  await boss.keyboard.press("Enter");
  await beside(agent).getByText("Hemligt: offer a discount").waitFor();
  await clean(agent, "main", "a whisper");
  await clean(customer, "vaxel-chat", "a widget that says that what is written is seen");
  await seeAll(customer, "watched", forms);
  await clean(boss, "main", "looking on");
  await seeAll(agent, "whisper", desk);
  await seeAll(boss, "observe", desk);
  await beside(agent).getByRole("textbox").fill("Hemligt: I will");
  await agent.keyboard.press("Enter");
  await beside(boss).getByText("Hemligt: I will").waitFor();
  await boss.getByRole("tab", { name: "Messages" }).click();
  await beside(agent).getByText("Bo Chef looks on").waitFor({ state: "detached" });

  // A colleague is asked, both see the chat, and they talk beside it; then the colleague has it.
  const colleague = await atWork(base, cilla, password);
  await agent.getByRole("button", { name: "Transfer" }).click();
  await agent.getByRole("dialog").getByRole("button", { name: /^Cilla Ek/ }).click();
  await agent.getByRole("dialog").getByRole("button", { name: "Ask first" }).click();
  await accept(colleague);
  await colleague.getByRole("log", { name: "Messages" }).getByText("It is order 20991.").waitFor();
  await beside(agent).getByRole("textbox").fill("Hemligt: may we promise that?");
  await agent.keyboard.press("Enter");
  await beside(colleague).getByText("Hemligt: may we promise that?").waitFor();
  await beside(colleague).getByRole("textbox").fill("Hemligt: yes, give them to me");
  await colleague.keyboard.press("Enter");
  await beside(agent).getByText("Hemligt: yes, give them to me").waitFor();
  await clean(colleague, "main", "being asked");
  await seeAll(colleague, "asked", desk);
  await agent.getByRole("button", { name: "Transfer lines" }).click();
  await customer.getByRole("heading", { name: "Cilla Ek" }).waitFor();
  await answers(colleague, "Cilla here, I have found it.");
  await customer.getByText("Cilla here, I have found it.").waitFor();

  // A message that must be read first.
  await boss.getByRole("textbox", { name: "Message", exact: true }).fill("The carrier has stopped: use /late");
  await boss.getByText("Shown at once, must be acknowledged").click();
  await boss.getByRole("button", { name: "Send message" }).click();
  const urgent = colleague.getByRole("alertdialog", { name: /^Important from/ });
  await urgent.getByText("The carrier has stopped").waitFor();
  await clean(colleague, "[role=alertdialog]", "what is urgent");
  await seeAll(colleague, "urgent", desk);
  await urgent.getByRole("button", { name: "I have read it" }).click();
  await urgent.waitFor({ state: "detached" });
  await boss.getByText("Read by 1 of 2").click();
  await boss.getByText("Not read").waitFor();
  await seeAll(boss, "compose", desk);

  // Three chats side by side.
  const second = await comes("Olle", "A question about returns");
  await accept(colleague);
  await second.getByRole("heading", { name: "Cilla Ek" }).waitFor();
  await colleague.getByRole("link", { name: "Chats side by side" }).click();
  const cells = colleague.locator(".grid-cell");
  await cells.nth(1).getByText("A question about returns").waitFor();
  const third = await comes("Ines", "Hello?");
  await accept(colleague);
  await cells.nth(2).getByText("Hello?").waitFor();
  for (const [n, page] of [customer, second, third].entries()) {
    await colleague.keyboard.press(`Alt+Digit${n + 1}`);
    await until("the chat that is written in", () => cells.nth(n).getByRole("textbox", { name: "Reply" }).evaluate((f) => f === document.activeElement));
    await colleague.keyboard.type(`Answer ${n + 1}`);
    await colleague.keyboard.press("Control+Enter");
    await page.getByText(`Answer ${n + 1}`, { exact: true }).waitFor();
    for (const other of [customer, second, third]) if (other !== page) assert.equal(await other.getByText(`Answer ${n + 1}`).count(), 0);
  }
  await clean(colleague, "main", "side by side");
  await seeAll(colleague, "grid", desk);

  const all = wire.join("\n");
  assert.ok(/Cilla here/.test(all), "the wire was not heard");
  for (const secret of all.matchAll(/Hemligt|Bo Chef|looks on/g)) assert.fail(`${secret[0]} came to a customer: …${all.slice(Math.max(0, secret.index - 200), secret.index + 60)}`);
  assert.deepEqual(wrong, []);
  console.log(`${wire.length} frames, ${all.length} bytes`);
} catch (e) {
  console.error([...new Set(wrong)].join("\n"), wire.length, "frames, the last", wire.slice(-3).map((f) => f.slice(0, 300)).join("\n"));
  throw e;
} finally {
  await browser.close();
}
