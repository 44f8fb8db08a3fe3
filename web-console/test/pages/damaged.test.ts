// A mail that could not be read as it should.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { desk, faults, stopBrowser } from './browser'

after(stopBrowser)

test('a damaged mail says what is wrong with it, and leads to the mail as it came', () =>
  desk('/email/105', async ({ page }) => {
    await page.getByText('Mejlet är skadat och visas så gott det går: teckenuppsättningen är gissad, slutet saknas.').waitFor()
    assert.match((await page.getByRole('link', { name: 'Visa originalet' }).getAttribute('href')) ?? '', /\/entries\/8105\/1\/raw$/)
    assert.deepEqual(await faults(page), [])
  }))
