import { Icon, useState } from "./kit";
import { words } from "./laterwords";
import { begun } from "./state";
import type { Part } from "./window";

const out = ["M9.5 2.8H4a1.4 1.4 0 0 0-1.4 1.4v7.6A1.4 1.4 0 0 0 4 13.2h5.5M7 8h6.8M11.4 5.4 14 8l-2.6 2.6"];
const eye = ["M1.5 8S4 3.6 8 3.6 14.5 8 14.5 8 12 12.4 8 12.4 1.5 8 1.5 8Z", "M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4"];
const sound = ["M2.5 6.3v3.4h2.3L8 12.6V3.4L4.8 6.3Z", "M10.6 6a2.8 2.8 0 0 1 0 4M12.4 4.2a5.4 5.4 0 0 1 0 7.6"];

// What stands behind the three dots.
export function Menu({ part, onDone, onEnd }: { part: Part; onDone(): void; onEnd(): void }) {
  const { session, state } = part;
  const w = words();
  const [mute, setMute] = useState(!!session.store.get().mute);
  const toggle = () => {
    session.store.set({ mute: !mute });
    setMute(!mute);
    onDone();
  };
  return (
    <div class="pop">
      <button class="menu-item" type="button" onClick={toggle}><Icon of={sound} />{mute ? w.soundOn : w.soundOff}</button>
      <button class="menu-item" type="button" onClick={() => { onDone(); if (typeof window.vaxel === "function") window.vaxel("collaborate"); }}><Icon of={eye} />{w.showPage}</button>
      {begun(state.phase) && (
        <button class="menu-item t-crit" type="button" onClick={() => { onDone(); onEnd(); }}><Icon of={out} />{w.endChat}</button>
      )}
    </div>
  );
}
