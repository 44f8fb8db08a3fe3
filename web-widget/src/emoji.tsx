import { turned } from "./host";
import { useLayoutEffect, useRef } from "./kit";
import type { Part } from "./window";

// Screen readers know their names in the reader's language.
const all = [..."😀😄😂🙂😉😊😍😘😎🤔😐🙄😬😴😢😭😡🤯🥳🙏👍👎👌👏🙌💪🤝👋❤💚💛🎉🔥⭐✅❌❓❗📦🚚"];

// A few emoji to pick one of; arrows move among them.
export function Emoji({ part, onPick, onDone }: { part: Part; onPick(emoji: string): void; onDone(): void }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => (box.current?.firstElementChild as HTMLElement | null)?.focus(), []);
  const key = (e: KeyboardEvent) => {
    const on = turned(part.lang) === "rtl" ? -1 : 1;
    const step = { ArrowRight: on, ArrowLeft: -on, ArrowDown: 8, ArrowUp: -8 }[e.key];
    if (e.key === "Escape") onDone();
    else if (!step) return;
    else {
      const list = [...box.current!.children] as HTMLElement[];
      list[list.indexOf(e.target as HTMLElement) + step]?.focus();
    }
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div class="emoji" role="group" aria-label={part.w.emoji} ref={box} onKeyDown={key}>
      {all.map((c) => <button class="ibtn" type="button" onClick={() => onPick(c)}>{c}</button>)}
    </div>
  );
}
