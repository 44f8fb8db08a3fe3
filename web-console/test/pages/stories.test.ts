// What an agent does that needs more than a house of samples is told in e2e, in a running Växel: presence, offers, codes, boards,
// transfers (S1–S8, S12–S18). Here is the rest, once with the mouse and once with the keyboard alone: a platform switch that is
// called off (S12), articles (S21), colleagues and supervisors (S22, S32). Nothing for an automatic WCAG check to find.

import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

type Hand = 'mouse' | 'keys'
interface Day {
  page: Page
  house: House
  press: (l: Locator) => Promise<void> // a click, or Enter on what Tab reaches
  hand: Hand
}

const stops = 150 // of Tab, on any page

/** Tabs until the target has the focus. */
async function reach(page: Page, target: Locator) {
  await target.waitFor()
  for (let n = 0; n < stops; n++) {
    if (await target.evaluate((e) => e === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab does not reach ${target}`)
}

const press = (page: Page, hand: Hand) => async (l: Locator) => {
  if (hand === 'mouse') return l.click()
  await reach(page, l)
  await page.keyboard.press('Enter')
}

function story(name: string, path: string, tell: (d: Day) => Promise<void>) {
  for (const hand of ['mouse', 'keys'] as const)
    test(`${name}, ${hand}`, () =>
      desk(path, async ({ page, house }) => {
        await fact('the console is connected', () => house.consoles === 1)
        await tell({ page, house, hand, press: press(page, hand) })
        assert.deepEqual(await faults(page), [])
      }))
}

async function write({ page, hand }: Day, field: Locator, text: string) {
  if (hand === 'mouse') await field.click()
  else await reach(page, field)
  await page.keyboard.type(text)
}

test('S12 a platform switch counts down, and is called off', () =>
  desk('/chat', async ({ page, house }) => {
    await fact('the console is connected', () => house.consoles === 1)
    const tell = (phase: string) => house.tell('drain.notice', { phase, node: 'a', deadline: sample.ahead(600 + (Date.now() - sample.start) / 1000) })
    tell('notice')
    await page.getByText('avsluta det du håller').waitFor()
    tell('final')
    const strip = page.getByRole('status').filter({ hasText: 'snart stängs den gamla plattformen' })
    await strip.waitFor()
    const left = async () => strip.locator('time').textContent()
    const before = await left()
    await fact('it counts down', async () => (await left()) !== before)
    tell('over')
    await strip.waitFor({ state: 'detached' })
  }))

story('S21 an article goes to the customer by its shortcut', '/chat/101', async (d) => {
  const { page, house, hand } = d
  await write(d, page.getByRole('textbox', { name: 'Svar' }), '/återk')
  const option = page.getByRole('option', { name: /återköp/ }).first()
  await option.waitFor()
  if (hand === 'mouse') await option.click()
  else await page.keyboard.press('Enter')
  await fact('its card is sent', () => asked(house, /101\/articles/)[0]?.body.article === '31')
})

story('S22 a colleague is written to', '/messages', async (d) => {
  const { page, house, press, hand } = d
  await press(page.getByRole('button', { name: 'Ny chatt' }).last())
  await press(page.getByRole('dialog').getByRole('button', { name: /^Erik Sjöberg/ }))
  await write(d, page.getByRole('region', { name: 'Erik Sjöberg' }).getByRole('textbox'), 'Tack, då svarar jag kunden.')
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
