// Visitors of the website who may not chat any more.

import assert from 'node:assert/strict'
import { asked, desk, faults } from './browser'
import { test } from './test'

test('an agent blocks the visitor of a chat, after saying why; by the network only supervisors do', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Blockera besökaren …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Blockera besökaren' })
    assert.deepEqual(await dialog.getByLabel('Känns igen på').locator('option').allInnerTexts(), ['Webbläsaren'])
    const go = dialog.getByRole('button', { name: 'Blockera', exact: true })
    assert.equal(await go.isDisabled(), true, 'without a reason')
    await dialog.getByRole('textbox', { name: 'Varför' }).fill('Hotar')
    await dialog.getByRole('textbox', { name: 'Dagar' }).fill('')
    assert.deepEqual(await faults(page), [])
    await go.click()
    await page.getByText('Besökaren är blockerad.').waitFor()
    assert.deepEqual(asked(house, /block-visitor$/)[0]?.body, { by: 'browser', reason: 'Hotar' })
  }, (h) => (h.role = 'agent')))
