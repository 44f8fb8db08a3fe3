// A mail with its looks: written by keyboard alone, pasted, with pictures, as plain text, kept, and gone on with.

import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import * as sample from '../fixture/data'
import { asked, desk, fact, faults, fits, sit, written } from './browser'
import { test } from './test'

const answer = (page: Page) => page.getByRole('textbox', { name: 'Svar' })

/** Pastes, as a browser does. */
const paste = (page: Page, data: Record<string, string>, file?: { name: string; type: string; base64: string }) =>
  answer(page).evaluate(
    (e, [data, file]) => {
      const clipboardData = new DataTransfer()
      for (const [type, value] of Object.entries(data)) clipboardData.setData(type, value)
      if (file) clipboardData.items.add(new File([Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0))], file.name, { type: file.type }))
      e.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    },
    [data, file] as const,
  )
const picture = { name: 'stang.png', type: 'image/png', base64: sample.dot }

test('a mail is written with its looks by keyboard alone, and says the same as plain text', () =>
  desk('/email/103', async ({ page, house, errors }) => {
    await answer(page).focus()
    const { keyboard } = page
    await keyboard.type('Hej ')
    await keyboard.press('Control+b')
    await keyboard.type('Per')
    await keyboard.press('Control+b')
    await keyboard.type('!')
    await keyboard.press('Enter')
    await keyboard.type('- en stång')
    await keyboard.press('Enter')
    await keyboard.press('Tab')
    await keyboard.type('av aluminium')
    await keyboard.press('Enter')
    await keyboard.press('Enter')
    await keyboard.press('Enter')
    await keyboard.type('Läs ')
    await keyboard.press('Control+k')
    await page.getByLabel('Länkens adress').waitFor()
    assert.deepEqual(await faults(page), [])
    await keyboard.type('retur')
    await keyboard.press('Enter')
    await page.getByText('Skriv en adress').waitFor()
    await keyboard.type('.example')
    await keyboard.press('Enter')
    await keyboard.type(' eller https://nordvind.example/faq.')
    assert.deepEqual(await faults(page), [])
    await keyboard.press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    const { text, html } = asked(house, /103\/reply/)[0]!.body
    assert.equal(text, 'Hej Per!\n\n- en stång\n  - av aluminium\n\nLäs https://retur.example eller https://nordvind.example/faq.')
    assert.equal(
      html,
      '<p>Hej <strong>Per</strong>!</p><ul><li>en stång<ul><li>av aluminium</li></ul></li></ul>' +
        '<p>Läs <a href="https://retur.example">https://retur.example</a> eller <a href="https://nordvind.example/faq">https://nordvind.example/faq</a>.</p>',
    )
    await fact('the field is empty', async () => (await written(answer(page))) === '')
    assert.deepEqual(errors, [])
  }))

test('a key acts where the caret was just moved, though the browser has not told of it yet', () =>
  desk('/email/103', async ({ page, house }) => {
    await answer(page).focus()
    await page.keyboard.type('Hej')
    await answer(page).evaluate((e) => {
      getSelection()!.collapse(e.querySelector('p')!.firstChild, 1)
      e.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', keyCode: 13, bubbles: true, cancelable: true }))
    })
    await page.keyboard.press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    assert.equal(asked(house, /103\/reply/)[0]!.body.text, 'H\n\nej')
  }))

test('a mail without looks is sent as it was typed', () =>
  desk('/email/103', async ({ page, house }) => {
    await answer(page).fill('Hej!')
    await page.keyboard.press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    assert.equal(asked(house, /103\/reply/)[0]!.body.html, undefined)
  }))

test('the bar is one stop of the Tab key; it shows what is on', () =>
  desk('/email/103', async ({ page }) => {
    await answer(page).fill('Viktigt')
    await page.keyboard.press('Control+a')
    const bar = page.getByRole('toolbar', { name: 'Formatering' })
    assert.equal(await bar.locator('button[tabindex="0"]').count(), 1)
    await bar.getByRole('button', { name: 'Fet' }).focus()
    await page.keyboard.press('ArrowRight')
    assert.equal(await bar.getByRole('button', { name: 'Kursiv' }).evaluate((e) => e === document.activeElement), true)
    await page.keyboard.press('Enter')
    await bar.getByRole('button', { name: 'Kursiv', pressed: true }).waitFor()
    await answer(page).locator('em').getByText('Viktigt').waitFor()
    await bar.getByRole('button', { name: 'Citat' }).click()
    await answer(page).locator('blockquote').waitFor()
    await bar.getByRole('button', { name: 'Citat', pressed: true }).click()
    await answer(page).locator('blockquote').waitFor({ state: 'detached' })
    await bar.getByRole('button', { name: 'Numrerad lista' }).click()
    await answer(page).locator('ol').waitFor()
    await bar.getByRole('button', { name: 'Punktlista' }).click()
    await answer(page).locator('ul').waitFor()
    assert.equal(await answer(page).locator('ol').count(), 0)
    await page.keyboard.press('Control+z')
    await answer(page).locator('ul').waitFor({ state: 'detached' })
  }))

test('what is pasted is made safe, and a table is read line by line', () =>
  desk('/email/103', async ({ page, house, errors }) => {
    await answer(page).focus()
    await paste(page, {
      'text/plain': 'x',
      'text/html':
        '<style>p { position: fixed }</style><p onclick="alert(1)" style="color:red;position:fixed"><b style="font-weight:normal">Lätt</b> och <span style="font-weight:700">tungt</span></p>' +
        '<p><a href="javascript:alert(1)">fel</a> <a href="https://nordvind.example/retur" target="x">rätt</a></p><img src="https://spion.example/1.png"><img src="data:image/png;base64,AA"><script>alert(1)</script><iframe src="https://a.example"></iframe>' +
        '<table><tr><td>Tält</td><td>20874</td></tr><tr><td>Stång</td><td>20875</td></tr></table>',
    })
    await page.keyboard.press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    assert.equal(
      asked(house, /103\/reply/)[0]!.body.html,
      '<p>Lätt och <strong>tungt</strong></p><p>fel <a href="https://nordvind.example/retur">rätt</a></p><p>Tält &nbsp; 20874</p><p>Stång &nbsp; 20875</p>',
    )
    assert.deepEqual(errors, [])
  }))

test('a picture is pasted into the text, goes along with it, and is seen again after a reload', () =>
  desk('/email/103', async ({ page, house, errors }) => {
    await answer(page).pressSequentially('Så här: ')
    await paste(page, {}, picture)
    await fact('the draft names it', () => house.drafts[0]?.attachments?.length === 1)
    const [kept] = house.drafts
    const { cid, blob } = kept!.attachments![0]!
    assert.ok(kept!.html!.includes(`<img src="cid:${cid}" alt="stang.png"`), kept!.html)
    assert.equal(kept!.text, 'Så här: [stang.png]')
    assert.equal(await page.locator('.composer .att').count(), 0)
    assert.deepEqual(await faults(page), [])
    const seen = answer(page).getByAltText('stang.png')
    let stands = () => {}
    const text = new Promise<void>((done) => (stands = done))
    await page.route(/conversations\/8103\/entries/, async (r) => (await text, r.continue())) // the text is there before its files
    await page.reload()
    await seen.waitFor({ state: 'attached' })
    stands()
    await fact('its file is known', async () => Boolean(await seen.getAttribute('src')))
    assert.ok((await seen.getAttribute('src'))?.endsWith(`/conversations/8103/drafts/reply/files/${blob}`))
    await fact('it is drawn', () => seen.evaluate((e: HTMLImageElement) => e.complete && e.naturalWidth > 0))
    await answer(page).press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    assert.deepEqual(asked(house, /103\/reply/)[0]!.body.attachments, kept!.attachments)
    assert.deepEqual(errors, [])
  }))

test('a picture of another mail is not pasted, for it would not go along', () =>
  desk('/email/103', async ({ page, house }) => {
    await paste(page, {}, picture)
    await fact('the draft names it', () => house.drafts[0]?.attachments?.length === 1)
    const { cid } = house.drafts[0]!.attachments![0]!
    await paste(page, { 'text/html': `<p>Två: <img src="cid:${cid}" alt="hit"> <img src="cid:other@vaxel" alt="dit"></p>` })
    await answer(page).getByText('Två:').waitFor()
    assert.equal(await answer(page).getByAltText('hit').count(), 1)
    assert.equal(await answer(page).getByAltText('dit').count(), 0)
  }))

test('a picture that was taken out again, or could not be stored, goes nowhere', () =>
  desk('/email/103', async ({ page, house }) => {
    await answer(page).pressSequentially('Hej')
    await paste(page, {}, picture)
    await fact('it is stored', () => house.drafts[0]?.attachments?.length === 1)
    await page.keyboard.press('Backspace')
    await fact('the draft is without', () => house.drafts[0]?.attachments === undefined)
    house.broken.add('/attachments')
    await paste(page, {}, picture)
    await page.getByRole('alert').getByText('7f3a-91').waitFor()
    await answer(page).getByAltText('stang.png').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    const { html, attachments } = asked(house, /103\/reply/)[0]!.body
    assert.deepEqual([html, attachments], [undefined, undefined])
  }))

test('plain text is warned of what it loses; pictures become files, and the choice is remembered', () =>
  desk('/email/103', async ({ page, house }) => {
    await answer(page).focus()
    await page.keyboard.press('Control+b')
    await page.keyboard.type('Hej')
    await paste(page, {}, picture)
    await fact('it is stored', () => house.drafts[0]?.attachments?.length === 1)
    await page.getByRole('button', { name: 'Bara text' }).click()
    const warning = page.getByRole('group', { name: 'Bara text?' })
    await warning.getByText('Bilder i texten blir bifogade filer.').waitFor()
    assert.deepEqual(await faults(page), [])
    await warning.getByRole('button', { name: 'Behåll formateringen' }).click()
    await answer(page).locator('strong').waitFor()
    await page.getByRole('button', { name: 'Bara text' }).click()
    await warning.getByRole('button', { name: 'Byt till bara text' }).click()
    await page.locator('.composer .att').getByText('stang.png').waitFor()
    assert.equal(await answer(page).evaluate((e) => e.tagName + (e === document.activeElement)), 'TEXTAREAtrue')
    assert.equal(await written(answer(page)), 'Hej[stang.png]')
    await answer(page).press('Control+Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    const { html, attachments } = asked(house, /103\/reply/)[0]!.body as { html?: string; attachments: { cid?: string }[] }
    assert.deepEqual([html, attachments.map((a) => a.cid)], [undefined, [undefined]])
    await page.reload()
    await page.getByRole('button', { name: 'Formatera' }).click()
    await page.getByRole('toolbar', { name: 'Formatering' }).waitFor()
    await fact('one can write on', () => answer(page).evaluate((e) => e === document.activeElement))
  }))

test('a colleague’s looks are gone on with, also by who would rather have plain text', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      await page.getByRole('button', { name: 'Skriv vidare' }).click()
      await answer(page).locator('li').getByText('en stång').waitFor()
      await answer(page).press('Control+End')
      await page.keyboard.type(' till')
      await fact('it is kept, and mine', () => house.drafts[0]?.agent === sample.me && house.drafts[0].html === '<ul><li>en stång till</li></ul>')
    },
    (h) => h.keep('8103', 'reply', 0, { text: '- en stång', html: '<ul><li>en stång</li></ul>' }, sample.agents.find((a) => a.name === 'Erik Sjöberg')!.id),
  ))

test('who a mail is for is still known after a reload', () =>
  desk('/email/103', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Dold kopia' }).click()
    await page.getByLabel('Lägg till dold kopia').fill('chef@nordvind.example')
    await page.keyboard.press('Enter')
    await answer(page).fill('Hej')
    await fact('it is kept', () => house.drafts[0]?.bcc?.length === 1)
    await page.reload()
    await page.getByTitle('chef@nordvind.example').waitFor()
    await answer(page).fill('Hej igen')
    await fact('it is kept anew', () => house.drafts[0]?.text === 'Hej igen' && house.drafts[0].bcc?.length === 1)
  }))

test('articles and macros are put in with their looks', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      await answer(page).pressSequentially('Se /')
      await page.getByRole('option').nth(4).waitFor()
      assert.deepEqual(await faults(page, '.slash'), [], 'a list that is longer than its place')
      await page.keyboard.type('återb')
      await page.getByRole('option', { name: /återbetalning/ }).waitFor()
      await fact('few are found', async () => (await page.getByRole('option').count()) < 4)
      assert.deepEqual(await faults(page), [])
      await page.keyboard.press('Enter')
      await answer(page).locator('a').waitFor()
      await page.getByRole('button', { name: 'Makro' }).click()
      await page.getByRole('menuitem', { name: 'Tack och vänta' }).click()
      await answer(page).locator('strong').getByText('Per').waitFor()
      await answer(page).press('Control+Enter')
      await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
      assert.match(String(asked(house, /103\/reply/)[0]!.body.html), /^<p>Se <a href="[^"]+">[^<]+<\/a><\/p><p>Hej <strong>Per<\/strong>!<\/p>$/)
    },
    (h) => (h.macros[0]!.html = '<p>Hej <strong>{{customer.first_name}}</strong>!</p>'),
  ))

test('what a macro has put in goes along, however soon it is sent', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      await answer(page).pressSequentially('Se nedan.')
      await answer(page).evaluate((e) => {
        const seen = new MutationObserver(() => {
          if (!e.querySelector('strong')) return
          seen.disconnect()
          e.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 13, ctrlKey: true, bubbles: true, cancelable: true }))
        })
        seen.observe(e, { childList: true, subtree: true })
      })
      await page.getByRole('button', { name: 'Makro' }).click()
      await page.getByRole('menuitem', { name: 'Tack och vänta' }).click()
      await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
      assert.equal(asked(house, /103\/reply/)[0]!.body.html, '<p>Se nedan.</p><p>Hej <strong>Per</strong>!</p>')
    },
    (h) => (h.macros[0]!.html = '<p>Hej <strong>{{customer.first_name}}</strong>!</p>'),
  ))

test('a mail is taken back with its looks', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      await answer(page).focus()
      await page.keyboard.press('Control+b')
      await page.keyboard.type('Hej')
      await page.keyboard.press('Control+Enter')
      await page.getByText('Mejlet skickas strax.').waitFor()
      await page.keyboard.press('Control+z')
      await answer(page).locator('strong').getByText('Hej').waitFor()
    },
    (h) => (h.ahead = 3_600_000),
  ))

for (const view of [{ width: 390, height: 844 }, { theme: 'dark' as const }])
  test(`the field is whole at ${view.width ?? 1440} px, ${view.theme ?? 'light'}`, async () => {
    const d = await sit('/email/103', view, (h) => (h.signatureHTML = '<p>Vänliga hälsningar</p><p><b>Alva Karlsson</b></p>'))
    try {
      await answer(d.page).fill('Hej Per')
      await d.page.getByRole('toolbar', { name: 'Formatering' }).waitFor()
      await d.page.locator('.sig strong').getByText('Alva Karlsson').waitFor()
      assert.deepEqual(await faults(d.page), [])
      assert.ok(await fits(d.page))
    } finally {
      await d.close()
    }
  })
