// The designer of widgets: what is changed is shown at once by the widget itself, in a frame that may do nothing else.

import assert from 'node:assert/strict'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

const administrator = (h: House) => void (h.role = 'administrator')

test('a widget is designed: the preview is the real one and follows what is not saved', () =>
  desk(
    '/settings/widgets/1',
    async ({ page, house, errors }) => {
      const frame = page.frameLocator('iframe[title="Förhandsvisning"]')
      await frame.getByRole('dialog', { name: 'Chatta med Butiken' }).waitFor()
      assert.equal(await frame.locator('body').evaluate(() => origin), 'null')

      await page.getByLabel('Hälsning, Svenska').fill('Hej och välkommen!')
      await frame.getByText('Hej och välkommen!').waitFor()
      assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'INPUT', 'the preview leaves the focus where one writes')
      await page.getByRole('switch', { name: 'Egen färg' }).press('Space')
      await page.getByLabel('Färg', { exact: true }).fill('#0b6e4f')
      const button = frame.getByRole('button', { name: /Chatta med oss/ })
      await fact('it has the colour', async () => (await button.evaluate((e) => getComputedStyle(e).backgroundColor)) === 'rgb(11, 110, 79)')

      await page.getByRole('button', { name: 'Ny fråga' }).click()
      await page.getByLabel('Fråga 1: fråga, Svenska').fill('Ordernummer')
      await page.getByRole('switch', { name: 'Fråga 1: måste besvaras' }).press('Space')
      await page.getByRole('button', { name: 'Ny fråga' }).click()
      await page.getByLabel('Fråga 2: fråga, Svenska').fill('Storlek')
      await page.getByLabel('Fråga 2: sort').selectOption('choice')
      await page.getByLabel('Fråga 2: val, med komma emellan').fill('S, M, L')
      await frame.getByRole('combobox', { name: /Storlek/ }).locator('option', { hasText: 'L' }).waitFor({ state: 'attached' })
      await page.getByRole('button', { name: 'Flytta upp Fråga 2' }).click()
      await fact('the order is that of the form', async () => (await frame.locator('form label.label').allInnerTexts()).join('|').match(/Storlek.*Ordernummer/s) !== null)

      await frame.getByLabel('Vad gäller det?').fill('Var är min jacka?')
      await frame.getByLabel('E-post').fill('anna@kund.example')
      await frame.getByLabel('Ordernummer').fill('991')
      await button.click()
      await frame.getByText('Din plats i kön', { exact: true }).waitFor()
      assert.equal(asked(house, /./).filter((r) => /admin/.test(r.path)).length, 0, 'nothing is sent before it is saved')

      await page.getByText('Stängt', { exact: true }).click()
      await frame.getByText('Vi har stängt just nu').waitFor()
      assert.deepEqual(await faults(page), [])

      await page.getByRole('button', { name: 'Spara', exact: true }).click()
      await fact('it is saved', () => asked(house, /admin\/widgets\/1/).length === 1)
      const body = asked(house, /admin\/widgets\/1/)[0]!.body as { form: { fields: { label: object; kind: string; required?: boolean; options?: string[] }[] } }
      assert.deepEqual(Object.keys(body).sort(), ['color', 'form', 'texts'])
      assert.deepEqual(body.form.fields.map((f) => [f.label, f.kind, f.required ?? false, f.options]), [
        [{ sv: 'Storlek' }, 'choice', false, ['S', 'M', 'L']],
        [{ sv: 'Ordernummer' }, 'text', true, undefined],
      ])
      assert.deepEqual(errors, [])
    },
    administrator,
  ))

test('invitations are in the tag, which is copied, and a secret is shown once', () =>
  desk(
    '/settings/widgets/1',
    async ({ page, house }) => {
      const tag = page.getByRole('textbox', { name: 'Tagg för webbsidan' })
      assert.match(await tag.inputValue(), /^<script async src="http:\/\/127\.0\.0\.1:\d+\/w\/v1\.js" data-key="nordvind-butik"><\/script>$/)
      await page.getByRole('button', { name: 'Ny inbjudan' }).click()
      await page.getByLabel('Inbjudan 1: text, Svenska').fill('Behöver du hjälp?')
      await page.getByLabel('Inbjudan 1: adress').fill('https://nordvind.example/kassa*')
      await page.getByLabel('Plats', { exact: true }).selectOption('left')
      assert.match(await tag.inputValue(), / data-position="left" data-invite>/)
      await page.keyboard.press('Control+KeyS')
      await fact('it is saved', () => asked(house, /admin\/widgets\/1/).length === 1)
      assert.deepEqual(asked(house, /admin\/widgets\/1/)[0]!.body, { invites: [{ id: 'a1', text: { sv: 'Behöver du hjälp?' }, after: 20, url: 'https://nordvind.example/kassa*' }] })

      await page.getByRole('button', { name: 'Ny hemlighet', exact: true }).click()
      await page.getByRole('dialog').getByText('5ec2e75ec2e7').waitFor()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('dialog').getByRole('button', { name: 'Stäng' }).click()
      await page.getByText('En hemlighet finns').waitFor()
      assert.equal(await page.getByText('5ec2e75ec2e7').count(), 0)
    },
    administrator,
  ))

test('a widget speaks the languages that it is given, and is shown in each, Arabic from right to left', () =>
  desk(
    '/settings/widgets/1',
    async ({ page, house, errors }) => {
      const frame = page.frameLocator('iframe[title="Förhandsvisning"]')
      await frame.getByLabel('Vad gäller det?').waitFor()
      for (const name of ['Tyska', 'Arabiska']) await page.getByRole('switch', { name }).press('Space')
      await page.getByLabel('Hälsning, Tyska').fill('Herzlich willkommen!')
      await page.getByRole('combobox', { name: 'Språk' }).selectOption('de')
      await frame.getByText('Herzlich willkommen!').waitFor()
      await frame.getByLabel('Worum geht es?').waitFor()
      await page.getByRole('combobox', { name: 'Språk' }).selectOption('ar')
      const window = frame.getByRole('dialog')
      await frame.getByLabel('ما موضوع سؤالك؟').waitFor()
      assert.equal(await window.evaluate((e) => getComputedStyle(e).direction), 'rtl')
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: 'Spara', exact: true }).click()
      await fact('it is saved', () => asked(house, /admin\/widgets\/1/).length === 1)
      assert.deepEqual(asked(house, /admin\/widgets\/1/)[0]!.body, { languages: ['sv', 'en', 'de', 'ar'], texts: { de: { greeting: 'Herzlich willkommen!' } } })
      assert.deepEqual(errors, [])
    },
    administrator,
  ))

test('a bot answers in all queues or in some, and the designer says which before it is saved', () =>
  desk(
    '/settings/widgets/1',
    async ({ page, house, errors }) => {
      const part = page.getByRole('group', { name: 'Köer där den svarar' })
      await part.getByText('Sparas: ingen bot').waitFor()
      await page.getByLabel('Dess adress').fill('https://bot.nordvind.example/chatt')
      await part.getByText('Sparas: den svarar på alla chattar').waitFor()
      const all = part.getByRole('switch', { name: 'Alla köer' })
      assert.ok(await all.isChecked())
      await part.getByRole('switch', { name: house.queues[1]!.name }).press('Space')
      await part.getByRole('switch', { name: house.queues[0]!.name }).press('Space')
      await part.getByText(`Sparas: den svarar bara på chattar till ${house.queues[0]!.name} och ${house.queues[1]!.name}`).waitFor()
      assert.ok(!(await all.isChecked()))
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: 'Spara', exact: true }).click()
      await fact('it is saved', () => asked(house, /admin\/widgets\/1/).length === 1)
      assert.deepEqual(asked(house, /admin\/widgets\/1/)[0]!.body, { bot: { url: 'https://bot.nordvind.example/chatt', queues: [house.queues[1]!.id, house.queues[0]!.id] } })

      await all.press('Space')
      await part.getByText('Sparas: den svarar på alla chattar').waitFor()
      await page.keyboard.press('Control+KeyS')
      await fact('it is saved again', () => asked(house, /admin\/widgets\/1/).length === 2)
      assert.deepEqual(asked(house, /admin\/widgets\/1/)[1]!.body, { bot: { url: 'https://bot.nordvind.example/chatt' } })
      assert.deepEqual(errors, [])
    },
    administrator,
  ))
