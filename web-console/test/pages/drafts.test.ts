// A mail while it is being written: on another machine, for colleagues, and between two who write at once.

import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import { asked, desk, fact, faults, written } from './browser'
import { test } from './test'

const secretly = [{ kind: 'email' as const, value: 'chef@nordvind.example' }]
const erik = sample.agents.find((a) => a.name === 'Erik Sjöberg')!.id

test('a mail goes on where one left it on another machine, until it is sent', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      const answer = page.getByRole('textbox', { name: 'Svar' })
      await fact('it is there', async () => (await written(answer)) === 'Vi skickar')
      await page.getByTitle('chef@nordvind.example').waitFor()
      await answer.fill('Vi skickar en ny stång.')
      await page.getByText('Utkast sparat').waitFor()
      const [kept] = house.drafts
      assert.deepEqual([kept?.text, kept?.bcc, house.drafts.length], ['Vi skickar en ny stång.', secretly, 1])
      await page.keyboard.press('Control+Enter')
      await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
      assert.equal(asked(house, /103\/reply/)[0]?.body.draft, kept?.rev)
      await page.reload()
      await page.getByRole('textbox', { name: 'Svar' }).waitFor()
      await fact('nothing is left', async () => house.drafts.length === 0 && (await written(answer)) === '')
    },
    (h) => h.keep('8103', 'reply', 0, { text: 'Vi skickar', bcc: secretly }),
  ))

test('what the server has, and the browser had no time to note, is one’s own after a reload', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      await page.getByTitle('chef@nordvind.example').waitFor()
      await fact('the words are noted', () => page.evaluate(() => localStorage.getItem('vaxel.draft.8103.reply') === 'Vi skickar'))
      await page.evaluate(() => localStorage.removeItem('vaxel.base.8103.reply'))
      await page.reload()
      await page.getByTitle('chef@nordvind.example').waitFor()
      assert.equal(await page.getByText('har ändrat utkastet').count(), 0)
    },
    (h) => h.keep('8103', 'reply', 0, { text: 'Vi skickar', bcc: secretly }),
  ))

test('what a colleague writes is shown, and gone on with', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      await page.getByText('Erik Sjöberg skriver på ett mejl').waitFor()
      await page.getByText('Hej Per, jag kollar').waitFor()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: 'Skriv vidare' }).click()
      const answer = page.getByRole('textbox', { name: 'Svar' })
      assert.equal(await written(answer), 'Hej Per, jag kollar')
      await answer.fill('Hej Per, jag kollade.')
      await fact('it is kept, and mine', () => house.drafts[0]?.text === 'Hej Per, jag kollade.' && house.drafts[0].agent === sample.me)
      assert.equal(await page.getByText('Erik Sjöberg skriver').count(), 0)
    },
    (h) => h.keep('8103', 'reply', 0, { text: 'Hej Per, jag kollar' }, erik),
  ))

test('who writes while a colleague does is told, and chooses', () =>
  desk('/email/103', async ({ page, house }) => {
    const answer = page.getByRole('textbox', { name: 'Svar' })
    await answer.fill('Mitt')
    await fact('it is kept', () => house.drafts[0]?.text === 'Mitt')
    await answer.fill('Mitt, och mer')
    house.keep('8103', 'reply', house.drafts[0]!.rev, { text: 'Eriks' }, erik)
    await page.getByText('Erik Sjöberg har ändrat utkastet').waitFor()
    assert.deepEqual(await faults(page), [])
    assert.equal(await written(answer), 'Mitt, och mer')
    await page.getByRole('button', { name: 'Behåll mitt' }).click()
    await fact('mine is kept', () => house.drafts[0]?.text === 'Mitt, och mer')
    await answer.fill('Mitt, och ännu mer')
    house.keep('8103', 'reply', house.drafts[0]!.rev, { text: 'Eriks igen' }, erik)
    await page.getByRole('button', { name: 'Ta det' }).click()
    assert.equal(await written(answer), 'Eriks igen')
  }))

test('a case shows what is being written on it, and the way there', () =>
  desk(
    '/cases/4101',
    async ({ page, house }) => {
      await page.getByText('Erik Sjöberg skriver på ett mejl').waitFor()
      await page.getByText('Hej, jag kollar').waitFor()
      assert.deepEqual(await faults(page), [])
      const there = page.getByRole('status').filter({ hasText: 'Erik Sjöberg skriver' })
      assert.equal(await there.getByRole('link', { name: 'Öppna' }).getAttribute('href'), '/email/103')
      house.keep('7001', 'reply', house.drafts[0]!.rev, { text: 'Hej, jag kollade' }, erik)
      await page.getByText('Hej, jag kollade').waitFor() // as it is written
      assert.ok(house.followed.has('conversation:7001'))
    },
    (h) => {
      h.keep('7001', 'reply', 0, { text: 'Hej, jag kollar' }, erik)
      h.served = [{ ...h.interactions.find((i) => i.id === '103')!, conversation: '7001' }]
    },
  ))

test('an answer that is only begun is set aside, and keeps its draft', () =>
  desk('/email/103', async ({ page, house }) => {
    await page.getByRole('textbox', { name: 'Svar' }).fill('Jag börjar med')
    await page.getByRole('button', { name: 'Fler sätt att skicka' }).click()
    await page.getByRole('menuitem', { name: 'Spara utkastet och avsluta' }).click()
    await fact('it is ended', () => asked(house, /103\/end/).length === 1)
    assert.deepEqual([asked(house, /103\/end/)[0]?.body, house.drafts[0]?.text], [{ pending: true }, 'Jag börjar med'])
  }))

test('a mail may be from another queue of one’s own', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      await page.getByLabel('Från').selectOption('faktura@nordvind.example')
      assert.deepEqual(await faults(page), [])
      await page.getByRole('textbox', { name: 'Svar' }).fill('Hej')
      await page.keyboard.press('Control+Enter')
      await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
      assert.equal(house.identities[String(asked(house, /103\/reply/)[0]?.body.from)], 'faktura@nordvind.example')
    },
    (h) => {
      const other = sample.queues.find((q) => q.id !== h.interactions.find((i) => i.id === '103')!.queue)!
      h.identities[other.id] = 'faktura@nordvind.example'
    },
  ))
