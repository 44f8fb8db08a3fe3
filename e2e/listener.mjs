// An agent in Chromium who listens to a voicemail in the console: signs in, opens the interaction, plays the message,
// jumps to its middle, and hears it to the end. Started by TestStoryVoicemail. Prints what was heard as JSON.
import assert from "node:assert/strict";
import { browse } from "./chromium.mjs";

const [, , base, login, password, interaction] = process.argv;
const browser = await browse();
try {
  const context = await browser.newContext({ locale: "en", reducedMotion: "reduce" });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (e) => wrong.push(String(e)));
  await page.goto(base);
  await page.getByLabel("User name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Skip to the content" }).waitFor({ state: "attached" });
  await page.goto(`${base}/chat/${interaction}`);
  const player = page.locator(".player").first();
  const sent = page.waitForResponse((r) => r.url().includes("/files/"));
  await player.getByRole("button", { name: /^Play/ }).click();
  const response = await sent;
  const audio = player.locator("audio");
  await audio.evaluate((a) => new Promise((done, fail) => {
    if (a.currentTime > 0) done();
    a.addEventListener("timeupdate", () => a.currentTime > 0 && done());
    a.addEventListener("error", () => fail(new Error(a.error.message)));
  }));
  const part = await page.evaluate(async (src) => {
    const r = await fetch(src, { headers: { Range: "bytes=0-43" } });
    return { status: r.status, range: r.headers.get("Content-Range"), head: await r.text() };
  }, response.url());
  await player.getByRole("slider").fill("500");
  const heard = await audio.evaluate((a) => new Promise((done) => {
    const end = () => done({ seconds: a.duration, at: a.currentTime, seekable: a.seekable.end(0) });
    if (a.ended) end();
    else a.addEventListener("ended", end);
  }));
  assert.deepEqual(wrong, []);
  assert.ok([200, 206].includes(response.status()), `the sound came with status ${response.status()}`);
  assert.equal(part.status, 206);
  assert.match(part.range, /^bytes 0-43\/\d+$/);
  assert.match(part.head, /^RIFF.{2,4}WAVE/s); // four bytes of length, which may read as fewer characters
  console.log(JSON.stringify({ ...heard, type: response.headers()["content-type"] }));
} finally {
  await browser.close();
}
