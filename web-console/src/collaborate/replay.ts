import { Replayer } from '@rrweb/replay'
import './replay.css'

// The page that shows a customer's page. It stands in a frame of its own, with a policy of its own (console.go): what
// the customer's page looks like may come from anywhere, nothing that it does may run. It talks to the console alone.

interface Told {
  t: 'events' | 'control'
  events?: { type: number; timestamp: number; data: unknown }[]
  whole?: boolean
  on?: boolean
}

const box = document.getElementById('page')!
const over = document.getElementById('over')!
let player: Replayer | undefined
let size = { width: 0, height: 0 }
let scale = 1
let told = 0

const say = (f: object) => parent.postMessage(f, location.origin)

addEventListener('message', (e: MessageEvent<Told>) => {
  if (e.source !== parent || e.origin !== location.origin) return
  if (e.data.t === 'control') over.toggleAttribute('data-control', !!e.data.on)
  else show(e.data)
})

function show({ events = [], whole }: Told) {
  try {
    if (whole || !player) begin()
    for (const e of events) player!.addEvent({ ...e, timestamp: Date.now() } as Parameters<Replayer['addEvent']>[0]) // by our clock: it is live
    if (whole) say({ t: 'shown' })
  } catch {
    say({ t: 'broken' })
  }
}

// A whole picture begins anew: nothing of the one before is kept.
function begin() {
  player?.destroy()
  box.replaceChildren()
  player = new Replayer([], { root: box, liveMode: true, mouseTail: false, showWarning: false, triggerFocus: false, UNSAFE_replayCanvas: false })
  player.on('resize', (d) => {
    size = d as typeof size
    fit()
  })
  player.startLive(Date.now() - 50)
}

// The page is shown whole, at most at its own size.
function fit() {
  if (!player || !size.width) return
  scale = Math.min(1, innerWidth / size.width, innerHeight / size.height)
  Object.assign(player.wrapper.style, { position: 'absolute', transformOrigin: '0 0', transform: `scale(${scale})`, left: `${(innerWidth - size.width * scale) / 2}px`, top: '0' })
}
addEventListener('resize', fit)

// Where the pointer is on the customer's page, and on what.
function at(e: MouseEvent): { x: number; y: number; el: Element | null; id: number } | undefined {
  if (!player || !size.width) return undefined
  const x = (e.clientX - (innerWidth - size.width * scale) / 2) / scale
  const y = e.clientY / scale
  if (x < 0 || y < 0 || x > size.width || y > size.height) return undefined
  const el = player.iframe.contentDocument?.elementFromPoint(x, y) ?? null
  return { x, y, el, id: el ? player.getMirror().getId(el as unknown as Parameters<ReturnType<Replayer['getMirror']>['getId']>[0]) : 0 }
}

over.addEventListener('pointermove', (e) => {
  if (e.timeStamp - told < 50) return
  told = e.timeStamp
  const p = at(e)
  if (p) say({ t: 'point', x: Math.round(p.x), y: Math.round(p.y) })
})

over.addEventListener('click', (e) => {
  const p = at(e)
  if (!p || p.id <= 0) return
  const field = p.el?.closest('input, textarea, select')
  const typed = field && !/^(checkbox|radio|button|submit|reset|image)$/.test(field.getAttribute('type') ?? '')
  if (typed) say({ t: 'field', id: p.id, name: nameOf(field) })
  else say({ t: 'press', id: p.id })
})

over.addEventListener('wheel', (e) => say({ t: 'scroll', y: Math.round(e.deltaY) }), { passive: true })

// What a field is called on the page.
function nameOf(field: Element): string {
  const label = field.id ? field.ownerDocument.querySelector(`label[for="${CSS.escape(field.id)}"]`) : null
  return (field.getAttribute('aria-label') ?? (label ?? field.closest('label'))?.textContent ?? field.getAttribute('placeholder') ?? '').trim().slice(0, 60)
}

say({ t: 'ready' })
