// What goes between a chat's customer and its agent besides words: files, the score, the chat by mail.

import assert from 'node:assert/strict'
import { ago } from '../fixture/data'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

const given = (h: Parameters<typeof asked>[0]) => asked(h, /101\/files/).map((r) => (r.body.file as { name: string }).name)

test('files are picked, pasted and dropped: each is stored, then given, in order and once', () =>
  desk('/chat/101', async ({ page, house }) => {
    const field = page.getByRole('textbox', { name: 'Svar' })
    await field.waitFor()
    const file = (name: string) => ({ name, mimeType: 'image/png', buffer: Buffer.from(name) })
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Bifoga fil' }).click()
    await (await chooser).setFiles([file('kvitto.png'), file('söm.png')])
    await fact('both are given', () => given(house).length === 2)
    await field.evaluate((e) => {
      const data = new DataTransfer()
      data.items.add(new File(['x'], 'skärm.png', { type: 'image/png' }))
      e.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await fact('the pasted one is given', () => given(house).length === 3)
    await page.locator('.thread').evaluate((e) => {
      const data = new DataTransfer()
      data.items.add(new File(['x'], 'karta.png', { type: 'image/png' }))
      e.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    })
    await fact('the dropped one is given', () => given(house).length === 4)
    assert.deepEqual(given(house), ['kvitto.png', 'söm.png', 'skärm.png', 'karta.png'])
    assert.equal(asked(house, /attachments/).length, 4)
    await page.getByRole('log').getByRole('link', { name: /karta\.png/ }).waitFor()
    assert.equal(await field.inputValue(), '')
    assert.deepEqual(await faults(page), [])
  }))

test('a file that is not stored stays, says why, and goes when it is tried again', () =>
  desk('/chat/101', async ({ page, house }) => {
    house.broken.add('/attachments')
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Bifoga fil' }).click()
    await (await chooser).setFiles({ name: 'kvitto.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') })
    const waiting = page.getByRole('group', { name: 'Filer på väg till kunden' })
    await waiting.getByRole('alert').waitFor()
    assert.deepEqual(await faults(page), [])
    assert.equal(given(house).length, 0)
    house.broken.clear()
    await waiting.getByRole('button', { name: 'Försök igen' }).click()
    await fact('it is given', () => given(house).length === 1)
    await waiting.waitFor({ state: 'detached' })
  }))

test('the score and the mailed chat stand in the thread, and scores in the figures', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      const event = (pos: number, what: string, text: string, score?: number) =>
        house.say({ conversation: '8101', pos, kind: 'event', channel: 'chat', author: { kind: 'customer', name: 'Anna Andersson' }, text, at: ago(0), body: { what, score } })
      await fact('the console is connected', () => house.consoles === 1)
      const last = house.entries['8101']!.at(-1)!.pos
      event(last + 1, 'rated', '★★★★☆ Snabbt svar', 4)
      event(last + 2, 'transcript', 'Chatten skickas som mejl')
      await page.getByText('Kunden gav betyget 4 av 5').waitFor()
      await page.getByText('Snabbt svar').waitFor()
      await page.getByText('Chatten skickades till kunden som mejl').waitFor()
      await page.goto(new URL('/analysis', page.url()).href)
      await page.getByRole('cell', { name: '4,3 (12 svar)' }).waitFor()
    },
  ))
