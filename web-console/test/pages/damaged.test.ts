// What could not be read, or shown, as it should.

import assert from 'node:assert/strict'
import { desk, fact, faults } from './browser'
import { test } from './test'

test('a damaged mail says what is wrong with it, and leads to the mail as it came', () =>
  desk('/email/105', async ({ page }) => {
    await page.getByText('Mejlet är skadat och visas så gott det går: teckenuppsättningen är gissad, slutet saknas.').waitFor()
    assert.match((await page.getByRole('link', { name: 'Visa originalet' }).getAttribute('href')) ?? '', /\/entries\/8105\/1\/raw$/)
    assert.deepEqual(await faults(page), [])
  }))

test('without its words the console says so, and is whole once they are there', () =>
  desk('/', async ({ page }) => {
    await page.route(/\/assets\/sv-/, (route) => route.abort())
    await page.reload()
    await page.getByText('Sidan kan inte visas. Det du har skrivit finns kvar.').waitFor()
    await page.unroute(/\/assets\/sv-/)
    await page.getByRole('button', { name: 'Ladda om' }).click()
    await page.locator('.app').waitFor()
  }))

test('a language that cannot be fetched leaves the other one, until it is chosen once more', () =>
  desk('/settings/appearance', async ({ page }) => {
    await page.route(/\/assets\/en-/, (route) => route.abort())
    const choose = (name: string) => page.getByText(name, { exact: true }).click()
    await choose('Engelska')
    await fact('the words are still there', () => page.locator('html[lang=en]').isVisible())
    await page.getByRole('heading', { name: 'Språk och tema' }).waitFor()
    await page.unroute(/\/assets\/en-/)
    await choose('Svenska')
    await choose('Engelska')
    await page.getByRole('heading', { name: 'Language and theme' }).waitFor()
  }))
