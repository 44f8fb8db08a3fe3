// The boards and the explanation: what stands there, sorted by mouse and by key.

import assert from 'node:assert/strict'
import type * as A from '../../src/api/types'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

test('queues show the expected wait, what is due first and their agents by status, and sort by each column', () =>
  desk('/status', async ({ page }) => {
    const table = page.getByRole('region', { name: 'Köer' }).getByRole('table')
    const row = table.getByRole('row', { name: /^Leverans/ })
    await row.getByText('4 min').waitFor()
    await row.getByText('försenat').waitFor({ state: 'attached' })
    await row.getByRole('img', { name: 'Upptagen' }).waitFor()
    const firstRow = () => table.getByRole('rowheader').first().innerText()
    await table.getByRole('button', { name: 'Servicenivå' }).click()
    await fact('the best is first', async () => (await firstRow()) === 'Företag')
    assert.equal(await table.getByRole('columnheader', { name: 'Servicenivå' }).getAttribute('aria-sort'), 'descending')
    await page.keyboard.press('Enter')
    await fact('the worst is first', async () => (await firstRow()) === 'Leverans')
    assert.deepEqual(await faults(page), [])
  }))

test('agents sort by their figures with the keyboard alone', () =>
  desk('/status', async ({ page }) => {
    const table = page.getByRole('region', { name: 'Operatörer' }).getByRole('table')
    const names = () => table.getByRole('rowheader').allInnerTexts()
    await table.getByRole('button', { name: 'Tagna' }).focus()
    await page.keyboard.press('Space')
    await fact('most accepted first', async () => /Tilda Ahl$/.test((await names())[0]!))
    await table.getByRole('button', { name: 'Tid', exact: true }).focus()
    await page.keyboard.press('Enter')
    await fact('the longest in a status first', async () => /Oskar Ström$/.test((await names())[0]!))
  }))

test('a supervisor reads why an agent was asked, of what goes on and of what has ended', () =>
  desk('/chat/101', async ({ page }) => {
    await page.getByRole('button', { name: 'Varför den här operatören' }).click()
    const dialog = page.getByRole('dialog')
    const second = dialog.getByRole('region', { name: /^Erbjudande 1/ })
    await second.getByText('Nils Ek svarade inte').waitFor()
    await dialog.getByText('Nils Ek togs tillbaka: bytte status').waitFor()
    await dialog.getByText('avböjde: Plattformsbyte').waitFor()
    await second.getByRole('row', { name: /Nils Ek.*Vald.*ledig längst/ }).waitFor()
    await second.getByRole('row', { name: /Maja Berg.*Kunde inte.*är inte Tillgänglig/ }).waitFor()
    assert.deepEqual(await faults(page), [])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.goto(new URL('/cases/4101', page.url()).href)
    await page.getByRole('button', { name: 'Varför den här operatören' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('ingen annan kunde').waitFor()
  }))

test('a supervisor hears of what nobody answers on any page, finds it on the board, and no longer once it is over', () =>
  desk('/chat', async ({ page, house }) => {
    await fact('the console is connected', () => house.consoles === 1)
    const alert = (id: string, kind: A.Alert['kind'], more: Partial<A.Alert>): A.Alert => ({ id, kind, interaction: '901', channel: 'chat', case: '4101', queue: '1', at: new Date().toISOString(), open: true, queue_name: 'Leverans', customer_name: 'Karin Holm', case_number: 4101, ...more })
    house.alerts = [alert('17-0', 'unanswered', {})]
    house.tell('alert.raised', house.alerts[0])
    const strip = page.getByRole('status').filter({ hasText: 'Ingen svarar Karin Holm i Leverans' })
    await strip.waitFor()
    house.alerts.unshift(alert('18-0', 'wrap_up_overtime', { agent: '3', agent_name: 'Nils Ek' }))
    house.tell('alert.raised', house.alerts[0])
    await page.getByText('Nils Ek har inte avslutat efterbearbetningen av Karin Holm. Och 1 larm till.').waitFor()
    await page.getByRole('link', { name: 'Visa' }).focus()
    await page.keyboard.press('Enter')
    const list = page.getByRole('region', { name: 'Larm' })
    await fact('both stand on the board', async () => (await list.getByRole('row').count()) === 3)
    await list.getByRole('link', { name: '#4101' }).first().waitFor()
    assert.deepEqual(await faults(page), [])
    await page.getByRole('button', { name: 'Stäng' }).click()
    await page.getByText('Och 1 larm till.').waitFor({ state: 'detached' })
    house.alerts = []
    house.tell('alert.raised', alert('17-0', 'unanswered', { open: false }))
    await list.waitFor({ state: 'detached' })
  }))

test('an agent is not shown why', () =>
  desk(
    '/chat/101',
    async ({ page }) => {
      await page.getByText('Toppen.').waitFor()
      assert.equal(await page.getByRole('button', { name: 'Varför den här operatören' }).count(), 0)
    },
    (h) => (h.role = 'agent'),
  ))

test('a supervisor reads how long customers waited for answers and solutions; an agent does not', async () => {
  await desk('/analysis', async ({ page }) => {
    const by = page.getByRole('region', { name: 'Kanal', exact: true })
    const row = by.getByRole('row', { name: /Chatt/ })
    await row.waitFor()
    assert.deepEqual(await row.getByRole('cell').allTextContents(), ['0:38', '0:52', '10:10', '13\u00a0%', '44\u00a0%', '4,3 (12 svar)'])
    assert.deepEqual(await by.getByRole('row', { name: /E-post/ }).getByRole('cell').allTextContents(), ['2 tim 01 min', '–', '2 dagar', '0\u00a0%', '–', '–'])
    assert.equal(await by.getByRole('row').count(), 3)
    await page.getByRole('region', { name: 'Kö', exact: true }).getByRole('row', { name: /Chatt.*0:38/ }).waitFor()
  })
  await desk('/analysis', async ({ page, house }) => {
    await page.getByText('Per kanal').first().waitFor()
    assert.equal(asked(house, /^\/statistics/).length, 0)
  }, (h) => void (h.role = 'agent'))
})
