// The two hands that the browser stories are told with. The mouse clicks on what it sees and types into what it clicked. The
// keyboard has nothing but its keys: what Tab, the arrows or a chord do not reach, it does not reach.
import assert from "node:assert/strict";

const most = 150; // tab stops on a page, and entries of a list: whoever needs more is lost

/** Waits for a fact; the message says which one was missing. */
export async function fact(what, holds) {
  for (const limit = Date.now() + 120_000; Date.now() < limit; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`never came true: ${what}`);
}

export class Mouse {
  static called = "mouse";
  constructor(page) {
    this.page = page;
  }
  /** A button or a link. Where there is a chord, only the keyboard uses it. */
  press = (target) => target.click();
  option = (target) => target.click();
  /** A switch is hit by its words. */
  toggle = (target) => target.locator("xpath=ancestor-or-self::label").click();
  /** Presses what may not do anything just now. */
  async tries(target) {
    const { x, y, width, height } = await target.boundingBox();
    await this.page.mouse.click(x + width / 2, y + height / 2);
  }
  async write(field, text) {
    await field.click();
    await this.page.keyboard.type(text);
  }
  /** Opens a menu and chooses from it; a second choice is a reason. */
  async menu({ button }, ...items) {
    await button.click();
    for (const item of items) await this.page.getByRole("menuitem", { name: item }).click();
  }
  tab = (list, name) => list.getByRole("tab", { name }).click();
  go = (name) => this.tab(rail(this.page), name);
}

export class Keys {
  static called = "keyboard";
  constructor(page) {
    this.page = page;
  }
  async press(target, chord) {
    await target.first().waitFor();
    if (chord) return this.page.keyboard.press(chord);
    await this.reach(target);
    await this.page.keyboard.press("Enter");
  }
  tries = (target) => this.press(target);
  async toggle(target) {
    await this.reach(target);
    await this.page.keyboard.press("Space");
  }
  /** One of a list box: Tab to the list, the arrows to the option. */
  async option(target) {
    await this.reach(target.locator("xpath=ancestor::*[@role='listbox']").getByRole("option"));
    await this.arrow(target);
    await this.page.keyboard.press("Space");
  }
  async write(field, text) {
    await this.reach(field);
    await this.page.keyboard.type(text);
  }
  async menu({ button, chord }, ...items) {
    await this.press(button, chord);
    await this.page.getByRole("menu").first().waitFor();
    const [item, reason] = items.map((name) => this.page.getByRole("menuitem", { name }));
    await this.arrow(item);
    await this.page.keyboard.press("Enter");
    if (!reason) return;
    await reason.waitFor();
    await this.page.keyboard.type(items[1].slice(0, 4));
    await fact(`the typed reason ${items[1]} is the one`, () => this.at(reason));
    await this.page.keyboard.press("Enter");
  }
  async tab(list, name, towards = "Tab") {
    await this.step(list.getByRole("tab", { selected: true }), towards);
    const tab = list.getByRole("tab", { name });
    await this.arrow(tab, "ArrowRight");
    if ((await tab.getAttribute("aria-selected")) !== "true") await this.page.keyboard.press("Enter"); // of a rail, which is left only when it is meant
  }
  /** The rail comes before the work: from there it is back. */
  async go(name) {
    const inside = await this.page.evaluate(() => document.querySelector("#work")?.contains(document.activeElement));
    await this.tab(rail(this.page), name, inside ? "Shift+Tab" : "Tab");
  }

  /** Tabs until the target has the focus, and fails where Tab goes round without it. */
  reach = (target) => this.step(target, "Tab");
  arrow = (target, key = "ArrowDown") => this.step(target, key);

  async step(target, key) {
    await target.first().waitFor();
    const passed = [];
    for (let n = 0; n < most; n++) {
      if (await this.at(target)) return;
      await this.page.keyboard.press(key);
      passed.push(await this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 90)));
    }
    assert.fail(`${key} does not reach ${target}; it passes\n${[...new Set(passed)].join("\n")}`);
  }

  /** Whether the target has the focus, or is what a field points to that has it. */
  at = (target) =>
    target.evaluateAll((all) => {
      const active = document.activeElement;
      return all.includes(active) || all.some((e) => e.id && e.id === active?.getAttribute("aria-activedescendant"));
    });
}

export const rail = (page) => page.getByRole("tablist", { name: "Tabs" });
