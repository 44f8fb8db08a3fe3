// What the floor allows, and the console must show: skills, capacity, wrap-ups by choice, what supervisors keep.

import assert from 'node:assert/strict'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

test('a supervisor changes what an agent knows, from the board', () =>
  desk('/status', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Åtgärder för Erik Sjöberg' }).click()
    await page.getByRole('menuitem', { name: /Köer och färdigheter/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/: nivå$/).first().selectOption('4')
    await fact('it is set', () => asked(house, /agents\/\d+\/skills\/\d+/)[0]?.body.level === 4)
    assert.deepEqual(await faults(page), [])
  }))

test('a transfer to a queue says what it needs', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Överför' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /^.*Faktura/ }).first().click()
    await dialog.getByText('Kräver särskilda färdigheter').click()
    await dialog.getByLabel(/: nivå$/).first().selectOption('3')
    await dialog.getByText('Kräver 1 färdighet').waitFor()
    await dialog.getByRole('button', { name: 'Överför till kön Faktura' }).click()
    await fact('it goes along', () => JSON.stringify(asked(house, /101\/transfer/)[0]?.body.skills) === JSON.stringify([{ skill: house.kept.skills[0]!.id, level: 3 }]))
  }))

const mine = (more: object) => (h: House) => (h.interactions = h.interactions.map((i) => (i.id === '101' ? { ...i, ...more } : i)))

test('a wrap-up by choice is asked for while the customer is there', () =>
  desk('/chat/101', async ({ page, house }) => {
    const ask = page.getByRole('button', { name: 'Efterbearbeta sedan' })
    await ask.click()
    await fact('it is asked for', () => asked(house, /101\/extend/).length === 1)
    await fact('and the button says so', async () => (await ask.getAttribute('aria-pressed')) === 'true')
    await page.reload()
    await fact('and after a reload, too', async () => (await ask.getAttribute('aria-pressed')) === 'true')
    await ask.click()
    assert.equal(asked(house, /101\/extend/).length, 1)
  }, mine({ actions: ['message', 'note', 'end', 'transfer', 'extend'] })))

test('what was taken over capacity says so, and the gauge counts in chats', () =>
  desk('/chat/101', async ({ page }) => {
    await page.getByText('Över kapaciteten').waitFor()
    await page.getByText('8 av 6').waitFor()
    assert.equal(await page.locator('.cap rect').count(), 6)
    assert.deepEqual(await faults(page), [])
  }, (h) => (mine({ over_capacity: true })(h), (h.rules.costs = { chat: 16 }), (h.presence = { ...h.presence, units: 128 }))))

test('a supervisor opens the queues, skills and rules of the house, and adds none', () =>
  desk('/settings/queues', async ({ page }) => {
    await page.getByRole('row', { name: /Leverans/ }).first().waitFor()
    assert.equal(await page.getByRole('link', { name: 'Ny kö' }).count(), 0)
    await page.getByRole('link', { name: 'Leverans' }).first().click()
    await page.getByLabel('Larma efter').waitFor()
    const places = page.getByRole('navigation', { name: 'Inställningar' })
    for (const name of ['Färdigheter', 'Regler']) await places.getByRole('link', { name }).waitFor()
    assert.equal(await places.getByRole('link', { name: 'Operatörer' }).count(), 0)
    assert.deepEqual(await faults(page), [])
  }))

test('a channel that is switched on is worked as usual, and says so', () =>
  desk('/settings/queues/2', async ({ page, house }) => {
    const name = 'Återuppringning'
    await page.getByRole('switch', { name, exact: true }).press('Space')
    const plan = page.getByRole('group', { name, exact: true })
    await plan.getByRole('combobox', { name: 'Efterbearbetning' }).waitFor()
    assert.equal(await plan.getByRole('combobox', { name: 'Efterbearbetning' }).inputValue(), '')
    const chat = page.getByRole('group', { name: 'Chatt', exact: true })
    await chat.getByRole('combobox', { name: 'Efterbearbetning' }).selectOption('optional')
    await chat.getByLabel('Längd').waitFor()
    await page.keyboard.press('Control+KeyS')
    await fact('the server fills it in', () => JSON.stringify((asked(house, /admin\/queues\/2/)[0]?.body.channels as { callback: unknown })?.callback) === '{}')
  }, (h) => void (h.role = 'administrator')))
