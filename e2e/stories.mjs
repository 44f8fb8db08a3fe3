// What an agent does in a day, each story once by the mouse alone and once by the keyboard alone, in Chromium, in a running
// Växel. Started by TestStories with its address and an administrator's login. With SHOTS set to a folder, what is passed is
// pictured there, light and dark, wide and narrow; ONLY is a pattern that picks stories.
import { appendFileSync } from "node:fs";
import { describe, it } from "node:test";
import { told } from "./office.mjs";
import "./stories_presence.mjs";
import "./stories_work.mjs";
import "./stories_switch.mjs";

const picked = told.filter((s) => new RegExp(process.env.ONLY ?? "").test(s.name));
const tell = (stories) => stories.forEach((s) => it(s.name, () => s.tell()));
const tellAgain = (stories) => stories.forEach((s) => it(s.name, () => s.tell().catch((err) => again(s, err))));

/** What fails twice is no accident of the machine; what fails once is noted where make test looks at its end. */
function again(s, err) {
  const { TOLD_AGAIN: notes } = process.env;
  if (notes) appendFileSync(notes, `${s.name}: ${String(err.cause ?? err).split("\n")[0]}\n`);
  return s.tell(" again");
}

describe("side by side", { concurrency: 2 }, () => tellAgain(picked.filter((s) => !s.alone)));
describe("one after the other", () => tell(picked.filter((s) => s.alone)));
