// What stands around a mail: who gets it in secret, what became of it at each, who vouches for its sender.

import assert from 'node:assert/strict'
import type { Mail } from '../../src/api/types'
import * as sample from '../fixture/data'
import { disowned, isSpam } from '../../src/thread/mail-facts'
import { foreign } from '../../src/thread/invitation'
import { asked, desk, fact, faults, written } from './browser'
import { test } from './test'

test('a blind copy goes along with an answer', () =>
  desk('/email/103', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Dold kopia' }).click()
    await page.getByLabel('Lägg till dold kopia').fill('chef@nordvind.example')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Svar' }).fill('Vi skickar en ny stång.')
    await page.keyboard.press('Control+Enter')
    await fact('the answer was sent', () => asked(house, /103\/reply/).length === 1)
    assert.deepEqual(asked(house, /103\/reply/)[0]?.body.bcc, [{ kind: 'email', value: 'chef@nordvind.example' }])
  }))

test('each recipient is shown with what became of the mail there', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      await page.getByRole('button', { name: 'Öppna mejlet' }).or(page.getByTitle('Öppna mejlet')).filter({ hasText: 'Du' }).first().click()
      await page.getByText('Kom inte fram till 1 av 2').waitFor()
      const list = page.getByRole('list', { name: 'Leverans' })
      await list.getByText('550 no such user').waitFor()
      await list.getByRole('listitem').filter({ hasText: 'borta@post.example' }).getByText('Kom inte fram').waitFor()
      await list.getByRole('listitem').filter({ hasText: 'per.lindqvist@post.example' }).getByText('Skickat').waitFor()
      assert.deepEqual(await faults(page), [])
    },
    (h) => {
      const ours = h.entries['8103']!.find((e) => e.kind === 'mail' && e.author.kind === 'agent')!
      h.deliveries = [{ id: '1', conversation: '8103', pos: ours.pos, state: 'failed', rev: 3, recipients: [{ address: 'borta@post.example', state: 'failed', response: '550 no such user' }, { address: 'per.lindqvist@post.example', state: 'sent' }] }]
    },
  ))

test('a mail that has not left says when it will, and is taken back', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      await page.getByTitle('Öppna mejlet').filter({ hasText: 'Du' }).first().click()
      await page.getByText('Skickas 4 mars 2099 10:00').waitFor()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: 'Ta tillbaka' }).click()
      await page.getByText('Tillbakatagen').waitFor()
      assert.equal(asked(house, /8103\/entries\/\d+\/cancel/).length, 1)
      assert.equal(await page.getByRole('button', { name: 'Ta tillbaka' }).count(), 0)
    },
    (h) => {
      const ours = h.entries['8103']!.find((e) => e.kind === 'mail' && e.author.kind === 'agent')!
      h.deliveries = [{ id: '1', conversation: '8103', pos: ours.pos, state: 'queued', send_at: '2099-03-04T09:00:00Z', rev: 1 }]
    },
  ))

test('a mail that was just sent is taken back, to be written on', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      const answer = page.getByRole('textbox', { name: 'Svar' })
      await answer.fill('Vi skickar en ny stång.')
      await page.keyboard.press('Control+Enter')
      await page.getByText('Mejlet skickas strax.').waitFor()
      assert.equal(asked(house, /103\/reply/)[0]?.body.hold, 10)
      assert.deepEqual(await faults(page), [])
      await answer.fill('Något annat')
      await page.keyboard.press('Control+z') // means what was typed, here
      assert.equal(asked(house, /cancel/).length, 0)
      await answer.fill('')
      await page.keyboard.press('Control+z')
      await fact('it is back', async () => (await written(answer)) === 'Vi skickar en ny stång.')
      assert.equal(asked(house, /8103\/entries\/\d+\/cancel/).length, 1)
      await page.getByText('Tillbakatagen').first().waitFor()
      assert.equal(await page.getByText('Mejlet skickas strax.').count(), 0)
    },
    (h) => (h.ahead = 3_600_000),
  ))

test('a mail is sent later, by keyboard alone', () =>
  desk('/email/103', async ({ page, house }) => {
    const answer = page.getByRole('textbox', { name: 'Svar' })
    await answer.fill('God morgon!')
    await page.keyboard.press('Control+Shift+Enter')
    const when = page.getByLabel('Vid en annan tid')
    await when.waitFor()
    assert.deepEqual(await faults(page), [])
    await when.fill('2001-01-01T08:00')
    await page.keyboard.press('Enter')
    assert.equal(asked(house, /103\/reply/).length, 0)
    const then = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10) + 'T08:15'
    await when.fill(then)
    await page.keyboard.press('Enter')
    await fact('it was sent', () => asked(house, /103\/reply/).length === 1)
    const { send_at, hold } = asked(house, /103\/reply/)[0]!.body
    assert.deepEqual([send_at, hold], [await page.evaluate((t) => new Date(t).toISOString(), then), undefined])
    await page.getByText(/^Skickas \d+ \w+( \d+)? 08:15$/).first().waitFor()
    assert.equal(await written(answer), '')
  }))

test('a mail that its sender’s domain disowns says so, and the details say who found out', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      await page.getByText('känns inte vid mejlet').waitFor()
      await page.getByRole('button', { name: 'Uppgifter om mejlet' }).click()
      await page.getByText('DMARC underkänd').waitFor()
      await page.getByText('enligt mx.nordvind.example').waitFor()
      assert.deepEqual(await faults(page), [])
    },
    (h) => {
      const newest = h.entries['8103']!.findLast((e) => e.kind === 'mail' && e.author.kind === 'customer')!
      Object.assign(newest.body as Mail, { authentication: { server: 'mx.nordvind.example', spf: 'pass', dkim: 'none', dmarc: 'fail' }, spam: 'Yes, score=7.1' })
    },
  ))

test('a mail that is taller than its place is read from its beginning', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      const top = async () => {
        const [head, log] = await Promise.all([page.locator('.mail-head').last().boundingBox(), page.getByRole('log').boundingBox()])
        return Math.round(head!.y - log!.y)
      }
      await page.getByText('rad 200').waitFor()
      await fact('its head is in view', async () => (await top()) > 0 && (await top()) < 40)
      await page.getByRole('log').evaluate((e) => (e.scrollTop += 400))
      await page.getByRole('textbox', { name: 'Svar' }).fill('Jag läser')
      assert.ok((await top()) < 0, 'the reader stays where the reader went')
    },
    (h) => {
      const newest = h.entries['8103']!.findLast((e) => e.kind === 'mail' && e.author.kind === 'customer')!
      newest.text = Array.from({ length: 200 }, (_, n) => `rad ${n + 1}`).join('\n')
      Object.assign(newest.body as Mail, { html: undefined, quoted: undefined })
    },
  ))

/** One answer, as four clients write it: what is the customer's own, and what their client copied below. */
const answer = 'Hej Alva,\n\nOn Fri, 20 Nov 2026 at noon storlek S, tack!\n\n'
const copies = {
  gmail: { text: 'On Fri, 20 Nov 2026 at noon, Nordvind <kundservice@nordvind.example> wrote:\n\n> Vilken storlek?\n', page: '<div dir="ltr">Hej Alva,<div><br></div><div>On Fri, 20 Nov 2026 at noon storlek S, tack!</div></div><br><div><div dir="ltr">On Fri, 20 Nov 2026 at noon, Nordvind kundservice &lt;<a href="mailto:kundservice@nordvind.example">kundservice@nordvind.example</a>&gt; wrote:<br></div><blockquote style="margin:0 0 0 1ex">Vilken storlek?</blockquote></div>' },
  outlook: { text: 'Från: Nordvind <kundservice@nordvind.example>\nSkickat: den 20 november 2026 14:02\nÄmne: Jacka\n\nVilken storlek?\n', page: '<div><p>Hej Alva,</p><p>On Fri, 20 Nov 2026 at noon storlek S, tack!</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>Från:</b> Nordvind &lt;kundservice@nordvind.example&gt;<br><b>Skickat:</b> den 20 november 2026 14:02<br><b>Ämne:</b> Jacka</p></div></div><p>Vilken storlek?</p></div>' },
  mail: { text: '> 20 nov. 2026 kl. 14:02 skrev Nordvind <kundservice@nordvind.example>:\n> \n> Vilken storlek?\n', page: 'Hej Alva,<div><br></div><div>On Fri, 20 Nov 2026 at noon storlek S, tack!<br><div><br><blockquote><div>20 nov. 2026 kl. 14:02 skrev Nordvind &lt;kundservice@nordvind.example&gt;:</div><br><div>Vilken storlek?</div></blockquote></div></div>' },
  text: { text: '> Vilken?\n', page: '<pre>Hej Alva,\n\nOn Fri, 20 Nov 2026 at noon storlek S, tack!\n\n&gt; Vilken?</pre>' },
}

for (const [client, { text, page: html }] of Object.entries(copies))
  test(`what an answer's page quotes is folded: ${client}`, () =>
    desk(
      '/email/103',
      async ({ page }) => {
        const paper = page.frameLocator('iframe').last()
        const quoted = paper.getByText('Vilken', { exact: false }).last()
        await paper.getByText('storlek S, tack!').waitFor()
        await paper.getByText(/^Visa citerad text/).waitFor()
        assert.equal(await quoted.isVisible(), false, 'it stands open')
        const height = () => page.locator('iframe').last().evaluate((e) => e.clientHeight)
        const folded = await height()
        await paper.getByText(/^Visa citerad text/).click()
        await paper.getByText('Dölj citerad text').waitFor()
        assert.equal(await quoted.isVisible(), true)
        await fact('the frame grows with it', async () => (await height()) > folded)
        const [own, rest] = await paper.locator('body').evaluate((e) => [e.textContent.split(e.querySelector('details')!.textContent)[0]!, e.querySelector('details')!.textContent])
        assert.doesNotMatch(own, /Vilken|Nordvind|>/)
        assert.doesNotMatch(rest, /Alva|tack/)
        assert.deepEqual(await faults(page), [])
      },
      (h) => {
        const newest = h.entries['8103']!.findLast((e) => e.kind === 'mail' && e.author.kind === 'customer')!
        newest.text = answer + text
        Object.assign(newest.body as Mail, { html, quoted: new TextEncoder().encode(answer).length })
        h.pages[`8103/${newest.pos}`] = `<!doctype html><meta charset="utf-8"><title>Mejl</title><body>${html}`
      },
    ))

test('a macro writes its text, with the codes to end with', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByRole('textbox', { name: 'Svar' }).fill('Så här:')
    await page.getByRole('button', { name: 'Makro' }).click()
    await page.getByRole('menuitem', { name: 'Tack och vänta' }).click()
    await fact('its text is written', async () => (await written(page.getByRole('textbox', { name: 'Svar' }))) === 'Så här:\n\nHej Anna, tack! Vi återkommer i dag.')
    assert.equal(asked(house, /101\/macros\/1/).length, 1)
    await page.getByRole('button', { name: 'Avsluta chatt' }).click()
    await page.getByRole('option', { name: 'Fråga om order', selected: true }).waitFor()
  }))

test('a macro is kept whole: what it says, does, and where it is offered', () =>
  desk(
    '/settings/macros',
    async ({ page, house, errors }) => {
      await page.getByRole('button', { name: 'Ändra Tack och vänta' }).click()
      await page.getByLabel('Namn').fill('Tack')
      const text = page.getByRole('textbox', { name: 'Text' })
      await text.focus()
      await page.evaluate(() => new Promise((done) => setTimeout(done, 50))) // after the editor's own timer, which sets the caret 20 ms after the focus
      await page.keyboard.press('Control+End')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Control+b')
      await page.keyboard.type('Hälsningar')
      await page.getByRole('button', { name: 'Variabel' }).click()
      await page.getByRole('menuitem', { name: 'Köns namn' }).click()
      await page.getByRole('group', { name: 'Artiklar' }).getByText('Ångerrätt och återköp').waitFor()
      await page.getByLabel('Sök artikel').fill('förfallo')
      await page.getByRole('button', { name: 'Flytta förfallodag' }).click()
      await page.getByLabel('Ärendet flyttas till kön').selectOption('Faktura')
      await page.getByRole('group', { name: 'Transaktionskoder: Resultat' }).getByText('Ersättning skickad').click()
      await page.getByRole('group', { name: 'Erbjuds i köerna' }).getByText('Leverans', { exact: true }).click()
      assert.deepEqual(await faults(page), [])
      await page.getByRole('button', { name: 'Spara', exact: true }).click()
      await page.getByRole('rowheader', { name: 'Tack', exact: true }).waitFor()
      const put = asked(house, /admin\/macros\/1/)[0]!
      assert.equal(put.ifMatch, '3')
      const said = 'Hej {{customer.first_name}}, tack! Vi återkommer i dag.'
      assert.deepEqual(put.body, {
        name: 'Tack', text: `${said}\n\nHälsningar{{queue.name}}`, html: `<p>${said}</p><p><strong>Hälsningar{{queue.name}}</strong></p>`,
        state: 'pending', tags: ['väntar'], articles: ['31', '36'], queue: '1', codes: ['21'], queues: ['2'],
      })
      assert.equal(await page.getByText('Min hälsning').count(), 0)
      await page.goto(page.url().replace('macros', 'mine'))
      await page.getByText('Min hälsning').waitFor()
      await page.getByRole('button', { name: 'Nytt makro' }).click()
      await page.getByLabel('Namn').fill('Hej')
      await page.getByRole('textbox', { name: 'Text' }).fill('Hej!')
      await page.getByRole('button', { name: 'Spara', exact: true }).click()
      await page.getByRole('rowheader', { name: 'Hej', exact: true }).waitFor()
      assert.deepEqual(asked(house, /^\/macros$/)[0]?.body, { name: 'Hej', text: 'Hej!', tags: [] })
      assert.deepEqual(errors, [])
    },
    (h) => (h.role = 'administrator'),
  ))

test('a mail is followed up later, by a task of one’s own', () =>
  desk('/email/103', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Följ upp' }).click()
    const dialog = page.getByRole('dialog')
    assert.match(await dialog.getByLabel('Vad ska göras').inputValue(), /Skadad leverans/)
    await dialog.getByLabel('Vad ska göras').fill('Hör efter om stången')
    await dialog.getByLabel('Tid').fill('2031-03-05T09:00')
    assert.deepEqual(await faults(page), [])
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    const { title, case: of, assignee, due_at, note } = asked(house, /^\/tasks$/)[0]!.body
    assert.deepEqual([title, of, assignee, due_at], ['Hör efter om stången', house.interactions.find((i) => i.id === '103')!.case, sample.me, '2031-03-05T08:00:00.000Z'])
    assert.match(String(note), /Per Lindqvist.*\n\nHej Alva/)
  }))

test('mails are signed by the server, and what it puts below is shown', () =>
  desk('/email/103', async ({ page, house }) => {
    await page.getByText('Vänliga hälsningar').first().waitFor()
    await page.getByRole('textbox', { name: 'Svar' }).fill('Hej')
    await page.keyboard.press('Control+Enter')
    await fact('the answer was sent', () => asked(house, /103\/reply/).length === 1)
    assert.deepEqual([asked(house, /103\/reply/)[0]?.body.text, asked(house, /103\/reply/)[0]?.body.sign], ['Hej', true])
    await page.goto(page.url().replace(/email.*/, 'settings/profile'))
    await page.getByLabel('Signatur').fill('Mvh Alva')
    await page.getByLabel('Visningsnamn').focus()
    await fact('it is kept', () => house.signature === 'Mvh Alva')
  }))

test('an invitation is answered where it stands', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      const card = page.getByRole('region', { name: 'Inbjudan' })
      await card.getByText('Genomgång av skadan').waitFor()
      await card.getByText('4 mars 2027 10:00–10:30').waitFor()
      await card.getByText('Bo Ek: kommer, Eva Dahl: har inte svarat, Ida Holm', { exact: false }).waitFor()
      assert.deepEqual(await faults(page), [])
      await card.getByRole('button', { name: 'Kanske' }).click()
      await card.getByText('Du svarade: Kanske').waitFor()
      assert.deepEqual([asked(house, /103\/invitation/)[0]?.body.answer, asked(house, /103\/invitation/)[0]?.body.pos], ['tentative', 2])
    },
    (h) => {
      const newest = h.entries['8103']!.findLast((e) => e.kind === 'mail' && e.author.kind === 'customer')!
      Object.assign(newest.body as Mail, { invitation: sample.meeting })
    },
  ))

test('who asks to a meeting is named with the address, and a mail that speaks for another one says so', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      const card = page.getByRole('region', { name: 'Möte, för kännedom' })
      await card.getByText('Er chef <nagon@annan.example>').waitFor()
      await card.getByText('en annan adress än den som står som sammankallande').waitFor()
      assert.deepEqual(await faults(page), [])
    },
    (h) => {
      const newest = h.entries['8103']!.findLast((e) => e.kind === 'mail' && e.author.kind === 'customer')!
      Object.assign(newest.body as Mail, { invitation: { ...sample.meeting, method: 'publish', organizer: { kind: 'email', value: 'nagon@annan.example', name: 'Er chef' } } })
    },
  ))

test('only an organizer’s mail is held to the organizer’s address', () => {
  const from = (value: string) => ({ from: { kind: 'email' as const, value } })
  assert.ok(!foreign(sample.meeting, from('Per.Lindqvist@post.example')) && foreign(sample.meeting, from('bo@post.example')))
  assert.ok(!foreign(sample.meeting, { ...from('kalender@post.example'), reply_to: [sample.meeting.organizer] }))
  assert.ok(!foreign({ ...sample.meeting, method: 'reply' }, from('bo@post.example')))
})

test('a mail that cannot be drawn takes nothing else with it', () =>
  desk(
    '/email/103',
    async ({ page }) => {
      await page.getByRole('alert').getByText('Den här delen kan inte visas').waitFor()
      await page.getByRole('textbox', { name: 'Svar' }).waitFor()
      await page.getByTitle('Öppna mejlet').first().waitFor()
      assert.deepEqual(await faults(page), [])
    },
    (h) => {
      const newest = h.entries['8103']!.findLast((e) => e.kind === 'mail' && e.author.kind === 'customer')!
      Object.assign(newest.body as Mail, { attachments: { length: 1 } })
    },
  ))

test('a mailbox tells how far its older mail has come', () =>
  desk(
    '/settings/mailboxes',
    async ({ page }) => {
      await page.getByText(/1.240 av 5.000 inlästa/).waitFor()
      await page.getByText('från 1 maj').waitFor()
    },
    (h) => (h.role = 'administrator'),
  ))

test('what filters say is understood', () => {
  for (const says of ['Yes, score=7.1 required=5.0', 'YES', 'true', '++++++', '6']) assert.ok(isSpam(says), says)
  for (const says of ['No, score=-0.1', 'false', '++', '-1', '', undefined]) assert.ok(!isSpam(says), says)
  assert.ok(disowned({ server: 'mx', dmarc: 'fail' }) && disowned({ server: 'mx', spf: 'fail' }))
  assert.ok(!disowned(undefined) && !disowned({ server: 'mx', spf: 'fail', dkim: 'pass' }) && !disowned({ server: 'mx', dmarc: 'pass', spf: 'fail' }))
})
