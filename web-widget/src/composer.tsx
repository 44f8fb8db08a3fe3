import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { fill } from "./fill";
import { Icon } from "./icons";
import type { Part } from "./window";

const limit = 5000; // characters; the server's too

export function Composer({ part, smiling, smile }: { part: Part; smiling: boolean; smile(on: boolean): void }) {
  const { session, state, w, later } = part;
  const [text, setText] = useState(session.store.get().draft ?? "");
  const picker = useRef<HTMLInputElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const typed = useRef(0);
  const preview = state.site?.form.preview;
  useLayoutEffect(() => {
    const el = area.current!;
    el.rows = 1;
    el.rows = Math.min(5, Math.max(1, (el.scrollHeight - 6) / 20)); // as many lines as begin, each 20 px high
  }, [text]);

  const write = (value: string) => {
    setText(value);
    session.store.set({ draft: value });
    const on = !!value.trim();
    if (on && !preview && Date.now() - typed.current < 2000) return;
    typed.current = on ? Date.now() : 0;
    session.dispatch({ do: "typing", on, text: preview && value });
  };
  const send = () => {
    const line = text.trim();
    if (!line) return;
    session.dispatch({ do: "msg", text: line });
    write("");
    area.current?.focus();
  };
  const put = (emoji: string) => {
    const el = area.current!;
    el.setRangeText(emoji, el.selectionStart, el.selectionEnd, "end");
    write(el.value);
    smile(false);
    el.focus();
  };
  return (
    <footer class="w-foot">
      {smiling && later && <later.Emoji part={part} onPick={put} onDone={() => { smile(false); area.current!.focus(); }} />}
      <form class="w-input" onSubmit={(e) => { e.preventDefault(); send(); }}>
        <textarea ref={area} rows={1} dir={text ? "auto" : undefined} value={text} maxLength={limit} aria-label={w.write} placeholder={state.phase === "queued" ? w.add : w.write}
          enterkeyhint="send" onPaste={(e) => { if (session.files(e.clipboardData?.files)) e.preventDefault(); }} onInput={(e) => write(e.currentTarget.value)}
          onKeyDown={(e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); } }} />
        <button class="ibtn" type="button" aria-label={w.emoji} aria-expanded={smiling} onClick={() => smile(!smiling)}><Icon of="smile" /></button>
        {!!state.site?.files && state.phase !== "bot" && (
          <>
            <input ref={picker} type="file" multiple hidden onChange={(e) => { session.files(e.currentTarget.files); e.currentTarget.value = ""; }} />
            <button class="ibtn" type="button" aria-label={w.attach} onClick={() => picker.current!.click()}><Icon of="clip" /></button>
          </>
        )}
        <button class="w-send" aria-label={w.send} aria-disabled={!text.trim()}><Icon of="send" /></button>
      </form>
      <div class="w-by">{fill(preview ? w.watched : w.by, state.site?.name ?? "")}</div>
    </footer>
  );
}
