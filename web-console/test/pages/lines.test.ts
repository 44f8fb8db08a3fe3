// Two lines: a colleague is asked, joined, given the customer; by mouse and by key.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults, stopBrowser } from './browser'

after(stopBrowser)

const talking = { ...sample.call, phase: 'talking' as const, actions: undefined }
const inCall = (h: House) => (h.interactions.push(structuredClone(talking)), (h.lines = structuredClone(sample.lines)))

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

test('work that gave way says that it goes on by itself', () =>
  desk('/email/106', async ({ page }) => {
    await page.getByText('Det gav plats åt något som inte kan vänta').waitFor()
    await page.getByRole('heading', { name: 'Parkerat' }).waitFor()
  }))
