// What people saw when they looked at the pages with a day's work in them, and what is to be seen instead.

import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import { desk, sit } from './browser'
import { test } from './test'

test('the level over all queues counts each as much as what it is about', () =>
  desk(
    '/status',
    async ({ page }) => {
      const tile = page.locator('.tile', { hasText: 'Servicenivå' })
      await tile.getByText('90').waitFor()
    },
    (h) => {
      h.queues = [
        { ...sample.queues[0]!, service_level: 1, answered_today: 90, abandoned_today: 0 },
        { ...sample.queues[1]!, service_level: 0, answered_today: 8, abandoned_today: 2 },
      ]
    },
  ))

test('a refusal is told in the language of the page', () =>
  desk('/settings/calendars/99', async ({ page }) => page.getByText('De öppettiderna finns inte längre.').waitFor(), (h) => ((h.role = 'administrator'), (h.refuses = ['calendar_not_found', 'there is no such calendar']))))

test('the languages of a name are written as the language writes them', () =>
  desk(
    '/settings/queues/2',
    async ({ page }) => {
      await page.getByLabel('Name, Swedish').waitFor()
      await page.getByLabel('Name, English').waitFor()
    },
    (h) => ((h.role = 'administrator'), (h.language = 'en')),
  ))

test('on a narrow page the title stands beside the search, not under it, and the chosen page is in view', async () => {
  const d = await sit('/settings/agents', { width: 768 }, (h) => (h.role = 'administrator'))
  try {
    const title = (await d.page.getByRole('heading', { name: 'Operatörer' }).boundingBox())!
    const field = (await d.page.getByRole('textbox', { name: 'Sök operatör' }).boundingBox())!
    assert.ok(title.x + title.width <= field.x || title.y + title.height <= field.y, `${JSON.stringify(title)} ${JSON.stringify(field)}`)
    await d.page.setViewportSize({ width: 390, height: 844 })
    await d.page.reload()
    const link = (await d.page.locator('.set-nav [aria-current]').boundingBox())!
    assert.ok(link.x >= 0 && link.x + link.width <= 390, JSON.stringify(link))
    assert.equal(await d.page.locator('.btn > .kbd:visible').count(), 0)
  } finally {
    await d.close()
  }
})

test('what is written in another language is read out in it (WCAG 3.1.2), and in the page’s own where nobody knows', () =>
  desk(
    '/chat/101',
    async ({ page }) => {
      await page.locator('.bub[lang=en]', { hasText: 'Order 20991' }).waitFor()
      await page.locator('.said[lang=de]', { hasText: 'Krediten' }).waitFor()
      await page.locator(`.faq .ttl[lang=${sample.card.language}]`).waitFor()
      assert.equal(await page.locator('.bub', { hasText: 'Toppen.' }).getAttribute('lang'), null)
    },
    (h) => {
      h.entries['8101']![2]!.language = 'en'
      h.entries['8101']![5]!.language = 'de'
    },
  ))

test('a customer without a name is still called something', () =>
  desk('/cases', async ({ page }) => page.getByText('Okänd').first().waitFor(), (h) => (h.nameless = true)))
