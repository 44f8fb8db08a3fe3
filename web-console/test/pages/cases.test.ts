// Cases that become one or two, titles of what has no subject, and articles in the customer's language.

import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

test('who writes English gets English articles, whatever the agent speaks', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      await page.getByRole('complementary').getByText('Returns and right of withdrawal').waitFor()
      await page.getByRole('textbox', { name: 'Svar' }).pressSequentially('/ret')
      const english = page.getByRole('option', { name: /Returns/ })
      await english.waitFor()
      assert.equal(await english.getByText('Svenska').count(), 0)
      await page.getByRole('option', { name: /retursedel/ }).getByText('Svenska').waitFor()
      await page.keyboard.press('Enter')
      await fact('the article was sent', () => asked(house, /101\/articles/).length === 1)
      assert.equal(asked(house, /101\/articles/)[0]?.body.language, 'en')
      await page.getByRole('complementary').getByText('Inga förslag än').waitFor() // what was given is not suggested again
      await page.keyboard.press('F2')
      await page.keyboard.type('retursedel')
      await page.getByRole('complementary').locator('.faq-hits').getByText('Svenska').waitFor()
    },
    (h) => (h.spoken = 'en'),
  ))

test('a visitor without a name is no known customer', () =>
  desk(
    '/chat/101',
    async ({ page }) => {
      await page.getByRole('complementary').getByText('Engelska').waitFor()
      assert.equal(await page.getByText('Känd kund').count(), 0)
    },
    (h) => (h.stranger = true),
  ))

test('a case of a call is called what it was, when it has no subject', () =>
  desk(
    '/cases',
    async ({ page }) => {
      await page.getByRole('link', { name: /#1042.*Samtal/ }).waitFor()
      assert.equal(await page.getByText('Utan ämne').count(), 0)
    },
    () => (sample.cases[0]!.subject = ''),
  ).finally(() => (sample.cases[0]!.subject = 'Faktura efter retur')))

const related = (h: House) => (h.related = [{ ...sample.cases[1]!, because: ['customer', 'subject'] }])

test('cases that may belong together are shown with the reason', () =>
  desk(
    '/cases/4101',
    async ({ page }) => {
      await page.getByRole('heading', { name: 'Hör kanske ihop' }).waitFor()
      await page.getByRole('link', { name: /#987.*samma kund, samma ord/ }).click()
      await page.waitForURL('**/cases/4000')
    },
    related,
  ))

test('another case becomes a part of this one', () =>
  desk('/cases/4101', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Mer om ärendet' }).click()
    await page.getByRole('menuitem', { name: 'Slå samman' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Allt i det andra ärendet flyttas hit').waitFor()
    assert.equal(await dialog.getByRole('button', { name: /#1042/ }).count(), 0)
    await dialog.getByRole('button', { name: /#987/ }).click()
    assert.deepEqual(await faults(page), [])
    await dialog.getByRole('button', { name: 'Gör #987 till en del av #1042' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.deepEqual(asked(house, /cases\/4101\/merge/)[0]?.body, { from: '4000' })
  }, related))

test('a mail is taken out into a case of its own', () =>
  desk('/cases/4101', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Mer om ärendet' }).click()
    await page.getByRole('menuitem', { name: 'Dela' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Kvitto order 20991').click()
    assert.equal(await dialog.getByLabel('Det nya ärendets ämne').inputValue(), 'Kvitto order 20991')
    assert.deepEqual(await faults(page), [])
    await dialog.getByRole('button', { name: 'Ta ut 1 del till ett nytt ärende' }).click()
    await page.waitForURL('**/cases/4000')
    assert.deepEqual(asked(house, /cases\/4101\/split/)[0]?.body, { subject: 'Kvitto order 20991', conversations: [], entries: [{ conversation: '7001', pos: 1 }] })
  }))

test('the number of a case that became a part of another leads there, and is shown there', () =>
  desk(
    '/cases/4099',
    async ({ page }) => {
      await page.waitForURL('**/cases/4101')
      await page.getByText('även #1039').waitFor()
      await page.getByText('Ärende #1039 slogs samman med det här').waitFor()
    },
    (h) => (h.merged = true),
  ))

test('a mail that was offered to nobody, or is finished, is read where its case stands, and a voicemail heard', () =>
  desk('/cases/4103', async ({ page }) => {
    const mail = page.getByRole('button', { name: /^E-post: / }).first()
    await mail.click()
    await page.locator('.tl .mail-head').waitFor()
    assert.equal(await mail.getAttribute('aria-expanded'), 'true')
    assert.deepEqual(await faults(page), [])
    await mail.click()
    await page.locator('.tl .mail-head').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /0:28/ }).click()
    await page.locator('.tl').getByRole('button', { name: 'Spela' }).waitFor()
    assert.deepEqual(await faults(page), [])
  }))
