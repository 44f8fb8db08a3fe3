// A customer in Chromium on a website with the widget: asks, answers, opens the FAQ link that the agent gives, and reads
// to the end. Started by TestStoryChat, which is the agent. Prints what the window showed as JSON.
import assert from "node:assert/strict";
import { browse } from "./chromium.mjs";

const browser = await browse();
try {
  const context = await browser.newContext({ locale: "en", reducedMotion: "reduce" });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (m) => m.type() === "error" && wrong.push(m.text()));
  page.on("pageerror", (e) => wrong.push(String(e)));
  await page.goto(process.argv[2]);
  await page.getByRole("button", { name: "Open the chat" }).click();
  await page.getByLabel("What is it about?").fill("May I return a jacket?");
  await page.getByLabel("Name").fill("Karin");
  await page.getByRole("button", { name: /Chat with us/ }).click();
  await page.getByRole("heading", { name: "Anna Berg" }).waitFor();
  await write(page, "Order 20991.");
  await page.getByText("You may. Here is how:", { exact: true }).waitFor();
  const card = page.getByRole("link", { name: /Read the article/ });
  const [article] = await Promise.all([context.waitForEvent("page"), card.click()]);
  await article.getByRole("heading", { name: "Returns and refunds", level: 1 }).waitFor();
  await article.close();
  await write(page, "Thank you!");
  await page.getByRole("button", { name: "Start a new chat" }).waitFor();
  const texts = await page.locator(".bub").allInnerTexts();
  assert.deepEqual(wrong, []);
  console.log(JSON.stringify(texts));
} finally {
  await browser.close();
}

async function write(page, text) {
  await page.getByRole("textbox").fill(text);
  await page.keyboard.press("Enter");
}
