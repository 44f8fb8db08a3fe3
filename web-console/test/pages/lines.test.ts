// Two lines: a colleague is asked, joined, given the customer; by mouse and by key.

import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

const inCall = (h: House) => (h.interactions.push(structuredClone(sample.call)), (h.lines = structuredClone(sample.lines)))

test('line 2: a colleague is asked from the directory, answers, and gets the customer', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      const side = page.getByRole('complementary', { name: 'Katalog' })
      await side.getByRole('button', { name: /^Nils Ek/ }).click()
      await side.getByRole('button', { name: 'Ring linje 2' }).click()
      const second = page.getByRole('article', { name: 'Linje 2' })
      await second.getByText('Ringer').waitFor()
      await page.getByRole('article', { name: 'Linje 1' }).getByText('Parkerad').waitFor()
      assert.deepEqual(asked(house, /108\/consult/)[0]?.body, { to_agent: '3' })
      house.answered('108')
      await second.getByText('Talar').waitFor()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: /Vidarekoppla linjer.*Anna Andersson talar med Nils Ek, du lämnar/ }).click()
      await fact('the lines are connected', () => asked(house, /108\/transfer-lines/).length === 1)
      await page.getByRole('complementary', { name: 'Efterbearbetning' }).waitFor()
      await page.getByRole('option', { name: 'Skadad vara' }).click()
      await page.getByRole('option', { name: 'Skickad vidare' }).click()
      await page.getByRole('button', { name: 'Avsluta efterbearbetning' }).click()
      await fact('my part is finished', () => asked(house, /108\/finish/).length === 1)
      await page.getByRole('complementary', { name: 'Katalog' }).waitFor()
    },
    inCall,
  ))

test('line 2 by keys alone: transfer dialog, ask first, join, drop', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      await page.getByRole('article', { name: 'Linje 1' }).getByRole('button', { name: 'Överför' }).focus()
      await page.keyboard.press('Enter')
      await page.keyboard.type('erik')
      await page.getByRole('dialog').getByRole('button', { name: /^Erik Sjöberg/ }).focus()
      await page.keyboard.press('Space')
      await page.getByRole('button', { name: 'Fråga först' }).focus()
      await page.keyboard.press('Enter')
      await page.getByText('Erik Sjöberg är upptagen.').waitFor()
      await page.getByRole('button', { name: 'Stör ändå' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      assert.equal(asked(house, /108\/consult/)[1]?.body.even_if_busy, true)
      house.answered('108')
      await page.getByRole('article', { name: 'Linje 2' }).getByText('Talar').waitFor()
      await page.keyboard.press('Control+Alt+KeyJ')
      await fact('the lines are joined', () => asked(house, /108\/join-lines/).length === 1)
      const drop = page.getByRole('button', { name: 'Koppla bort Erik Sjöberg' })
      await drop.focus()
      await page.keyboard.press('Enter')
      await fact('the colleague is gone', () => asked(house, /108\/drop-line/).length === 1)
      await page.getByRole('article', { name: 'Linje 2' }).waitFor({ state: 'detached' })
    },
    inCall,
  ))

test('line 2 outside: a number is called, its line changed to and fro, and it gets the customer', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      const side = page.getByRole('complementary', { name: 'Katalog' })
      await side.getByRole('searchbox').or(side.getByRole('textbox')).fill('070-111 22 33')
      await side.getByRole('button', { name: /46 70 111 22 33/ }).click()
      await side.getByRole('button', { name: 'Ring linje 2' }).click()
      const [first, second] = [page.getByRole('article', { name: 'Linje 1' }), page.getByRole('article', { name: 'Linje 2' })]
      await second.getByText('Ringer').waitFor()
      assert.deepEqual(asked(house, /108\/consult/)[0]?.body, { to_number: '+46701112233' })
      assert.equal(await page.getByRole('button', { name: /Vidarekoppla linjer/ }).count(), 0, 'nobody has answered there')
      assert.equal(await first.getByRole('button', { name: 'Återuppta' }).count(), 0)
      house.answered('108')
      await second.getByText('Talar').waitFor()
      await second.getByText('Linje 2 · utanför').waitFor()
      assert.deepEqual(await faults(page), [])
      await first.getByRole('button', { name: 'Återuppta' }).click()
      await first.getByText('Talar').waitFor()
      await second.getByText('Parkerad').waitFor()
      await page.keyboard.press('Control+Alt+KeyL')
      await second.getByText('Talar').waitFor()
      assert.deepEqual(asked(house, /108\/swap-lines/).map((r) => r.body.line), [1, 2])
      await page.getByRole('button', { name: /Anna Andersson talar med \+46 70 111 22 33, du lämnar/ }).click()
      await fact('the lines are connected', () => asked(house, /108\/transfer-lines/).length === 1)
      await page.getByRole('complementary', { name: 'Efterbearbetning' }).waitFor()
    },
    inCall,
  ))

test('line 2 outside by keys alone: the phone field calls it, joined, dropped; what may not be called is said', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      await page.getByRole('article', { name: 'Linje 1' }).waitFor()
      await page.getByLabel('Ring', { exact: true }).focus()
      await page.keyboard.type('+1900555555')
      await page.keyboard.press('Enter')
      await page.getByText('Det numret får inte ringas').waitFor()
      await page.keyboard.press('Control+KeyA')
      await page.keyboard.type('0701112233')
      await page.keyboard.press('Enter')
      const second = page.getByRole('article', { name: 'Linje 2' })
      await second.getByText('Ringer').waitFor()
      house.answered('108')
      await second.getByText('Talar').waitFor()
      await page.keyboard.press('Control+Alt+KeyJ')
      await fact('the lines are joined', () => asked(house, /108\/join-lines/).length === 1)
      await second.getByRole('button', { name: 'Koppla bort +46 70 111 22 33' }).focus()
      await page.keyboard.press('Enter')
      await second.waitFor({ state: 'detached' })
      assert.equal(asked(house, /calls$/).length, 0, 'no call was begun')
    },
    inCall,
  ))

test('a customer is sent to a number outside without talking first; a chat is not', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      await page.getByRole('article', { name: 'Linje 1' }).getByRole('button', { name: 'Överför' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('textbox', { name: 'Sök operatör, kö, nummer' }).fill('0701112233')
      await dialog.getByRole('button', { name: /46 70 111 22 33/ }).click()
      await dialog.getByText('kan kunden lämna ett röstmeddelande').waitFor()
      assert.deepEqual(await faults(page), [])
      await dialog.getByRole('button', { name: 'Överför till +46 70 111 22 33' }).click()
      await fact('it is sent there', () => asked(house, /108\/transfer$/)[0]?.body.to_number === '+46701112233')
      await page.getByRole('complementary', { name: 'Efterbearbetning' }).waitFor()
      await page.goto(new URL('/chat/101', page.url()).href)
      await page.getByRole('button', { name: 'Överför' }).click()
      await dialog.getByRole('textbox', { name: 'Sök operatör eller kö' }).fill('0701112233')
      await dialog.getByText('Ingen heter så').waitFor()
    },
    inCall,
  ))

test('a conference of a colleague and somebody outside: each has a line, and each can be dropped', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      const [erik, out] = [page.getByRole('article', { name: 'Erik Sjöberg' }), page.getByRole('article', { name: '+46 70 111 22 33' })]
      await erik.getByText('Talar').waitFor()
      await out.getByText('Talar').waitFor()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: /Anna Andersson talar med Erik Sjöberg, du lämnar/ }).waitFor()
      await out.getByRole('button', { name: 'Koppla bort +46 70 111 22 33' }).click()
      await out.waitFor({ state: 'detached' })
      assert.deepEqual(asked(house, /108\/drop-line/)[0]?.body, { outside: true })
      await erik.getByRole('button', { name: 'Koppla bort Erik Sjöberg' }).focus()
      await page.keyboard.press('Enter')
      await erik.waitFor({ state: 'detached' })
      assert.deepEqual(asked(house, /108\/drop-line/)[1]?.body, { colleague: '2' })
    },
    (h) => {
      h.interactions.push({ ...structuredClone(sample.call), phase: 'conference', outside: true, others: ['2'], colleagues: [{ id: '2', name: 'Erik Sjöberg' }] })
      h.lines = [...structuredClone(sample.lines), { no: 2, interaction: '108', state: 'talking', number: '+46701112233', outside: true }]
    },
  ))

test('in a conference one more colleague can be asked, and nothing be given away but the lines', () =>
  desk('/chat/101', async ({ page, house }) => {
    const i = house.interactions.find((x) => x.id === '101')!
    house.put({ ...i, rev: 20, phase: 'conference', others: ['2'], colleagues: [{ id: '2', name: 'Erik Sjöberg' }], actions: ['message', 'note', 'article', 'reply', 'end', 'consult', 'transfer_lines', 'drop_line'] })
    await page.getByRole('button', { name: 'Fråga någon mer' }).click()
    const dialog = page.getByRole('dialog', { name: 'Fråga någon mer' })
    await dialog.getByRole('button', { name: /^Nils Ek/ }).click()
    assert.equal(await dialog.getByRole('button', { name: /Överför till/ }).count(), 0)
    assert.deepEqual(await faults(page), [])
    await dialog.getByRole('button', { name: 'Fråga Nils Ek' }).click()
    await fact('one more is asked', () => asked(house, /101\/consult/)[0]?.body.to_agent === '3')
  }))

test('a wrap-up is extended where the server lets it, and only there', () =>
  desk(
    '/email/107',
    async ({ page, house }) => {
      await page.getByRole('button', { name: 'Förläng 1 min' }).waitFor()
      house.put({ ...house.interactions.find((x) => x.id === '107')!, rev: 20, actions: ['note', 'finish'] })
      await page.getByRole('button', { name: 'Förläng 1 min' }).waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Avsluta efterbearbetning' }).waitFor()
    },
    (h) => h.interactions.push(structuredClone(sample.wrapUp)),
  ))

test('keys go to the customer’s side of the call, pressed or typed', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      await page.getByRole('button', { name: 'Toner' }).click()
      await page.getByRole('group', { name: 'Toner' }).getByRole('button', { name: '5' }).click()
      await page.keyboard.type('#')
      await page.getByText('Sänt: 5#').waitFor()
      assert.deepEqual(asked(house, /108\/keys/).map((r) => r.body.keys), ['5', '#'])
      assert.deepEqual(await faults(page), [])
    },
    inCall,
  ))

test('a question that nobody answers says so; one that is asked sees who has the customer', () =>
  desk('/chat/101', async ({ page, house }) => {
    const i = house.interactions.find((x) => x.id === '101')!
    house.put({ ...i, rev: 20, asked: { agent: '3', name: 'Nils Ek', kind: 'consult', expires_at: sample.ahead(0), outcome: 'missed' } })
    await page.getByText('Nils Ek svarade inte').waitFor()
    house.put({ ...i, rev: 21, phase: 'consult', agent: '2', agent_name: 'Erik Sjöberg', others: ['1'], colleagues: [{ id: '1', name: 'Alva Karlsson' }], asked: undefined })
    await page.getByText('Erik Sjöberg frågar dig').waitFor()
    await page.getByRole('button', { name: 'Lämna' }).click()
    await fact('it is left', () => asked(house, /101\/drop-line/).length === 1)
  }))

test('declining asks why where there is a list, by mouse and by key', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      house.offer({ ...sample.offer(300, 290), channel: 'chat', interaction: '110' })
      await page.getByRole('button', { name: 'Avvisa' }).click()
      await page.getByRole('searchbox', { name: 'Sök skäl' }).waitFor()
      await page.getByRole('menuitem', { name: 'Fel språk' }).click()
      await fact('it was declined with its reason', () => asked(house, /110\/1\/decline/)[0]?.body.code === 'language')
      house.offer({ ...sample.offer(300, 290), channel: 'chat', interaction: '111' })
      await page.getByRole('alertdialog').waitFor()
      await page.keyboard.press('Control+Alt+KeyD')
      await page.getByRole('menuitem', { name: 'Fel språk' }).waitFor()
      assert.deepEqual(await faults(page), [])
      await page.keyboard.type('pau')
      await page.keyboard.press('Enter')
      await fact('it was declined by key', () => asked(house, /111\/1\/decline/)[0]?.body.code === 'pause')
    },
    (h) => (h.statusCodes.decline = [{ id: 'language', name: 'Fel språk' }, { id: 'pause', name: 'Behöver paus' }]),
  ))

test('a locked break says who can end it; the status that follows is told', () =>
  desk(
    '/status',
    async ({ page, house }) => {
      await page.getByRole('button', { name: 'Bli tillgänglig' }).click()
      await page.getByText('Rasten är låst').waitFor()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('status').getByRole('button', { name: 'Stäng' }).click()
      await page.getByText('Rasten är låst').waitFor({ state: 'detached' })
      house.presence = { ...house.presence, intent: 'available', status: 'busy', next: 'on_break', next_code: 'lunch', rev: 99 }
      house.tell('agent.status', house.presence)
      await page.getByText('Sedan: Rast · Lunch').waitFor()
    },
    (h) => ((h.breakLocked = true), (h.presence = { ...h.presence, intent: 'on_break', status: 'on_break', status_code: 'lunch', units: 0, holds: [] })),
  ))

test('work that gave way says that it goes on by itself, and is taken up by hand', () =>
  desk('/email/106', async ({ page, house }) => {
    await page.getByText('Det gav plats åt något som inte kan vänta').waitFor()
    await page.getByRole('heading', { name: 'Parkerat' }).waitFor()
    await page.getByRole('button', { name: 'Återuppta' }).click()
    await fact('it is taken up', () => asked(house, /106\/resume/).length === 1)
    await page.getByText('Det gav plats åt något som inte kan vänta').waitFor({ state: 'detached' })
  }))

test('a voicemail is called back from its thread, and is a call from then on', () =>
  desk('/chat/104', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Ring upp' }).click()
    await fact('it is called back', () => asked(house, /104\/call-back/).length === 1)
    await page.getByRole('heading', { name: 'Ringer' }).waitFor()
    assert.deepEqual(await faults(page), [])
  }))

test('why somebody outside does not answer on line 2 is said', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      house.lines = [house.lines[0]!, { no: 2, state: 'failed', interaction: '108', outside: true, number: '+46701112233', failure: 'busy' }]
      house.put({ ...house.interactions.find((i) => i.id === '108')!, rev: 30 })
      await page.getByText(/är upptaget$/).first().waitFor()
    },
    inCall,
  ))

test('when the customer hangs up, the colleague who is left is who I talk to', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      const i = house.interactions.find((x) => x.id === '108')!
      house.put({ ...i, rev: 30, phase: 'colleagues', ended_at: sample.ahead(0), others: ['3'], colleagues: [{ id: '3', name: 'Nils Ek' }], actions: ['note', 'end', 'drop_line'] })
      await page.getByRole('heading', { name: 'Du talar med Nils Ek' }).waitFor()
      await page.getByRole('article', { name: 'Linje 1' }).waitFor({ state: 'detached' })
      assert.deepEqual(await faults(page), [])
    },
    inCall,
  ))

test('a call that has ended is on no line, though the telephone has not said so yet', () =>
  desk(
    '/phone',
    async ({ page, house }) => {
      await page.getByRole('article', { name: 'Linje 1' }).waitFor()
      house.put({ ...house.interactions.find((x) => x.id === '108')!, rev: 30, state: 'wrap_up', phase: undefined, ended_at: sample.ahead(0), wrap_up_until: sample.ahead(30) })
      await page.getByRole('complementary', { name: 'Efterbearbetning' }).waitFor()
      assert.equal(await page.getByRole('heading', { name: /^Du talar med/ }).count(), 0)
      assert.equal(await page.getByRole('article', { name: 'Linje 1' }).count(), 0)
    },
    inCall,
  ))
