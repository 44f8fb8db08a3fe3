// What an agent does in a day, each story once by the mouse alone and once by the keyboard alone, in Chromium, in a running
// Växel. Started by TestStories with its address and an administrator's login. With SHOTS set to a folder, what is passed is
// pictured there, light and dark, wide and narrow; ONLY is a pattern that picks stories.
import { describe, it } from "node:test";
import { told } from "./office.mjs";
import "./stories_presence.mjs";
import "./stories_work.mjs";
import "./stories_switch.mjs";

const picked = told.filter((s) => new RegExp(process.env.ONLY ?? "").test(s.name));
const tell = (stories) => stories.forEach((s) => it(s.name, () => s.tell()));
const tellAgain = (stories) => stories.forEach((s) => it(s.name, (t) => s.tell().catch((err) => again(t, s, err))));

/** What fails twice is no accident of the machine. */
function again(t, s, err) {
  t.diagnostic(`told again, as it failed: ${err.cause ?? err}`);
  return s.tell(" again");
}

describe("side by side", { concurrency: 2 }, () => tellAgain(picked.filter((s) => !s.alone)));
describe("one after the other", () => tell(picked.filter((s) => s.alone)));
