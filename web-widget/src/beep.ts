// Two short tones, made here: nothing to download.
export function beep(audio: AudioContext): void {
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
