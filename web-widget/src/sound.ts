// Browsers let a page be heard only after a gesture; what is heard then is beep.ts, with later.js.
export let audio: AudioContext | undefined;

export function unlock(): void {
  if (window.AudioContext) audio ??= new AudioContext();
}
