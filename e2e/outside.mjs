// S18 on the telephone: an agent who talks to a customer calls a number outside on line 2, first by the mouse and lets go, then
// by the keyboard and gives the customer over; and sends the next customer there without talking first. Started by
// TestStoryOutsideByHand, which has the telephones, with the address, the agent's login and password; a line of output asks it
// to do what a telephone does, and it answers with a line when that is done.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { Keys, Mouse } from "./hands.mjs";
import { browser, open, wrong } from "./together.mjs";

const [, , base, login, password] = process.argv;
const number = "+46 70 111 22 33";
const done = createInterface({ input: process.stdin });
const answers = done[Symbol.asyncIterator]();
const telephones = async (what) => {
  console.log(what);
  await answers.next();
};

const page = await open({ width: 1440, height: 900 });
const [mouse, keys] = [new Mouse(page), new Keys(page)];
const find = page.getByRole("textbox", { name: /^Find agent/ });
const row = page.getByRole("region", { name: "Outside" }).getByRole("button", { name: new RegExp(number.replace("+", "\\+")) });
const line2 = page.getByRole("article", { name: /^Line 2/ });
const wrapUp = page.getByRole("complementary", { name: "Wrap-up" });

async function dials(hand) {
  await hand.write(find, "070-111 22 33");
  await hand.press(row);
}

try {
  await page.goto(base);
  await page.getByLabel("User name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await mouse.go("Phone");
  await dials(mouse);
  await mouse.press(page.getByRole("button", { name: "Call on line 2" }).last());
  await line2.getByText("Ringing").first().waitFor();
  await telephones("answer");
  await line2.getByText("Talking").first().waitFor();
  await mouse.press(page.getByRole("button", { name: "End line 2" }).first());
  await line2.waitFor({ state: "detached" });
  await telephones("gone");

  await page.reload();
  await page.getByRole("heading", { name: "Phone" }).waitFor();
  await dials(keys);
  await keys.press(page.getByRole("button", { name: "Call on line 2" }).last());
  await line2.getByText("Ringing").first().waitFor();
  await telephones("answer");
  await line2.getByText("Talking").first().waitFor();
  await page.getByRole("button", { name: /^Transfer lines/ }).waitFor();
  await page.keyboard.press("Control+Alt+KeyT");
  await wrapUp.waitFor();
  await telephones("given");

  await wrapUp.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "End", exact: true }).waitFor(); // the next customer is on the line
  await dials(keys);
  await keys.press(page.getByRole("button", { name: "Blind", exact: true }).last());
  await wrapUp.waitFor();
  await telephones("sent");
  assert.deepEqual(wrong, []);
} catch (err) {
  console.error((await page.locator("body").ariaSnapshot()).slice(0, 5000));
  throw err;
} finally {
  done.close();
  await browser.close();
}
