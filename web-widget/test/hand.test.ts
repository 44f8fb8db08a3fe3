// What an agent may do on a customer's page, and what only the customer does.
import { Hand } from "../src/hand";
import { at, page, rules, same } from "./inpage";

const form = `<form action="/sent">
  <input id="name"><input id="pass" type="password"><input id="file" type="file"><input id="card" autocomplete="cc-number"><input id="otp" autocomplete="one-time-code">
  <input id="tick" type="checkbox"><input id="off" disabled><input id="read" readonly><textarea id="note"></textarea>
  <select id="size"><option value="s">Small</option><option value="l">Large</option></select>
  <button id="buy">Buy</button><button id="more" type="button">More</button><button id="clear" type="reset">Clear</button><input id="go" type="submit"><input id="pic" type="image">
  <label id="label" for="buy">Buy it</label></form>
  <button id="outside" form="f">Buy</button><form id="f" action="/sent"></form>
  <button id="free">Open</button><button id="gone" class="vx-noctl">Do not</button><div data-vx-noctl><button id="within">Do not</button></div>
  <a id="next" href="/next"><b id="bold">Next</b></a><a id="other" href="https://other.example/">Other</a><a id="window" href="/next" target="_blank">Window</a>
  <a id="script" href="javascript:void 0">Script</a><a id="mail" href="mailto:a@b.example">Mail</a><a id="load" href="/x" download>Load</a><a id="plain">Plain</a>
  <svg><a id="drawn" href="https://other.example/"><text id="text">x</text></a><g id="shape"></g></svg>
  <div id="rule"><button id="ruled" type="button">Ruled</button></div>`;

function clicks(): string[] {
  const heard: string[] = [];
  document.addEventListener("click", (e) => { heard.push((e.target as Element).id); e.preventDefault(); });
  return heard;
}

export const tests: Record<string, () => void> = {
  "it clicks what leads nowhere, and nothing that sends or leads away"() {
    page(form);
    const hand = new Hand({ ...rules, forbid: ["#rule"] });
    const heard = clicks();
    const why: Record<string, string> = {
      more: "", tick: "", free: "", next: "", bold: "", plain: "", shape: "",
      buy: "submit", go: "submit", pic: "submit", clear: "submit", outside: "submit", label: "submit",
      pass: "forbidden", file: "forbidden", card: "forbidden", gone: "forbidden", within: "forbidden", ruled: "forbidden",
      other: "link", window: "link", script: "link", mail: "link", load: "link", drawn: "link", text: "link", off: "disabled",
    };
    for (const [id, want] of Object.entries(why)) same(hand.click(at("#" + id)), want, id);
    same(heard.sort(), Object.keys(why).filter((id) => !why[id]).sort(), "what was clicked");
  },

  "an administrator allows a form to be sent, and nothing else by that"() {
    page(form);
    const heard = clicks();
    const hand = new Hand({ ...rules, allow: ["#buy", "#gone"] });
    same(hand.click(at("#buy")), "", "allowed");
    same(hand.click(at("#go")), "submit", "not allowed");
    same(hand.click(at("#gone")), "forbidden", "what is never touched");
    same(heard, ["buy"], "what was clicked");
  },

  "it fills in fields, as a framework's page notices it"() {
    page(form);
    const hand = new Hand(rules);
    const heard: string[] = [];
    for (const kind of ["input", "change"]) document.addEventListener(kind, (e) => heard.push(`${kind} ${(e.target as Element).id}`));
    Object.defineProperty(at("#name"), "value", { set: () => { throw new Error("the framework's own"); }, configurable: true });
    same(hand.fill(at("#name"), "Karin"), "", "a field");
    delete (at("#name") as Partial<HTMLInputElement>).value;
    same(at<HTMLInputElement>("#name").value, "Karin", "what stands there");
    same(heard, ["input name", "change name"], "what the page hears");
    same(hand.fill(at("#note"), "a\nb"), "", "a text area");
    same(hand.fill(at("#size"), "Large"), "", "a choice by its text");
    same(at<HTMLSelectElement>("#size").value, "l", "what is chosen");
    same(hand.fill(at("#size"), "Huge"), "no_choice", "no such choice");
    for (const [id, want] of Object.entries({ pass: "forbidden", file: "forbidden", card: "forbidden", otp: "forbidden", off: "disabled", read: "disabled", tick: "no_field", buy: "no_field" }))
      same(hand.fill(at("#" + id), "x"), want, id);
  },

  "a password that is shown as text is still none to fill in"() {
    page(`<input id="p" type="text" autocomplete="current-password"><input id="n" autocomplete="section-a new-password">`);
    const hand = new Hand(rules);
    same(hand.fill(at("#p"), "x"), "forbidden", "current");
    same(hand.fill(at("#n"), "x"), "forbidden", "new");
  },

  "what is not on the page is not touched"() {
    page(`<button id="b" type="button">B</button><iframe id="f"></iframe>`);
    const hand = new Hand(rules);
    const b = at("#b");
    b.remove();
    same(hand.click(b), "gone", "removed");
    same(hand.click(null), "gone", "unknown");
    const inner = at<HTMLIFrameElement>("#f").contentDocument!;
    inner.body.innerHTML = "<button>x</button>";
    same(hand.click(inner.querySelector("button")), "gone", "in a frame");
    same(hand.fill(null, "x"), "gone", "unknown field");
  },

  "what stands in a component goes by what is around it there"() {
    page(`<x-link id="l"><b id="slotted">Away</b></x-link><x-guard id="g" class="vx-noctl"></x-guard>`);
    at("#l").attachShadow({ mode: "open" }).innerHTML = `<a href="https://other.example/"><slot></slot></a>`;
    const inside = at("#g").attachShadow({ mode: "open" });
    inside.innerHTML = `<button type="button">x</button>`;
    const heard = clicks();
    same(new Hand(rules).click(at("#slotted")), "link", "in a link of a component's");
    same(new Hand(rules).click(inside.querySelector("button")), "forbidden", "in a component that is not to be touched");
    same(heard, [], "what was clicked");
  },
};
