// What an agent does in a day, once with the mouse and once with the keyboard alone: presence (S1–S8), the platform switch
// (S12), offers and codes (S13, S14), boards and favourites (S15–S17), transfer (S18), articles (S21), colleagues and supervisors
// (S22, S32). Nothing for an automatic WCAG check to find.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults, stopBrowser } from './browser'

after(stopBrowser)

type Hand = 'mouse' | 'keys'
interface Day {
  page: Page
  house: House
  press: (l: Locator) => Promise<void> // a click, or Enter on what Tab reaches
  hand: Hand
}

const press = (page: Page, hand: Hand) => async (l: Locator) => {
  if (hand === 'mouse') return l.click()
  await l.waitFor()
  const item = (await l.getAttribute('role')) === 'menuitem' || (await l.getAttribute('role')) === 'option'
  assert.ok(item || (await l.evaluate((e) => (e as HTMLElement).tabIndex >= 0)), 'Tab does not reach it')
  await l.focus()
  await page.keyboard.press('Enter')
}

function story(name: string, path: string, tell: (d: Day) => Promise<void>, arrange?: (h: House) => void) {
  for (const hand of ['mouse', 'keys'] as const)
    test(`${name}, ${hand}`, () =>
      desk(
        path,
        async ({ page, house }) => {
          await fact('the console is connected', () => house.consoles === 1)
          await tell({ page, house, hand, press: press(page, hand) })
          assert.deepEqual(await faults(page), [])
        },
        arrange,
      ))
}

const free = (more = {}) => (h: House) => {
  h.presence = { ...h.presence, status: 'working_offline', intent: 'working_offline', status_code: 'login', units: 0, holds: [], ...more }
  h.interactions = []
}

/** Opens the status menu and chooses; a reason is typed. */
async function choose({ page, hand, press }: Day, status: string, reason?: string) {
  if (hand === 'mouse') await page.getByRole('button', { name: /Välj status/ }).click()
  else await page.keyboard.press('Control+Alt+KeyS')
  await press(page.getByRole('menuitem', { name: status }))
  if (!reason) return
  if (hand === 'mouse') return page.getByRole('menuitem', { name: reason }).click()
  await page.getByRole('menuitem', { name: reason }).waitFor()
  await page.keyboard.type(reason.slice(0, 4))
  await page.keyboard.press('Enter')
}

story('S1 becoming available', '/chat', async (d) => {
  await choose(d, 'Tillgänglig')
  await fact('it is asked for', () => asked(d.house, /me\/status/)[0]?.body.status === 'available')
  await d.page.getByRole('button', { name: /Välj status: *Tillgänglig/ }).waitFor()
}, free())

story('S2 busy: what is used shows, and new work is stopped', '/chat/101', async ({ page, house, press }) => {
  await page.getByRole('button', { name: /Välj status: *Upptagen/ }).waitFor()
  await page.getByText('2 av 4').waitFor()
  await press(page.getByRole('button', { name: 'Stoppa nya' }))
  await page.getByRole('menuitem', { name: 'Utbildning' }).click()
  await fact('it is the next status', () => asked(house, /me\/status/)[0]?.body.status === 'working_offline')
  await page.getByText('Sedan: Arbeta offline · Utbildning').waitFor()
})

story('S3 wrap-up is extended and ended', '/email/107', async ({ page, house, press, hand }) => {
  await press(page.getByRole('button', { name: /Förläng/ }))
  await fact('a minute more', () => asked(house, /107\/extend/).length === 1)
  for (const code of ['Skadad vara', 'Ersättning skickad']) {
    const option = page.getByRole('option', { name: code })
    if (hand === 'mouse') await option.click()
    else (await option.focus(), await page.keyboard.press('Space'))
  }
  await press(page.getByRole('button', { name: 'Avsluta efterbearbetning' }))
  await fact('it is ended', () => asked(house, /107\/finish/).length === 1)
}, (h) => h.interactions.push(structuredClone(sample.wrapUp)))

story('S4 and S7 working offline, with the reason that the list asks for', '/chat', async (d) => {
  await choose(d, 'Arbeta offline', 'Pappersarbete')
  await fact('it is asked for', () => asked(d.house, /me\/status/)[0]?.body.code === 'paperwork')
  await d.page.getByRole('button', { name: /Välj status: *Arbeta offline/ }).waitFor()
}, free({ status: 'available', intent: 'available', status_code: undefined }))

story('S5 a break closes the desk until another status is chosen', '/chat', async (d) => {
  await choose(d, 'Rast', 'Lunch')
  await fact('the desk is closed', () => d.page.locator('.desk').evaluate((e) => (e as HTMLElement).inert))
  await d.press(d.page.getByRole('button', { name: 'Bli tillgänglig' }))
  await fact('it opens', () => d.page.locator('.desk').evaluate((e) => !(e as HTMLElement).inert))
}, free({ status: 'available', intent: 'available', status_code: undefined }))

story('S6 logging out, when nothing is held', '/chat', async (d) => {
  await choose(d, 'Logga ut')
  await fact('it is asked for', () => asked(d.house, /me\/status/)[0]?.body.status === 'logged_out')
}, free({ status: 'available', intent: 'available', status_code: undefined }))

story('S8 the time in a status is the same on the panel and on the board', '/status', async ({ page }) => {
  const own = page.getByRole('row', { name: /Alva Karlsson/ }).locator('time').first()
  await own.waitFor()
  await fact('both say the same', async () => {
    const [a, b] = await page.evaluate(() => [document.querySelector('.status-btn time')?.textContent, document.querySelector('tr.is-sel time')?.textContent])
    return a === b && /^\d\d:\d\d:\d\d$/.test(a ?? '')
  })
})

story('S12 a platform switch announces itself, counts down and is over', '/chat', async ({ page, house }) => {
  const tell = (phase: string) => house.tell('drain.notice', { phase, node: 'a', deadline: sample.ahead(600 + (Date.now() - sample.start) / 1000) })
  tell('notice')
  await page.getByText('avsluta det du håller').waitFor()
  tell('final')
  const strip = page.getByRole('status').filter({ hasText: 'avsluta samtalet nu' })
  await strip.waitFor()
  const left = async () => strip.locator('time').textContent()
  const before = await left()
  await fact('it counts down', async () => (await left()) !== before)
  assert.deepEqual(await faults(page), [])
  tell('over')
  await strip.waitFor({ state: 'detached' })
})

story('S13 an offer blinks, and is accepted', '/chat/101', async ({ page, house, hand }) => {
  house.offer({ ...sample.offer(300, 290), channel: 'chat', interaction: '110' })
  await page.locator('.rail-tab--offer').waitFor()
  await page.getByRole('alertdialog').waitFor()
  if (hand === 'mouse') await page.getByRole('button', { name: 'Acceptera' }).click()
  else await page.keyboard.press('Control+Alt+KeyA')
  await fact('it is accepted', () => asked(house, /offers\/110\/1\/accept/).length === 1)
  await page.getByRole('alertdialog').waitFor({ state: 'detached' })
})

story('S14 ending asks for transaction codes', '/chat/101', async ({ page, house, press, hand }) => {
  if (hand === 'mouse') await page.getByRole('button', { name: 'Avsluta chatt' }).click()
  else (await page.getByRole('log').focus(), await page.keyboard.press('KeyE'))
  const done = page.getByRole('button', { name: 'Avsluta efterbearbetning' })
  await done.waitFor()
  assert.equal(await done.getAttribute('aria-disabled'), 'true')
  for (const code of ['Fel vara', 'Pengar tillbaka']) {
    const option = page.getByRole('option', { name: code })
    if (hand === 'mouse') await option.click()
    else (await option.focus(), await page.keyboard.press('Space'))
  }
  await press(done)
  await fact('the codes are kept', () => JSON.stringify(asked(house, /101\/finish/)[0]?.body.codes) === '["13","22"]')
})

story('S15 the queues that I am in, and all', '/status', async ({ page, hand }) => {
  const table = page.getByRole('region', { name: 'Köer' }).getByRole('table')
  await table.getByRole('row', { name: /^Leverans/ }).waitFor()
  assert.equal(await table.getByRole('row', { name: /^Företag/ }).count(), 0)
  const show = page.getByRole('tablist', { name: 'Visa' })
  if (hand === 'mouse') await show.getByRole('tab', { name: 'Alla' }).click()
  else (await show.getByRole('tab', { name: 'Mina köer' }).focus(), await page.keyboard.press('ArrowRight'))
  await table.getByRole('row', { name: /^Företag/ }).waitFor()
}, (h) => (h.queues = h.queues.map((q) => ({ ...q, mine: q.id !== '5' }))))

story('S16 the agents of my group, with what they hold', '/status', async ({ page, hand }) => {
  const agents = page.getByRole('region', { name: 'Operatörer' })
  await agents.getByRole('row', { name: /Nils Ek/ }).waitFor()
  const tabs = agents.getByRole('tablist')
  if (hand === 'mouse') await tabs.getByRole('tab', { name: /Min grupp/ }).click()
  else (await tabs.getByRole('tab', { name: /Alla/ }).focus(), await page.keyboard.press('ArrowLeft'))
  await agents.getByRole('row', { name: /Nils Ek/ }).waitFor({ state: 'detached' })
  await agents.getByRole('row', { name: /Erik Sjöberg.*Chatt/ }).waitFor()
}, (h) => (h.agents = h.agents.map((a) => (a.id === '3' ? { ...a, group: '2' } : a))))

story('S17 a queue becomes a favourite', '/phone', async ({ page, house, press }) => {
  await press(page.getByRole('button', { name: 'Favorit: Produktråd' }).first())
  await fact('it is kept', () => asked(house, /favourites\/queue\/4/).length === 1)
  await page.getByRole('region', { name: 'Favoriter' }).getByText('Produktråd').waitFor()
})

story('S18 a transfer sees the queue’s state first', '/chat/101', async ({ page, house, press, hand }) => {
  if (hand === 'mouse') await page.getByRole('button', { name: 'Överför' }).click()
  else (await page.getByRole('log').focus(), await page.keyboard.press('KeyT'))
  const dialog = page.getByRole('dialog')
  await press(dialog.getByRole('button', { name: /Faktura.*3 väntar.*2 lediga/ }).first())
  await press(dialog.getByRole('button', { name: 'Överför till kön Faktura' }))
  await fact('it is transferred', () => asked(house, /101\/transfer/)[0]?.body.to_queue === '1')
  await dialog.waitFor({ state: 'detached' })
})

story('S21 an article goes to the customer by its shortcut', '/chat/101', async ({ page, house, hand }) => {
  await page.getByRole('textbox', { name: 'Svar' }).pressSequentially('/återk')
  const option = page.getByRole('option', { name: /återköp/ }).first()
  await option.waitFor()
  if (hand === 'mouse') await option.click()
  else await page.keyboard.press('Enter')
  await fact('its card is sent', () => asked(house, /101\/articles/)[0]?.body.article === '31')
})

story('S22 a colleague is written to', '/messages', async ({ page, house, press, hand }) => {
  await press(page.getByRole('button', { name: 'Ny chatt' }).last())
  await press(page.getByRole('dialog').getByRole('button', { name: /^Erik Sjöberg/ }))
  const text = page.getByRole('region', { name: 'Erik Sjöberg' }).getByRole('textbox')
  await text.fill('Tack, då svarar jag kunden.')
  if (hand === 'mouse') await page.getByRole('button', { name: /^Skicka/ }).click()
  else await page.keyboard.press('Control+Enter')
  await page.getByText('Tack, då svarar jag kunden.').waitFor()
  await fact('it is said', () => asked(house, /staff-chats\/901\/messages/).length === 1)
})

story('S32 what a supervisor says to all is read', '/messages/supervisors', async ({ page, house, press }) => {
  await press(page.getByRole('button', { name: 'Markera som läst' }))
  await fact('it is kept as read', () => asked(house, /supervisor-messages\/1\/seen/).length === 1)
  await page.getByRole('button', { name: 'Markera som läst' }).waitFor({ state: 'detached' })
})
