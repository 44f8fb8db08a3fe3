// A caller on a telephone's browser, and their agent: six digits, read out, are typed into the website's widget, and the
// agent sees the page for as long as they talk. Started by TestCollaborateOnTheTelephone, which is told on stderr how far they are,
// answers when the call rings, and hangs up when the page is seen.
import assert from "node:assert/strict";
import { atWork, browser, clean, forms, mirror, open, see, seeAll, wrong } from "./together.mjs";

const [, , base, site, login, password] = process.argv;
try {
  const agent = await atWork(base, login, password);
  const offer = agent.getByRole("alertdialog");
  await offer.waitFor();
  console.error("rings"); // it is answered in the phone
  await offer.waitFor({ state: "detached" });
  await agent.waitForURL("**/phone");
  await agent.getByRole("button", { name: "Get a code to read out" }).click();
  const shown = agent.locator(".collab-code");
  await shown.waitFor();
  const code = (await shown.innerText()).trim();
  assert.match(code, /^\d{3} \d{3}$/);
  console.error("read out");
  await clean(agent, "main", "the code");
  await seeAll(agent, "code", { desktop: { width: 1440, height: 900 }, phone: forms.phone });

  const customer = await open(forms.phone, { hasTouch: true, isMobile: true });
  await customer.goto(site);
  await customer.getByRole("button", { name: "Open the chat" }).click();
  await customer.getByRole("button", { name: "More" }).click();
  await customer.getByRole("button", { name: "Show the page with a code" }).click();
  const digits = customer.getByLabel("The code that you were given");
  await digits.waitFor();
  console.error("typing");
  await clean(customer, "vaxel-collaborate", "the code's dialog");
  await seeAll(customer, "digits", forms);
  await digits.fill("12");
  await customer.getByRole("button", { name: "Continue" }).click();
  await customer.getByRole("alert").getByText("Type the six digits.").waitFor();
  await digits.fill(code === "000 000" ? "000001" : "000000");
  await customer.getByRole("button", { name: "Continue" }).click();
  await customer.getByRole("alert").getByText("No agent waits for that code").waitFor();
  await see(customer, "wrong-code");
  await digits.fill(code);
  await customer.getByRole("button", { name: "Continue" }).click();
  const consent = customer.getByRole("dialog", { name: "Anna Berg would like to see this page" });
  await consent.waitFor();
  await agent.getByText("The code was typed, the customer is being asked").waitFor();
  console.error("asked");
  await clean(customer, "vaxel-collaborate", "the consent");
  await consent.getByRole("button", { name: "Show the page" }).click();
  const bar = customer.getByRole("region", { name: "Your page is shown" });
  await bar.waitFor();
  console.error("shown");
  await mirror(agent).getByRole("heading", { name: "Cyklar" }).waitFor();
  await mirror(agent).getByText("Bicycle 3000", { exact: true }).waitFor({ state: "attached" });
  await clean(agent, "main", "the phone's page");
  await seeAll(agent, "call", { desktop: { width: 1440, height: 900 }, phone: forms.phone });
  await seeAll(customer, "call-bar", { phone: forms.phone });

  console.error("seen");
  await bar.waitFor({ state: "detached" });
  await customer.locator("vaxel-collaborate .note").getByText("You are not talking any more, so your page is not shown.").waitFor();
  await see(customer, "call-over");
  assert.deepEqual(wrong, []);
} finally {
  await browser.close();
}
