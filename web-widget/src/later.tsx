import css from "./later.css";
import { Asked } from "./asked";
import { Call } from "./call";
import { Closed, Ended } from "./goodbye";
import { Emoji } from "./emoji";
import { Faq } from "./faq";
import { Shown } from "./file";
import { borrow, type Kit } from "./kit";
import { CallMe, Letter, Person } from "./letter";
import { Menu } from "./menu";
import { Ask, Stopped } from "./strip";

export { beep } from "./beep";
export { Poll } from "./poll";
export { upload } from "./upload";

// later.js: what many chats never show, fetched when the first of it is needed.
export function mount(root: ShadowRoot, kit: Kit) {
  borrow(kit);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  return { Ask, Asked, Call, CallMe, Closed, Emoji, Ended, Faq, Letter, Menu, Person, Shown, Stopped };
}

export type Later = ReturnType<typeof mount>;
