import assert from 'node:assert/strict'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import * as sample from '../fixture/data.ts'
import { House } from '../fixture/server.ts'

const args = ['--headless', '--no-sandbox', '--process-per-site', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required']
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const patience = 120_000 // ms; a slow machine is no fault
export const slow = Number(process.env.SLOW) // times that the page's processor is slowed down, to find what only a fast one passes

let browser: Browser | undefined

export interface Desk {
  house: House
  page: Page
  url: string
  errors: string[] // what the console of the browser complained of
  close(): Promise<void>
}

export interface View {
  theme?: 'light' | 'dark'
  width?: number
  height?: number
  locale?: string
}

/** A fixture house and a browser page on it. */
export async function sit(path: string, view: View = {}, arrange: (h: House) => void = () => {}): Promise<Desk> {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args })
  const house = new House()
  arrange(house)
  const url = await house.start()
  const context = await browser.newContext({ viewport: { width: view.width ?? 1440, height: view.height ?? 900 }, colorScheme: view.theme ?? 'light', locale: view.locale ?? 'sv-SE', reducedMotion: 'reduce', timezoneId: 'Europe/Stockholm', bypassCSP: false })
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  if (slow) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: slow })
  const errors: string[] = []
  page.on('console', (m) => m.type() === 'error' && errors.push(m.text()))
  page.on('pageerror', (e) => errors.push(String(e)))
  await page.goto(url + path)
  return {
    house,
    page,
    url,
    errors,
    async close() {
      await context.close()
      await house.stop()
    },
  }
}

/** What an automatic WCAG 2.0–2.2 A and AA check finds, one line each; on the whole page, or within what a selector names. */
export async function faults(page: Page, within = 'html'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe)
  const found = await page.evaluate(async (within) => {
    const run = (globalThis as unknown as { axe: { run(where: string, o: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }).axe.run
    return (await run(within, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations
  }, within)
  return found.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`))
}

/** True when nothing reaches past the right edge of the window. */
export const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)

export async function stopBrowser() {
  await browser?.close()
  browser = undefined
}

/** What the house was asked to change. */
export const asked = (h: House, path: RegExp) => h.requests.filter((r) => path.test(r.path))

/** What stands in a field, be it of plain or of formatted text. */
export const written = (field: Locator) => field.evaluate((e) => ('value' in e ? String(e.value) : (e as HTMLElement).innerText).trim())

/** Waits for a fact; the message says which one was missing. */
export async function fact(what: string, holds: () => boolean | Promise<boolean>) {
  for (const limit = Date.now() + patience; Date.now() < limit; ) {
    if (await holds()) return
    await new Promise((done) => setTimeout(done, 25))
  }
  assert.fail(`never came true: ${what}`)
}

/** Sits down at a desk, works there, and leaves it. */
export async function desk(path: string, use: (d: Desk) => Promise<void>, arrange?: (h: House) => void) {
  const d = await sit(path, {}, arrange)
  try {
    await d.page.locator('.app, .door').waitFor()
    await use(d)
  } finally {
    await d.close()
  }
}

/** Arranges six chats of mine, of which the last two begin with a line of their customers'. */
export function sixChats(h: House) {
  const names = ['Bo Lund', 'Cia Frisk', 'Dan Åberg', 'Eva Modig']
  names.forEach((customer_name, n) => {
    const id = `3${n}1`
    h.interactions.push({ ...structuredClone(sample.interactions[1]!), id, conversation: `8${id}`, case: `4${id}`, customer_name, arrived_at: sample.ago(200 - n), unread: n, last_pos: 1, preview: '' })
    h.entries[`8${id}`] = [{ conversation: `8${id}`, pos: 1, kind: 'message', channel: 'chat', author: { kind: 'customer', name: customer_name, id: '12' }, text: `Hej, jag heter ${customer_name}.`, at: sample.ago(100) }]
  })
}

/** Arranges that a supervisor looks on at my first chat, and has whispered. */
export function whispered(h: House) {
  h.beside['101'] = { items: [], observers: [{ id: '5', name: 'Karin Öst' }] }
  h.sayBeside('101', { kind: 'agent', id: '5', name: 'Karin Öst' }, { client_id: 'w1', text: 'Fråga efter ordernumret' })
}

/** Arranges a colleague's chat that a supervisor may look on at. */
export function observed(h: House) {
  h.interactions.push({ ...structuredClone(sample.interactions[0]!), id: '301', conversation: '8301', case: '4301', agent: '2', agent_name: 'Erik Sjöberg', actions: ['note'] })
  h.entries['8301'] = [{ conversation: '8301', pos: 1, kind: 'message', channel: 'chat', author: { kind: 'customer', name: 'Anna', id: '11' }, text: 'Var är mitt paket?', at: sample.ago(60) }]
}
