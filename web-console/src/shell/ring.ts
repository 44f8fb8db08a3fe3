// The ring tone is made here (no file): two short tones every two seconds.

let context: AudioContext | null = null

function beep() {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume() // allowed after the first click or key
  for (const [i, hz] of [660, 880].entries()) {
    const from = context.currentTime + i * 0.22
    const tone = new OscillatorNode(context, { frequency: hz })
    const gain = new GainNode(context, { gain: 0 })
    gain.gain.setTargetAtTime(0.2, from, 0.01)
    gain.gain.setTargetAtTime(0, from + 0.16, 0.02)
    tone.connect(gain).connect(context.destination)
    tone.start(from)
    tone.stop(from + 0.3)
  }
}

/** Rings until the answer is called. */
export function ring(): () => void {
  beep()
  const timer = setInterval(beep, 2000)
  return () => clearInterval(timer)
}

export const ringOnce = beep

/** Tells the desktop, if the console is in the background and the person has allowed it. */
export function notify(text: string) {
  if (!document.hidden || typeof Notification === 'undefined' || Notification.permission !== 'granted') return
  const n = new Notification('Växel', { body: text, tag: 'vaxel-offer' })
  n.onclick = () => {
    window.focus()
    n.close()
  }
}
