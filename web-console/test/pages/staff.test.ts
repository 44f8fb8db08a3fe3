// What goes on among the people who work here: supervisors' messages, what is said beside a chat, and chats side by side.

import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import { asked, desk, fact, faults, observed, sit, sixChats, whispered } from './browser'
import { test } from './test'

const urgent = { ...sample.supervisorMessages[0]!, id: '3', urgent: true }

test('what is urgent stands over the page until it is acknowledged, and nothing else closes it', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByText('Toppen.').first().waitFor()
    house.supervisorMessages.unshift({ ...urgent })
    house.tell('supervisor_message.created', urgent)
    const dialog = page.getByRole('alertdialog', { name: 'Viktigt från Karin Öst' })
    await dialog.getByText('driftstörning').waitFor()
    assert.deepEqual(await faults(page), [])
    await page.keyboard.press('Escape')
    await page.mouse.click(5, 5)
    assert.ok(await dialog.isVisible())
    await dialog.getByRole('button', { name: 'Jag har läst' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(asked(house, /supervisor-messages\/3\/seen/).length, 1)
  }))

test('what is urgent waits for the end of a break, and is not shown when it holds no more', () =>
  desk(
    '/messages/supervisors',
    async ({ page, house }) => {
      await page.getByText('Fredagsfika').waitFor()
      assert.equal(await page.getByRole('alertdialog').count(), 0)
      house.tell('agent.status', { ...house.presence, status: 'available', intent: 'available', rev: 30 })
      await page.getByRole('alertdialog').getByText('bara det här').waitFor()
      assert.equal(await page.getByText('till väntar').count(), 0)
    },
    (h) => {
      h.presence = { ...h.presence, status: 'on_break', intent: 'on_break', holds: [] }
      h.supervisorMessages = [{ ...urgent, text: 'bara det här' }, { ...urgent, id: '4', expires_at: sample.ago(5) }, sample.supervisorMessages[1]!]
    },
  ))

test('a supervisor tells some, for a while, and sees who has read it', () =>
  desk('/messages/supervisors', async ({ page, house }) => {
    await page.getByRole('textbox', { name: 'Meddelande', exact: true }).fill('Möte kl 15')
    await page.getByRole('tab', { name: 'Valda' }).click()
    const send = page.getByRole('button', { name: 'Sänd meddelande' })
    assert.ok(await send.isDisabled())
    await page.getByRole('group', { name: 'Köer' }).getByText('Leverans').click()
    await page.getByRole('group', { name: 'Grupper' }).getByText('Kväll').click()
    await page.getByText('Visas genast och måste kvitteras').click()
    await page.getByLabel('Gäller').selectOption('60')
    await send.click()
    await page.getByText('Läst av 0 av 12').click()
    await page.locator('.readers').getByText('Nils Ek').waitFor()
    const { body } = asked(house, /supervisor-messages$/)[0]!
    assert.deepEqual([body.text, body.urgent, body.audience], ['Möte kl 15', true, { queues: ['2'], groups: ['2'], agents: [] }])
    assert.ok(Math.abs(Date.parse(String(body.expires_at)) - Date.now() - 3_600_000) < 60_000)
    await page.getByRole('button', { name: 'Ta tillbaka' }).first().click()
    await page.getByText('Tillbakataget').waitFor()
    await page.getByRole('textbox', { name: 'Sök i meddelanden' }).fill('fika')
    await page.getByText('Möte kl 15').waitFor({ state: 'detached' })
    await page.getByText('Fredagsfika').waitFor()
  }))

test('a message whose answer was lost is sent again under its key, so nobody is told twice', () =>
  desk('/messages/supervisors', async ({ page }) => {
    const keys: (string | undefined)[] = []
    await page.route('**/supervisor-messages', async (route) => {
      if (route.request().method() !== 'POST') return route.fallback()
      keys.push(route.request().headers()['idempotency-key'])
      return keys.length === 1 ? route.abort() : route.fallback()
    })
    const text = page.getByRole('textbox', { name: 'Meddelande', exact: true })
    const send = page.getByRole('button', { name: 'Sänd meddelande' })
    await text.fill('Möte kl 15')
    await send.click()
    await page.getByRole('region', { name: 'Arbetsledare' }).getByRole('alert').waitFor()
    await send.click()
    await fact('it is sent', async () => (await text.inputValue()) === '')
    await text.fill('Möte kl 15')
    await send.click()
    await fact('another was sent', () => keys.length === 3)
    assert.equal(keys[0], keys[1])
    assert.notEqual(keys[1], keys[2])
  }))

test('what was said to colleagues is found', () =>
  desk('/messages', async ({ page }) => {
    await page.getByRole('textbox', { name: 'Sök i dina chattar' }).fill('EKONOMI')
    await page.getByRole('link', { name: /Jag ringer ekonomi nu/ }).click()
    await page.waitForURL('**/messages/901')
  }))

test('a whisper is heard beside the chat, and answered there', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      const beside = page.getByRole('region', { name: 'Vid sidan om' })
      await beside.getByText('Karin Öst följer chatten').waitFor()
      await beside.getByText('Fråga efter ordernumret').waitFor()
      await fact('it is kept as read', () => asked(house, /staff-chats\/95101\/seen/).length > 0)
      await beside.getByRole('textbox').fill('Det gör jag')
      await page.keyboard.press('Enter')
      await beside.getByRole('log').getByText('Det gör jag').waitFor()
      assert.equal(asked(house, /101\/messages/).length, 0)
      house.beside['101']!.observers = []
      house.tell('interaction.observed', { interaction: '101', observers: [] })
      await beside.getByText('Karin Öst följer chatten').waitFor({ state: 'detached' })
    },
    whispered,
  ))

test('a whisper that nobody read in time is read after the chat', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      const beside = page.getByRole('region', { name: 'Vid sidan om' })
      await beside.getByText('Fråga efter ordernumret').waitFor()
      await fact('it is kept as read', () => asked(house, /staff-chats\/95101\/seen/).length > 0)
      assert.equal(await beside.getByRole('textbox').count(), 0)
      assert.equal(asked(house, /observe/).length, 0)
    },
    (h) => (whispered(h), (h.interactions.find((i) => i.id === '101')!.state = 'wrap_up')),
  ))

test('a line beside a chat that is lost on its way stays until it is there', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      const beside = page.getByRole('region', { name: 'Vid sidan om' })
      const lines = beside.getByRole('log')
      await page.route('**/side-chat', (route) => (route.request().method() === 'POST' ? route.abort() : route.fallback()))
      for (const text of ['Först', 'Sedan']) {
        await beside.getByRole('textbox').fill(text)
        await page.keyboard.press('Enter')
        await beside.getByRole('alert').filter({ hasText: text }).waitFor()
      }
      await page.unroute('**/side-chat')
      await beside.getByRole('alert').filter({ hasText: 'Först' }).getByRole('button').click()
      await lines.getByText('Först').waitFor()
      await beside.getByRole('alert').filter({ hasText: 'Sedan' }).getByRole('button').click()
      await lines.getByText('Sedan').waitFor()
      await fact('nothing is left', async () => (await beside.getByRole('alert').count()) === 0)
      const said = asked(house, /101\/side-chat/).filter((r) => r.method === 'POST')
      assert.deepEqual(said.map((r) => r.body.text), ['Först', 'Sedan'])
    },
    whispered,
  ))

test('a supervisor who opens a colleague’s chat looks on, whispers, and leaves', () =>
  desk(
    '/chat/301',
    async ({ page, house }) => {
      await page.getByText('Du följer chatten hos Erik Sjöberg').waitFor()
      await page.getByText('Erik Sjöberg ser att du följer').waitFor()
      assert.equal(await page.getByRole('textbox', { name: 'Svar' }).count(), 0)
      assert.equal(await page.getByPlaceholder(/avslutad/).count(), 0)
      await page.getByRole('textbox', { name: 'Viska till Erik Sjöberg' }).fill('Erbjud rabatt')
      await page.keyboard.press('Enter')
      await page.getByRole('log', { name: 'Vid sidan om' }).getByText('Erbjud rabatt').waitFor()
      assert.equal(asked(house, /301\/(messages|notes)/).length, 0)
      await page.getByRole('tab', { name: /Status/ }).click()
      await fact('the supervisor has left', () => house.requests.some((r) => r.method === 'DELETE' && /301\/observe/.test(r.path)))
    },
    observed,
  ))

test('an agent who only reads a colleague’s chat looks on at nothing, is told so, and may read it again', () =>
  desk(
    '/chat/301',
    async ({ page, house }) => {
      await page.getByText('Var är mitt paket?').first().waitFor()
      assert.equal(asked(house, /observe/).length, 0)
      await page.getByText('Erik Sjöberg har chatten. Du ser den som den var när du öppnade den.').waitFor()
      assert.deepEqual(await faults(page), [])
      house.entries['8301']!.push({ ...house.entries['8301']![0]!, pos: 2, text: 'Hallå?' })
      await page.getByRole('button', { name: 'Läs på nytt' }).click()
      await page.getByText('Hallå?').waitFor()
    },
    (h) => (observed(h), (h.role = 'agent')),
  ))

test('six chats side by side: keys, unread, a draft in each', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      await page.getByRole('link', { name: 'Chattar sida vid sida' }).click()
      const cells = page.locator('.grid-cell')
      await cells.nth(5).getByText('Hej, jag heter Eva Modig.').waitFor()
      const fields = page.getByRole('textbox', { name: 'Svar' })
      assert.equal(await fields.count(), 6)
      const names = page.getByRole('group', { name: 'Chattar sida vid sida' }).getByRole('button')
      await names.nth(5).getByText('3 olästa').waitFor({ state: 'attached' })
      assert.equal(asked(house, /8331\/seen/).length, 0)

      await page.keyboard.press('Alt+Digit6')
      await fact('the sixth is written in', () => fields.nth(5).evaluate((f) => f === document.activeElement))
      await names.nth(5).getByText('3 olästa').waitFor({ state: 'detached' })
      await fact('it is read', () => asked(house, /8331\/seen/).length > 0)
      await page.keyboard.type('Hej Eva, ')
      await page.keyboard.press('Alt+Digit3')
      await page.keyboard.type('Hej Bo')
      await page.keyboard.press('Control+Enter')
      await cells.nth(2).getByText('Hej Bo', { exact: true }).waitFor()
      assert.deepEqual(asked(house, /messages$/).map((r) => r.path), ['/interactions/301/messages'])
      assert.equal(await fields.nth(5).inputValue(), 'Hej Eva, ')

      house.say({ conversation: '8321', pos: 2, kind: 'message', channel: 'chat', author: { kind: 'customer', name: 'Dan Åberg', id: '12' }, text: 'Är du där?', at: new Date().toISOString() })
      await cells.nth(4).getByText('Är du där?').waitFor()
      await names.nth(4).getByText('3 olästa').waitFor({ state: 'attached' })

      await page.keyboard.press('Alt+Digit1') // single keys go to the one that is worked in
      await page.locator('h1').first().evaluate(() => (document.activeElement as HTMLElement).blur())
      await page.keyboard.press('KeyE')
      await fact('the first was ended, and it alone', () => asked(house, /\/end$/).map((r) => r.path).join() === '/interactions/101/end')
      await page.reload()
      await fact('the draft is kept', async () => (await cells.nth(5).getByRole('textbox', { name: 'Svar' }).inputValue()) === 'Hej Eva, ')
    },
    sixChats,
  ))

test('on a narrow page one of them shows, and the names lead to the others', async () => {
  const d = await sit('/chats', { width: 390, height: 844 }, sixChats)
  try {
    await d.page.getByText('Okej, då väntar jag').first().waitFor({ state: 'attached' })
    await fact('one shows', async () => (await d.page.locator('.grid-cell:visible').count()) === 1)
    await d.page.getByRole('button', { name: /Bo Lund/ }).click()
    await d.page.locator('.grid-cell:visible').getByText('Hej, jag heter Bo Lund.').waitFor()
    assert.deepEqual(await faults(d.page), [])
  } finally {
    await d.close()
  }
})
