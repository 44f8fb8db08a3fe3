// What of a page leaves the browser: the recorder at work on pages with secrets, and its events scrubbed by themselves.
import { scrub, selectors, stars, within } from "../src/mask";
import { start, type Mirror } from "../src/mirror";
import { at, page, rules, same, until } from "./inpage";

interface Sent { text: string; wholes: number; mirror: Mirror }

// Shows the page and keeps all that is sent.
function shown(more: Partial<typeof rules> = {}): Sent {
  const sent = { text: "", wholes: 0 } as Sent;
  sent.mirror = start({ ...rules, ...more }, (events, whole) => {
    sent.text += JSON.stringify(events);
    sent.wholes += whole ? 1 : 0;
  })!;
  return sent;
}

// keeps waits for word of a mark that a change sets last, and wants no secret to have been sent.
async function keeps(sent: Sent, mark: string): Promise<void> {
  await until(`${mark} to be sent`, () => sent.text.includes(mark));
  const leak = /.{0,120}Secret\w*.{0,40}/.exec(sent.text);
  if (leak) throw new Error(`it left the browser: ${leak[0]}`);
}

const secrets = `<p class="vx-mask" title="Secret" aria-label="Secret">Secret <b data-x="Secret">Secret</b></p><p data-vx-mask>Secret</p><div class="vx-block">Secret</div><p id="balance">Secret</p>
  <input id="street" value="Secret"><input id="city" data-vx-show value="Shown-city"><input type="password" data-vx-show value="Secret"><input autocomplete="cc-number" data-vx-show value="Secret">
  <input type="hidden" value="Secret"><input id="otp" data-vx-show autocomplete="one-time-code" value="Secret"><textarea id="note">Secret</textarea><textarea data-vx-show>Shown-note</textarea>
  <select id="size"><option>Small</option><option value="size-l" selected>Large</option></select><div contenteditable id="free">Secret</div>
  <a href="/next?s=Secret#Secret" onclick="'Secret'">Next</a><form action="/sent?s=Secret"><button formaction="/x?s=Secret" value="b">Buy</button></form>
  <noscript><p>Secret</p></noscript><canvas></canvas><script type="application/json">"Secret"</script><!-- Secret -->
  <section class="vx-mask"><input data-vx-show value="Secret"></section><p id="mark">Shown-text</p>`;

export const tests: Record<string, () => void | Promise<void>> = {
  async "a whole picture has no secret"() {
    document.head.insertAdjacentHTML("beforeend", `<meta name="csrf-token" content="Secret"><meta name="viewport" content="width=device-width">`);
    page(secrets);
    const sent = shown({ mask: ["#balance"] });
    await keeps(sent, "Shown-text");
    for (const want of ["Shown-city", "Shown-note", "Small", "Buy", "width=device-width"]) same(sent.text.includes(want), true, want);
    sent.text = "";
    sent.mirror.picture();
    await keeps(sent, "Shown-text");
    same(sent.wholes, 2, "whole pictures");
  },

  async "nothing that changes tells one"() {
    page(secrets);
    const sent = shown({ mask: ["#balance"] });
    await keeps(sent, "Shown-text");
    const type = (id: string, value: string) => {
      at<HTMLInputElement>(id).value = value;
      at(id).dispatchEvent(new Event("input", { bubbles: true }));
    };
    type("#street", "Secret-typed");
    type("#otp", "Secret-typed");
    type("#note", "Secret-typed");
    type("#city", "Shown-typed");
    at("#street").setAttribute("value", "Secret-set");
    at("#street").setAttribute("onfocus", "Secret-set");
    at("#free").textContent = "Secret-free";
    at(".vx-mask").firstChild!.nodeValue = "Secret-changed";
    at(".vx-mask b").setAttribute("data-x", "Secret-changed");
    at("#balance").append(Object.assign(document.createElement("i"), { textContent: "Secret-added" }));
    at("[data-vx-mask]").innerHTML = "<u title='Secret-u'>Secret-u</u>";
    at("a").setAttribute("href", "/on?Secret-href");
    at(".vx-block").textContent = "Secret-block";
    at("#note").textContent = "Secret-default";
    at<HTMLSelectElement>("#size").selectedIndex = 0;
    at("#size").dispatchEvent(new Event("input", { bubbles: true }));
    at<HTMLSelectElement>("#size").value = "size-l";
    at("#size").dispatchEvent(new Event("input", { bubbles: true }));
    document.body.append(Object.assign(document.createElement("vaxel-chat"), { textContent: "Secret-chat" }));
    document.body.insertAdjacentHTML("beforeend", secrets.replace(/id="(?!balance)\w+"/g, ""));
    at("#mark").textContent = "Shown-changed";
    await keeps(sent, "Shown-changed");
    await keeps(sent, "Shown-typed");
    same(/"selected":|"text":"size-l"/.test(sent.text), false, "the choice is told");
  },

  async "what stands in frames and components is masked as on the page"() {
    page(`<div class="vx-mask" id="host"></div><div id="open"></div><iframe id="f"></iframe><iframe id="d" srcdoc="<p class=vx-mask>Secret-doc</p><p>Shown-doc</p>"></iframe><div class="vx-mask"><iframe id="m"></iframe></div>`);
    at("#host").attachShadow({ mode: "open" }).innerHTML = "<p>Secret</p>";
    at("#open").attachShadow({ mode: "open" }).innerHTML = `<input value="Secret"><p class="vx-mask">Secret</p><p>Shown-part</p>`;
    at<HTMLIFrameElement>("#f").contentDocument!.body.innerHTML =
      `<form data-vx-show><input type="password" value="Secret"><input id="s" value="Shown-inner"></form><input id="i" value="Secret"><p class="vx-mask" title="Secret">Secret</p><p>Shown-frame</p>`;
    at<HTMLIFrameElement>("#m").contentDocument!.body.innerHTML = "<p>Secret</p>";
    await until("the frame's document", () => !!at<HTMLIFrameElement>("#d").contentDocument?.querySelector("p"));
    const sent = shown();
    for (const mark of ["Shown-part", "Shown-frame", "Shown-inner", "Shown-doc"]) await keeps(sent, mark);
    const inner = at<HTMLIFrameElement>("#f").contentDocument!;
    inner.querySelector<HTMLInputElement>("#i")!.value = "Secret-typed";
    inner.querySelector("#i")!.dispatchEvent(new Event("input", { bubbles: true }));
    inner.querySelector("#i")!.setAttribute("value", "Secret-set");
    inner.querySelector("[type=password]")!.setAttribute("value", "Secret-set");
    inner.querySelector("p:not([class])")!.textContent = "Shown-again";
    await keeps(sent, "Shown-again");
  },

  "a rule that is no selector shows nothing"() {
    page(secrets);
    for (const list of ["mask", "block", "forbid", "allow"]) {
      same(selectors({ ...rules, [list]: ["p", "p[["] }), undefined, list);
      same(start({ ...rules, [list]: ["p[["] }, () => { throw new Error("shown"); }), undefined, `${list}, the mirror`);
    }
  },

  async "nothing is sent after the end"() {
    page("<p>Shown-text</p>");
    const sent = shown();
    await keeps(sent, "Shown-text");
    sent.mirror.stop();
    sent.text = "";
    at("p").textContent = "Shown-late";
    await keeps(shown(), "Shown-late"); // another mirror sees it
    same(sent.text, "", "sent after the end");
  },

  "what the recorder forgets to mask is masked"() {
    page(`<p class="vx-mask" id="p">x</p><input id="i"><p id="free">x</p>`);
    const { mask, secret } = selectors(rules)!;
    const nodes: Record<number, Node> = { 1: at("#p"), 2: at("#p").firstChild!, 3: at("#i"), 4: at("#free").firstChild! };
    const done = (data: object, type = 3) => {
      const e = { type, data };
      scrub(e, (id) => nodes[id] ?? null, mask, secret);
      return e.data;
    };
    same(done({ source: 0, texts: [{ id: 2, value: "Abc d" }, { id: 4, value: "free" }, { id: 9, value: "unknown" }] }), { source: 0, texts: [{ id: 2, value: "*** *" }, { id: 4, value: "free" }, { id: 9, value: "*******" }] }, "texts");
    same(done({ source: 5, id: 3, text: "typed" }), { source: 5, id: 3, text: "*****" }, "input");
    same(done({ source: 5, id: 9, text: "typed" }), { source: 5, id: 9, text: "*****" }, "input of nobody knows what");
    same(done({ source: 0, attributes: [{ id: 1, attributes: { title: "t", class: "c" } }, { id: 3, attributes: { value: "v1" } }] }), { source: 0, attributes: [{ id: 1, attributes: { class: "c" } }, { id: 3, attributes: { value: "**" } }] }, "attributes");
    same(done({ href: "https://shop.example/a?b#c" }, 4), { href: "https://shop.example/a" }, "address");
    same(done({ node: { type: 2, id: 9, tagName: "div", attributes: { title: "t", id: "i" }, childNodes: [{ type: 3, id: 8, textContent: "a" }, { type: 2, id: 7, tagName: "vaxel-chat", attributes: {} }] } }, 2),
      { node: { type: 2, id: 9, tagName: "div", attributes: { id: "i" }, childNodes: [{ type: 3, id: 8, textContent: "*" }] } }, "elements that are gone already");
  },

  "stars keep lengths and lines"() {
    same(stars("Åsa Ek\n12"), "*** **\n**", "stars");
  },

  "within looks through shadow roots"() {
    page(`<div class="vx-mask" id="h"></div>`);
    const root = at("#h").attachShadow({ mode: "open" });
    root.innerHTML = "<p>x</p>";
    same(within(root.querySelector("p")!.firstChild, ".vx-mask") === at("#h"), true, "the host");
    same(within(root, ".other"), undefined, "another");
    same(within(null, ".vx-mask"), undefined, "nothing");
  },
};
