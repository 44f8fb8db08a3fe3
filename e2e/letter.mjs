// An agent answers a mail with its looks and a picture in its text, by keyboard; goes on with it after a reload, where the
// picture is seen again; and sends it. Started by TestStoryMailWithLooks with the address, the agent's login and password.
import assert from "node:assert/strict";
import { fact } from "./hands.mjs";
import { browser, open, wrong } from "./together.mjs";

const [, , base, login, password] = process.argv;
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const page = await open({ width: 1440, height: 900 });
const answer = page.getByRole("textbox", { name: "Reply" });
const { keyboard } = page;

try {
  await page.goto(base);
  await page.getByLabel("User name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: /^Choose status/ }).click();
  await page.getByRole("menuitem", { name: "Available" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Accept" }).click();
  await answer.click();
  await keyboard.type("Hi Karin, you need:");
  await keyboard.press("Enter");
  await keyboard.type("- a new ");
  await keyboard.press("Control+b");
  await keyboard.type("chain");
  await keyboard.press("Control+b");
  await keyboard.press("Enter");
  await keyboard.press("Enter");
  await keyboard.type("See ");
  await keyboard.press("Control+k");
  await page.getByLabel("Address of the link").waitFor();
  await keyboard.type("cyklar.example/chains");
  await keyboard.press("Enter");
  await keyboard.type(" or: ");
  const kept = page.waitForResponse((r) => r.request().method() === "PUT" && r.ok() && r.request().postDataJSON()?.attachments?.length === 1); // the draft with the picture, not one of before
  await answer.evaluate((e, dot) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([Uint8Array.from(atob(dot), (c) => c.charCodeAt(0))], "chain.png", { type: "image/png" }));
    e.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, dot);
  await kept;
  await page.getByText("Draft saved").waitFor();
  await page.reload();
  const seen = answer.getByAltText("chain.png");
  await seen.waitFor();
  await fact("the picture is drawn", () => seen.evaluate((e) => e.complete && e.naturalWidth > 0));
  await answer.press("Control+Enter");
  await page.getByText("The mail leaves in a moment.").waitFor();
  assert.deepEqual(wrong, []);
} catch (err) {
  console.error((await page.locator("body").ariaSnapshot()).slice(0, 5000));
  throw err;
} finally {
  await browser.close();
}
