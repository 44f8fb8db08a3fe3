// Runs the tests of a bundle in Chromium, each on an empty page of a website. Started by TestInPage. A bundle gives
// suite.tests: functions by what they show, which throw.
import { browse } from "../../e2e/chromium.mjs";

const browser = await browse();
let failed = 0;
try {
  const context = await browser.newContext();
  await context.route("**/*", (r) => r.fulfill({ contentType: "text/html", body: "<!doctype html><title>t</title><body>" }));
  const open = async () => {
    const page = await context.newPage();
    await page.goto("http://shop.example/buy");
    await page.addScriptTag({ path: process.argv[2] });
    return page;
  };
  for (const name of await (await open()).evaluate(() => Object.keys(globalThis.suite.tests))) {
    const page = await open();
    const wrong = await page.evaluate((n) => Promise.resolve().then(() => globalThis.suite.tests[n]()).then(() => "", (e) => e.stack), name);
    if (wrong) console.log(`${name}: ${wrong}`);
    failed += wrong ? 1 : 0;
    await page.close();
  }
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
