// A house that wants a reason for every status: none of the ways to change one may lock its agents in.

import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact } from './browser'
import { test } from './test'

const reasons = { available: [{ id: 'rested', name: 'Utvilad' }], working_offline: [{ id: 'paperwork', name: 'Pappersarbete' }], on_break: [{ id: 'lunch', name: 'Lunch' }], logged_out: [{ id: 'shift_over', name: 'Passet slut' }] }

const strict = (status: House['presence']['status'], more = {}) => (h: House) => {
  h.statusCodes = reasons
  h.presence = { ...h.presence, status, intent: status === 'busy' || status === 'wrap_up' ? 'available' : status === 'offered' ? 'available' : status, status_code: undefined, ...more }
}

const told = (h: House, status: string, code: string) => asked(h, /me\/status/).some((r) => r.body.status === status && r.body.code === code)

test('logging out asks for its reason', () =>
  desk('/chat', async ({ page, house }) => {
    await page.getByRole('button', { name: /Välj status/ }).click()
    await page.getByRole('menuitem', { name: 'Logga ut' }).click()
    await page.getByRole('menuitem', { name: 'Passet slut' }).click()
    await fact('it is asked for with its reason', () => told(house, 'logged_out', 'shift_over'))
  }, strict('working_offline', { units: 0, holds: [] })))

test('logging out may be said in the wrap-up, and the console stays until it is over', () =>
  desk('/email/107', async ({ page, house }) => {
    await page.getByRole('button', { name: /Välj status/ }).click()
    await page.getByRole('menuitem', { name: 'Logga ut' }).click()
    await page.getByRole('menuitem', { name: 'Passet slut' }).click()
    await fact('it is asked for', () => told(house, 'logged_out', 'shift_over'))
    await page.getByText('Sedan: Utloggad · Passet slut').waitFor()
  }, (h) => (strict('wrap_up', { holds: ['107'] })(h), (h.interactions = [structuredClone(sample.wrapUp)]))))

test('the strip of a missed offer asks for the reason of being available', () =>
  desk('/chat', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Bli tillgänglig' }).click()
    await page.getByRole('menuitem', { name: 'Utvilad' }).click()
    await fact('it is asked for', () => told(house, 'available', 'rested'))
  }, strict('on_break', { status_code: 'missed', units: 0, holds: [] })))

test('new work is stopped, and let in again, each with its reason', () =>
  desk('/chat/101', async ({ page, house }) => {
    for (const [status, id, name] of [['working_offline', 'paperwork', 'Pappersarbete'], ['available', 'rested', 'Utvilad']] as const) {
      await page.getByRole('button', { name: 'Stoppa nya' }).click()
      await page.getByRole('menuitem', { name }).click()
      await fact(`${status} is asked for`, () => told(house, status, id))
    }
    await page.getByText('Sedan: Arbeta offline').waitFor({ state: 'detached' })
  }, strict('busy')))

test('the palette offers a status with each of its reasons', () =>
  desk('/chat', async ({ page, house }) => {
    await page.keyboard.press('Control+KeyK')
    await page.getByRole('dialog').getByRole('searchbox').fill('rast')
    await page.getByRole('menuitem', { name: /Rast · Lunch/ }).click()
    await fact('it is asked for', () => told(house, 'on_break', 'lunch'))
  }, strict('available', { units: 0, holds: [] })))

test('a supervisor is asked for the reasons of whom they set a status for', () =>
  desk('/status', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Åtgärder för Nils Ek' }).click()
    await page.getByRole('menuitem', { name: /Sätt status/ }).click()
    await page.getByRole('menuitem', { name: 'Rast' }).click()
    await page.getByRole('menuitem', { name: 'Tandläkare' }).click()
    await fact('it is set', () => asked(house, /agents\/\d+\/status/).some((r) => r.body.status === 'on_break' && r.body.code === 'dentist'))
    assert.equal(await page.getByRole('menuitem', { name: 'Lunch' }).count(), 0)
  }, (h) => ((h.statusCodes = reasons), (h.theirCodes = { on_break: [{ id: 'dentist', name: 'Tandläkare' }] }))))

test('a supervisor logs somebody out with the reason', () =>
  desk('/status', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Åtgärder för Nils Ek' }).click()
    await page.getByRole('menuitem', { name: /Logga ut/ }).first().click()
    await page.getByRole('menuitem', { name: 'Passet slut' }).click()
    await fact('it is asked for', () => asked(house, /agents\/\d+\/status/).some((r) => r.body.status === 'logged_out' && r.body.code === 'shift_over'))
  }, (h) => (h.statusCodes = reasons)))
