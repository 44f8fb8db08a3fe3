// An agent in Chromium who works in the console: signs in, becomes available, takes the offer, and answers it as chat, mail or
// call is answered there, to the transaction code. Started by TestConsoleChat, -Email and -Call. Prints what the thread showed
// as JSON. With SHOTS set to a folder, each page that is passed is pictured there: light and dark, wide and narrow.
import assert from "node:assert/strict";
import { browse } from "./chromium.mjs";

const [, , base, login, password, channel] = process.argv;
const browser = await browse();
try {
  const context = await browser.newContext({ locale: "en", reducedMotion: "reduce", viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (m) => m.type() === "error" && !/status of 401/.test(m.text()) && wrong.push(m.text())); // nobody is signed in yet
  page.on("pageerror", (e) => wrong.push(String(e)));
  await page.goto(base);
  await page.getByLabel("User name").fill(login);
  await page.getByLabel("Password").fill(password);
  await see(page, "sign-in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: /^Choose status/ }).click();
  await page.getByRole("menuitem", { name: "Available" }).click();
  const offer = page.getByRole("alertdialog");
  await offer.waitFor();
  await see(page, "offer");
  if (channel === "voice") console.error("rings"); // it is answered in the phone
  else await offer.getByRole("button", { name: "Accept" }).click();
  await offer.waitFor({ state: "detached" });
  const thread = page.getByRole("log");
  const texts = await { chat, email, voice }[channel](page, thread);
  const codes = page.getByRole("listbox", { name: "Outcome" });
  await codes.getByRole("option", { name: "Solved" }).click();
  await see(page, "wrap-up");
  await page.getByRole("button", { name: "Finish wrap-up" }).click();
  await codes.waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^Choose status:.*Available/ }).waitFor();
  await see(page, "finished");
  assert.deepEqual(wrong, []);
  console.log(JSON.stringify(texts));
} finally {
  await browser.close();
}

async function chat(page, thread) {
  await thread.getByText("Order 20991.").waitFor();
  const reply = page.getByRole("textbox", { name: "Reply" });
  await reply.fill("You may. Here is how:");
  await page.keyboard.press("Control+Enter");
  await thread.getByText("You may. Here is how:").waitFor();
  await reply.pressSequentially("/retu");
  await page.getByRole("option", { name: /Returns and refunds/ }).waitFor();
  await see(page, "slash");
  await page.keyboard.press("Enter");
  await thread.getByText("Returns and refunds").waitFor();
  await thread.getByText("Thank you!").waitFor();
  await see(page, "chat");
  const said = await thread.locator(".bub").allInnerTexts();
  await page.getByRole("button", { name: "End chat" }).click();
  return said;
}

async function email(page, thread) {
  await thread.getByText("Min kedja gick av.").waitFor();
  await page.getByRole("textbox", { name: "Reply" }).fill("Hej Karin! Vi skickar en ny.");
  await see(page, "email");
  await page.keyboard.press("Control+Enter");
  await thread.getByText("Hej Karin! Vi skickar en ny.").waitFor();
  await thread.getByText("Sent", { exact: true }).waitFor();
  await see(page, "answered");
  const said = await thread.innerText();
  await page.getByRole("button", { name: "Finish", exact: true }).click();
  return [said];
}

async function voice(page) {
  await page.waitForURL("**/phone");
  const line = page.getByRole("article", { name: "Line 1" });
  await line.getByText("Talking").waitFor();
  await line.getByRole("button", { name: /^Hold/ }).click();
  await line.getByText(/^On hold/).waitFor();
  console.error("held");
  await line.getByRole("button", { name: /^Resume/ }).click();
  await line.getByText("Talking").waitFor();
  await see(page, "phone");
  console.error("talks");
  await new Promise((heard) => process.stdin.once("data", heard)); // by those on the phone
  process.stdin.pause();
  const said = await line.innerText();
  await line.getByRole("button", { name: /^End/ }).click();
  return [said];
}

async function see(page, name) {
  if (!process.env.SHOTS) return;
  for (const [at, colorScheme, width, height] of [["light", "light", 1440, 900], ["dark", "dark", 1440, 900], ["narrow", "light", 390, 844], ["narrow-dark", "dark", 390, 844]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `${process.env.SHOTS}/${channel}-${name}-${at}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}
