// Files both ways.
import assert from "node:assert/strict";
import { test } from "node:test";
import { begin, clean, desktop, phone, pull, server, shot, visit } from "./visit.mjs";

// a picture and a text, as a person would pick them
const jacket = { name: "kvitto.png", mimeType: "image/png", buffer: Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64") };
const notes = { name: "anteckningar.txt", mimeType: "text/plain", buffer: Buffer.from("Order 20991") };

const pick = (page, ...files) => page.locator("input[type=file]").setInputFiles(files);

for (const dark of [false, true]) {
  for (const viewport of [desktop, phone]) {
    const name = `${viewport === phone ? "mobile-" : ""}files-${dark ? "dark" : "light"}`;
    test(`files both ways, ${name}`, async () => {
      const { page, wrong } = await visit({ dark, viewport });
      await begin(page);
      await pull("join");
      await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
      await pick(page, jacket, notes);
      await page.getByRole("img", { name: "kvitto.png" }).waitFor();
      await page.getByRole("link", { name: /anteckningar.txt/ }).waitFor();
      await pull("give");
      const photo = page.getByRole("img", { name: "jacka.png" });
      await photo.waitFor();
      await page.waitForFunction(() => [...document.querySelector("vaxel-chat").shadowRoot.querySelectorAll("img")].every((i) => i.complete && i.naturalWidth > 0));
      await page.getByText("48 kB").waitFor();
      const [download] = await Promise.all([page.waitForEvent("download").catch(() => page.context().waitForEvent("download")), page.getByRole("link", { name: /Köpvillkor/ }).click()]);
      assert.equal(download.suggestedFilename(), "Köpvillkor 2026.pdf");
      await clean(page, name);
      await shot(page, name);
      assert.deepEqual(wrong, []);
    });
  }
}

test("a file that is pasted, one that is dropped", async () => {
  const { page } = await visit();
  await begin(page);
  const hand = (what, name) => page.getByRole("textbox").evaluate((el, { what, name }) => {
    const data = new DataTransfer();
    data.items.add(new File(["Order 20991"], name, { type: "text/plain" }));
    el.dispatchEvent(what === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true, composed: true })
      : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true, composed: true }));
  }, { what, name });
  await hand("paste", "inklistrad.txt");
  await page.getByRole("link", { name: /inklistrad.txt/ }).waitFor();
  await hand("drop", "släppt.txt");
  await page.getByRole("link", { name: /släppt.txt/ }).waitFor();
});

test("a file whose answer is cut off is shown once, one without a server waits for it", async () => {
  const { page } = await visit();
  await begin(page);
  await pull("cut-after-store");
  await pick(page, notes);
  await page.getByRole("link", { name: /anteckningar.txt/ }).waitFor();
  await pull("down");
  await pick(page, jacket);
  await page.getByText("Ej skickat").waitFor();
  await pull("up");
  await page.getByRole("img", { name: "kvitto.png" }).waitFor();
  await page.getByText(/Skickat \d\d:\d\d/).waitFor();
  assert.equal(await page.getByRole("link", { name: /anteckningar.txt/ }).count(), 1);
});

test("a file that is refused is told why and taken away; one that the page took along is asked for again", async () => {
  const { page } = await visit();
  await begin(page);
  await pick(page, { name: "program.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") });
  await page.getByText(/Filer av den sorten tas inte emot/).waitFor();
  await shot(page, "file-refused-light");
  await clean(page, "refused");
  await page.getByRole("button", { name: "Ta bort" }).click();
  await page.getByText("program.exe").waitFor({ state: "detached" });
  await pick(page, { name: "stor.txt", mimeType: "text/plain", buffer: Buffer.alloc((1 << 20) + 1, "a") });
  await page.getByText(/högst 1 MB/).waitFor();
  await page.getByRole("button", { name: "Ta bort" }).click();
  await pull("down");
  await pick(page, notes);
  await page.getByText("Ej skickat").waitFor();
  await page.reload();
  await pull("up");
  await page.getByRole("button", { name: /Öppna chatten/ }).click();
  await page.getByText(/Välj filen igen/).waitFor();
  await page.getByRole("button", { name: "Ta bort" }).click();
  await page.getByText("anteckningar.txt").waitFor({ state: "detached" });
});

for (const dark of [false, true]) {
  for (const viewport of [desktop, phone]) {
    const name = `${viewport === phone ? "mobile-" : ""}after-${dark ? "dark" : "light"}`;
    test(`a rating and the chat by mail after the end, ${name}`, async () => {
      const { page, wrong } = await visit({ dark, viewport });
      await begin(page);
      await pull("join");
      await page.getByRole("heading", { name: "Alva Karlsson" }).waitFor();
      await pull("say", { text: "Klart!" });
      await pull("end");
      await page.getByText("Hur nöjd är du med hjälpen?").waitFor();
      await clean(page, `${name}, asked`);
      await page.getByRole("radio", { name: "4 av 5" }).check({ force: true });
      await page.getByLabel("Vad var bra eller dåligt?").fill("Snabbt");
      await page.getByRole("button", { name: "Få chatten som mejl" }).click();
      const email = page.getByLabel("E-post", { exact: true });
      await email.fill("anna@kund.example");
      await clean(page, name);
      await shot(page, name);
      await email.press("Enter");
      await page.getByText("Chatten är på väg som mejl.").waitFor();
      await page.getByRole("button", { name: "Skicka" }).click();
      await page.getByText("Tack för ditt betyg!").waitFor();
      await page.reload();
      await page.getByRole("button", { name: /Öppna chatten/ }).click();
      await page.getByText("Tack för ditt betyg!").waitFor();
      await clean(page, `${name}, done`);
      await shot(page, `${name}-done`);
      assert.deepEqual(wrong, []);
    });
  }
}
