// Two short tones, made here: nothing to download. Browsers allow sound only after a gesture.
let audio: AudioContext | undefined;

export function unlock(): void {
  if (window.AudioContext) audio ??= new AudioContext();
}

export function beep(): void {
  if (!audio) return;
  for (const [at, pitch] of [[0, 660], [0.12, 880]] as const) {
    const tone = audio.createOscillator();
    const level = audio.createGain();
    const start = audio.currentTime + at;
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0.08, start);
    level.gain.exponentialRampToValueAtTime(0.001, start + 0.08);
    tone.connect(level).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.08);
  }
}
