import { useEffect, useRef, useState } from 'react'
import { useFormat, useWords } from '../i18n'
import { short } from '../i18n/format'
import { Icon } from './icon'

const bars = 48
const speeds = [1, 1.5, 2]

/** A recording: play, a wave drawn from the sound itself, and where in it we are. */
export function Player({ src, ms, name }: { src: string; ms: number; name: string }) {
  const w = useWords()
  const f = useFormat()
  const audio = useRef<HTMLAudioElement>(null)
  const [playing, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const [failed, setFailed] = useState(false)
  const wave = useWave(src, playing)
  const whole = ms / 1000 || 1
  const [speed, setSpeed] = useState(1)
  const faster = () => {
    const next = speeds[(speeds.indexOf(speed) + 1) % speeds.length]!
    setSpeed(next)
    if (audio.current) audio.current.playbackRate = next
  }
  const toggle = () => {
    const a = audio.current!
    if (playing) a.pause()
    else a.play().catch(() => setFailed(true))
  }
  const seek = (share: number) => {
    const a = audio.current!
    a.currentTime = share * whole
    setAt(a.currentTime)
  }
  return (
    <div className="player">
      <audio
        ref={audio}
        src={src}
        preload="none"
        onPlay={(e) => ((e.currentTarget.playbackRate = speed), setPlaying(true))}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onTimeUpdate={(e) => setAt(e.currentTarget.currentTime)}
        onError={() => playing && setFailed(true)}
      />
      <button className="ibtn" aria-label={`${playing ? w.phone.pause : w.phone.play} ${name}`} onClick={toggle}>
        <Icon name={failed ? 'alert' : playing ? 'pause' : 'play'} />
      </button>
      <span className="player-wave">
        <svg className="wave" viewBox="0 0 240 24" preserveAspectRatio="none" aria-hidden="true">
          {wave.map((h, i) => (
            <rect key={i} className={(i + 1) / bars <= at / whole ? 'p' : ''} x={i * 5} y={12 - h / 2} width="3" height={h} rx="1.5" />
          ))}
        </svg>
        <input className="player-seek" type="range" min="0" max="1000" value={Math.round((at / whole) * 1000)} aria-label={`${w.phone.position}: ${name}`} aria-valuetext={short(at * 1000)} onChange={(e) => seek(Number(e.target.value) / 1000)} />
      </span>
      <button className="btn btn--xs btn--quiet num" aria-label={w.phone.speed(f.number(speed), name)} onClick={faster}>
        {f.number(speed)}×
      </button>
      <span className="meta num">{at > 0 ? `${short(at * 1000)} / ${short(ms)}` : short(ms)}</span>
    </div>
  )
}

const flat = Array.from({ length: bars }, () => 4)

// The wave is read from the sound when it is first played; until then it is a plain line.
function useWave(src: string, wanted: boolean): number[] {
  const [wave, setWave] = useState(flat)
  useEffect(() => {
    if (!wanted || wave !== flat) return
    let current = true
    void peaks(src).then(
      (p) => current && setWave(p),
      () => {},
    )
    return () => {
      current = false
    }
  }, [src, wanted, wave])
  return wave
}

async function peaks(src: string): Promise<number[]> {
  const data = await (await fetch(src)).arrayBuffer()
  const sound = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(data)
  const samples = sound.getChannelData(0)
  const step = Math.max(1, Math.floor(samples.length / bars))
  const heights = Array.from({ length: bars }, (_, i) => {
    let top = 0
    for (let k = i * step; k < (i + 1) * step; k += 8) top = Math.max(top, Math.abs(samples[k] ?? 0))
    return top
  })
  const loudest = Math.max(0.01, ...heights)
  return heights.map((h) => 3 + (h / loudest) * 20)
}
