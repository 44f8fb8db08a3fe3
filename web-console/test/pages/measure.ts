// How long a console takes from a frame on its socket to the pixels: `npm run measure`. A figure, not a test.

import * as sample from '../fixture/data'
import { sit, stopBrowser } from './browser'

const rounds = 300

const { page, house, close } = await sit('/chat/101')
await page.getByText('Toppen.').waitFor()
await page.evaluate(() => {
  const seen = ((globalThis as unknown as { seen: Record<string, number> }).seen = {})
  new MutationObserver(() => {
    const text = document.querySelector('.thread')?.textContent ?? ''
    const n = text.match(/Rad (\d+)\./g)?.at(-1)
    if (n && !(n in seen)) requestAnimationFrame(() => setTimeout(() => Object.assign(seen, { [n]: performance.timeOrigin + performance.now() })))
  }).observe(document.body, { childList: true, subtree: true, characterData: true })
})
const sent: Record<string, number> = {}
for (let n = 1; n <= rounds; n++) {
  const text = `Rad ${n}.`
  sent[text] = performance.timeOrigin + performance.now()
  house.say({ ...sample.entries['8101']![6]!, pos: 100 + n, text, at: new Date().toISOString() })
  await page.waitForFunction((t) => t in (globalThis as unknown as { seen: Record<string, number> }).seen, text)
}
const seen = await page.evaluate(() => (globalThis as unknown as { seen: Record<string, number> }).seen)
const took = Object.entries(seen).map(([text, at]) => at - sent[text]!).sort((a, b) => a - b)
const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))]!.toFixed(1)
console.log(`frame to pixels, ${took.length} lines: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`)
await close()
await stopBrowser()
