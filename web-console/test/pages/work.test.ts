import assert from 'node:assert/strict'
import * as sample from '../fixture/data'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

test('a wrong password says so; the first one is changed before anything else', () =>
  desk(
    '/',
    async ({ page, house }) => {
      await page.getByLabel('Användarnamn').fill('alva')
      await page.getByLabel('Lösenord').fill('fel')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').getByText('stämmer inte').waitFor()
      await page.getByLabel('Lösenord').fill('rätt-lösenord')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Välj ett nytt lösenord' }).waitFor()
      await page.getByLabel('Nytt lösenord', { exact: true }).fill('kort')
      await page.getByLabel('Nytt lösenord en gång till').fill('annat')
      await page.keyboard.press('Enter')
      await page.getByText('Skriv minst tolv tecken.').waitFor()
      await page.getByLabel('Nytt lösenord', { exact: true }).fill('en-lagom-lång-mening')
      await page.getByLabel('Nytt lösenord en gång till').fill('en-lagom-lång-mening')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Inkorg' }).waitFor()
      assert.deepEqual(asked(house, /password/)[0]?.body, { old: 'rätt-lösenord', new: 'en-lagom-lång-mening' })
    },
    (h) => ((h.signedIn = false), (h.mustChange = true)),
  ))

test('a status that needs a code gets one by typing; while busy it waits', () =>
  desk('/chat', async ({ page, house }) => {
    await page.keyboard.press('Control+Alt+KeyS')
    await page.getByRole('menuitem', { name: 'Rast' }).click()
    await page.keyboard.type('lu')
    await page.keyboard.press('Enter')
    await fact('the status is asked for', () => asked(house, /status/).length === 1)
    assert.deepEqual(asked(house, /status/)[0]?.body, { status: 'on_break', code: 'lunch' })
    assert.equal(await page.getByRole('switch', { name: 'Stoppa nya' }).isChecked(), true)
  }))

test('an offer never takes the focus, counts down and is accepted by its key', () =>
  desk('/chat/101', async ({ page, house }) => {
    const field = page.getByRole('textbox', { name: 'Svar' })
    await field.fill('Jag skriver')
    house.offer({ ...sample.offer(300, 290), channel: 'chat', interaction: '110' })
    const card = page.getByRole('alertdialog')
    await card.waitFor()
    assert.equal(await field.evaluate((e) => e === document.activeElement), true)
    assert.match(await page.title(), /^\(1\)/)
    const seconds = async () => parseInt((await card.getByRole('time').textContent()) ?? '')
    const before = await seconds()
    await fact('the countdown runs', async () => (await seconds()) < before)
    await page.getByRole('tab', { name: /Chatt.*erbjudande väntar/ }).waitFor()
    await page.keyboard.press('Control+Alt+KeyA')
    await card.waitFor({ state: 'detached' })
    await fact('the offer was accepted', () => asked(house, /offers\/110\/1\/accept/).length === 1)
    await page.waitForURL('**/chat/110')
  }))

test('an offer that is gone closes its card without fuss', () =>
  desk('/chat/101', async ({ page, house }) => {
    await fact('the socket is there', () => house.consoles === 1)
    house.tell('offer.created', { ...sample.offer(), channel: 'email' })
    await page.getByRole('button', { name: 'Acceptera' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
  }))

test('a call is answered in the telephone; declining it works by key', () =>
  desk('/chat/101', async ({ page, house }) => {
    house.offer(sample.offer())
    await page.getByText('Svara i telefonen', { exact: true }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Acceptera' }).count(), 0)
    await page.keyboard.press('Control+Alt+KeyD')
    await fact('the offer was declined', () => asked(house, /decline/).length === 1)
  }))

test('a call that is answered in the telephone opens, and so does its wrap-up, though something finished is on screen', () =>
  desk(
    '/chat/190',
    async ({ page, house }) => {
      house.offer(sample.offer())
      await page.getByText('Svara i telefonen', { exact: true }).waitFor()
      const answered = { ...sample.call, id: '109', rev: 3 }
      house.put(answered)
      house.tell('offer.closed', { ...sample.offer(), outcome: 'accepted' })
      await page.waitForURL('**/phone')
      await page.goto(page.url().replace('/phone', '/chat/190'))
      await page.getByText('Johan Nyström').first().waitFor()
      await fact('the console is back', () => house.consoles === 1)
      house.put({ ...answered, rev: 4, state: 'wrap_up', ended_at: sample.ago(1), wrap_up_until: sample.ahead(80) })
      await page.getByRole('complementary', { name: 'Efterbearbetning' }).waitFor()
    },
    (h) => h.interactions.push({ ...sample.call, id: '190', channel: 'chat', state: 'finished', finished_at: sample.ago(60), customer_name: 'Johan Nyström' }),
  ))

test('a wrap-up says what comes after it', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      const told = (more: object) => ((house.presence = { ...house.presence, rev: house.presence.rev + 1, ...more }), house.tell('agent.status', house.presence))
      await page.getByRole('button', { name: 'Avsluta chatt' }).click()
      await page.getByText('kvar, du har mer som pågår').waitFor()
      told({ status: 'wrap_up', holds: ['101'] })
      await page.getByText('kvar innan du blir Tillgänglig').waitFor()
      told({ next: 'on_break', next_code: 'lunch' })
      await page.getByText('kvar, sedan Rast · Lunch').waitFor()
      told({ next: undefined, next_code: undefined, intent: 'working_offline', status_code: 'training' })
      await page.getByText('kvar, sedan Arbeta offline · Utbildning').waitFor()
    },
  ))

test('a chat: answer, FAQ link by shortcut, note, end, codes', () =>
  desk('/chat/101', async ({ page, house }) => {
    const field = page.getByRole('textbox', { name: 'Svar' })
    await field.fill('Nej, vänta.')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('log').getByText('Nej, vänta.').waitFor()
    await fact('the line was sent', () => asked(house, /101\/messages/).length === 1)
    const sent = asked(house, /101\/messages/)[0]!
    assert.equal(sent.key, sent.body.client_id)

    await field.pressSequentially('Se /åter')
    await page.getByRole('option', { name: /återbetalning/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await fact('the article was sent', () => asked(house, /101\/articles/).length === 1)
    assert.equal(asked(house, /101\/articles/)[0]?.body.article, '31')
    assert.equal(await field.inputValue(), 'Se ')

    await page.keyboard.press('F2')
    await page.keyboard.type('/retursedel')
    await page.keyboard.press('Enter')
    await fact('the box sent its article', () => asked(house, /101\/articles/).length === 2)

    await page.getByRole('tab', { name: 'Anteckning' }).click()
    await page.getByRole('textbox', { name: 'Anteckning' }).fill('Klart i dag.')
    await page.keyboard.press('Control+Enter')
    await fact('the note was written', () => asked(house, /101\/notes/).length === 1)

    await page.getByRole('button', { name: 'Avsluta chatt' }).click()
    const done = page.getByRole('button', { name: 'Avsluta efterbearbetning' })
    await done.waitFor()
    assert.equal(await done.getAttribute('aria-disabled'), 'true')
    await page.getByRole('option', { name: 'Skadad vara' }).click()
    await page.getByText('Saknas').waitFor()
    await page.getByRole('option', { name: 'Ersättning skickad' }).focus()
    await page.keyboard.press('Space')
    await page.getByLabel('Anteckning till ärendet').fill('Ny stång skickad')
    await done.click()
    await fact('it was finished', () => asked(house, /101\/finish/).length === 1)
    assert.deepEqual(asked(house, /101\/finish/)[0]?.body, { codes: ['11', '21'], note: 'Ny stång skickad' })
    await page.locator('a.ibx', { hasText: 'Anna Andersson' }).waitFor({ state: 'detached' })
  }))

test('a draft is there again after a reload', () =>
  desk('/chat/101', async ({ page }) => {
    await page.getByRole('textbox', { name: 'Svar' }).fill('Halvfärdigt')
    await page.getByText('Utkast sparat').waitFor()
    await page.reload()
    await fact('the draft came back', async () => (await page.getByRole('textbox', { name: 'Svar' }).inputValue()) === 'Halvfärdigt')
  }))

test('a mail that comes while one answers is shown before one sends', () =>
  desk('/email/103', async ({ page, house }) => {
    await page.getByRole('textbox', { name: 'Svar' }).fill('Jag skickar en ny stång.')
    house.say(sample.lateMail)
    await page.getByText('Per skrev igen').waitFor()
    await page.keyboard.press('Control+Enter')
    assert.equal(asked(house, /reply/).length, 0)
    await page.getByText('Hinner den fram till lördag?').waitFor()
    await page.getByRole('button', { name: /^Skicka/ }).last().click()
    await fact('the reply was sent', () => asked(house, /103\/reply/).length === 1)
    assert.equal(asked(house, /103\/reply/)[0]?.body.seen_pos, 3)
    assert.deepEqual(asked(house, /103\/reply/)[0]?.body.to, [{ kind: 'email', value: 'per.lindqvist@post.example', name: 'Per Lindqvist' }])
  }))

test('an answer goes to all who got the mail, less those taken away; a mail is passed on', () =>
  desk(
    '/email/103',
    async ({ page, house }) => {
      const answer = page.getByRole('textbox', { name: 'Svar' })
      await page.getByText('kollega@post.example').first().waitFor()
      await page.getByText('chef@post.example').first().waitFor()
      await page.getByRole('button', { name: 'Ta bort chef@post.example' }).click()
      await page.getByRole('textbox', { name: 'Lägg till kopia' }).fill('Ny <ny@post.example>')
      await answer.fill('Hej båda!')
      await page.keyboard.press('Control+Enter')
      await fact('the reply was sent', () => asked(house, /103\/reply/).length === 1)
      const { to, cc } = asked(house, /103\/reply/)[0]!.body
      assert.deepEqual(to, [{ kind: 'email', value: 'per.lindqvist@post.example', name: 'Per Lindqvist' }])
      assert.deepEqual(cc, [{ kind: 'email', value: 'kollega@post.example' }, { kind: 'email', value: 'ny@post.example', name: 'Ny' }])
      await page.getByRole('tab', { name: 'Vidarebefordra' }).click()
      await page.getByRole('textbox', { name: 'Lägg till mottagare' }).fill('verkstad@annan.example')
      await page.getByRole('textbox', { name: 'Några ord ovanför mejlet' }).fill('Kan ni laga det?')
      await page.keyboard.press('Control+Enter')
      await fact('the mail was passed on', () => asked(house, /103\/forward/).length === 1)
      const passed = asked(house, /103\/forward/)[0]!.body
      assert.deepEqual([passed.to, passed.text, passed.pos], [[{ kind: 'email', value: 'verkstad@annan.example' }], 'Kan ni laga det?', 2])
      await page.getByText('Vidarebefordrat').waitFor()
    },
    (h) => {
      const mail = h.entries[h.interactions.find((i) => i.id === '103')!.conversation]!.findLast((e) => e.kind === 'mail')!.body as { cc?: unknown }
      mail.cc = [{ kind: 'email', value: 'kollega@post.example' }, { kind: 'email', value: 'chef@post.example' }]
    },
  ))

test('a mail is written to somebody who has not written', () =>
  desk('/email', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Nytt mejl' }).click()
    await page.getByRole('textbox', { name: 'Lägg till mottagare' }).fill('ny@kund.example')
    await page.getByLabel('Ämne').fill('Din cykel')
    await page.getByRole('textbox', { name: 'Text' }).fill('Den är klar.')
    await page.getByRole('button', { name: /^Skicka/ }).click()
    await fact('the mail was written', () => asked(house, /\/mails/).length === 1)
    const { to, subject, text } = asked(house, /\/mails/)[0]!.body
    assert.deepEqual([to, subject], [[{ kind: 'email', value: 'ny@kund.example' }], 'Din cykel'])
    assert.match(String(text), /^Den är klar\./)
    await page.waitForURL('**/cases/*')
  }))

test('the sender’s HTML lies in a frame without scripts', () =>
  desk('/email/103', async ({ page }) => {
    const frame = page.locator('iframe')
    await frame.waitFor()
    assert.equal(await frame.getAttribute('sandbox'), 'allow-same-origin allow-popups')
    await page.frameLocator('iframe').getByText('Tält Fjäll 3, mossgrön').waitFor()
    await page.getByRole('button', { name: 'Visa bilder' }).click()
    await fact('remote images are asked for', async () => (await frame.getAttribute('src'))!.endsWith('images=remote'))
  }))

test('what is written without contact is sent when the contact is back', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByText('Toppen.').waitFor()
    await fact('the console is connected', () => house.consoles === 1) // what is not yet there is not cut
    house.broken.add('/socket')
    house.cut()
    await page.route('**/messages', (route) => route.abort())
    await page.getByRole('textbox', { name: 'Svar' }).fill('Jag är kvar.')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Skickas när kontakten är tillbaka').waitFor()
    await page.getByText('1 meddelande väntar på att skickas').waitFor()
    const tries = () => asked(house, /socket-ticket/).length
    const before = tries()
    await page.getByRole('button', { name: 'Försök nu' }).click()
    await fact('the link is tried', () => tries() > before)
    await page.unroute('**/messages')
    house.broken.clear()
    await fact('the line was sent once', () => house.entries['8101']!.filter((e) => e.text === 'Jag är kvar.').length === 1)
    await page.getByText('Ingen kontakt').waitFor({ state: 'detached' })
  }))

test('two tabs share one socket, and both are told', () =>
  desk('/chat/101', async ({ page, house, url }) => {
    await page.getByText('Toppen.').waitFor()
    const other = await page.context().newPage()
    await other.goto(`${url}/chat/101`)
    await other.getByText('Toppen.').waitFor()
    house.say({ ...sample.entries['8101']![6]!, pos: 8, text: 'Är du kvar?' })
    await page.getByText('Är du kvar?').first().waitFor()
    await other.getByText('Är du kvar?').first().waitFor()
    assert.equal(house.consoles, 1)
  }))

test('leaving a conversation that I hold does not unfollow it', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByText('Toppen.').waitFor()
    await page.getByRole('tab', { name: /Kunder/ }).click()
    await page.getByRole('heading', { name: 'Kunder' }).waitFor()
    await fact('another page is open', async () => (await page.locator('.thread').count()) === 0)
    assert.deepEqual(house.unfollowed.filter((t) => t === 'conversation:8101'), [])
  }))

test('a day of pages and conversations follows no more at its end than at its start', () =>
  desk('/chat/101', async ({ page, house }) => {
    const rail = (name: RegExp) => page.getByRole('navigation').getByRole('link', { name }).or(page.getByRole('tab', { name })).first().click()
    const round = async () => {
      await rail(/Chatt/)
      for (const name of ['Per L', 'Anna']) await page.locator('a.ibx', { hasText: name }).click()
      await page.getByText('Toppen.').waitFor()
      await rail(/Status/)
      await fact('the board is followed', () => house.followed.has('board'))
      await rail(/Meddelanden/)
      await fact('the board is let go', () => !house.followed.has('board'))
      return [...house.followed].sort()
    }
    const first = await round()
    for (let n = 0; n < 3; n++) assert.deepEqual(await round(), first)
    const i = house.interactions.find((x) => x.id === '102')!
    house.put({ ...i, state: 'finished', rev: 50 })
    const after = await round()
    assert.deepEqual(after, first.filter((t) => t !== `conversation:${i.conversation}`), 'what is finished is let go')
    house.cut()
    await fact('it is back', () => house.consoles === 1)
    assert.deepEqual([...house.followed].sort(), after)
  }))

test('on a narrow screen, what supervisors say is a page that one goes to and back from', () =>
  desk('/messages', async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('link', { name: /Arbetsledare/ }).click()
    await page.getByText('Fredagsfika').waitFor()
    assert.deepEqual(await faults(page), [])
    await page.getByRole('link', { name: 'Till listan' }).or(page.locator('a.narrow-only:visible')).first().click()
    await page.getByText('Fredagsfika').waitFor({ state: 'hidden' })
    await page.getByRole('link', { name: /Erik Sjöberg/ }).waitFor()
  }))

test('a transfer shows how it stands where it goes, and says what it does', () =>
  desk('/chat/101', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Överför' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Sök operatör eller kö' }).fill('lev')
    await dialog.getByRole('button', { name: /Leverans.*7 väntar/ }).click()
    await dialog.getByLabel('Till den som tar över').fill('Har order 20991')
    await dialog.getByRole('button', { name: 'Överför till kön Leverans' }).click()
    await fact('it was transferred', () => asked(house, /101\/transfer/).length === 1)
    assert.deepEqual(asked(house, /101\/transfer/)[0]?.body, { to_queue: '2', note: 'Har order 20991' })
    await page.locator('a.ibx', { hasText: 'Anna Andersson' }).waitFor({ state: 'detached' })
  }))

test('dialling checks the number and shows the line', () =>
  desk('/phone', async ({ page, house }) => {
    await page.getByLabel('Ring', { exact: true }).fill('+46 7')
    await page.keyboard.press('Enter')
    await page.getByText('Skriv numret som').waitFor()
    await page.getByLabel('Ring', { exact: true }).fill('070-174 06 12')
    await page.keyboard.press('Enter')
    await fact('the number was dialled', () => asked(house, /calls/).length === 1)
    assert.equal(asked(house, /calls/)[0]?.body.number, '+46701740612')
    await page.getByRole('article', { name: 'Linje 1' }).getByText('Ringer').waitFor()
  }))

test('a voicemail is named in the language of the page, and played back', () =>
  desk('/chat/104', async ({ page }) => {
    await page.locator('a.ibx', { hasText: 'Röstmeddelande' }).filter({ hasNotText: 'Voicemail' }).waitFor()
    await page.getByRole('button', { name: /^Spela/ }).click()
    await page.getByRole('button', { name: /^Pausa/ }).waitFor()
    await fact('the sound moves', () => page.evaluate(() => (document.querySelector('audio')?.currentTime ?? 0) > 0))
  }))

test('the palette finds people, cases and commands', () =>
  desk('/chat', async ({ page }) => {
    await page.keyboard.press('Control+KeyK')
    await page.getByRole('searchbox').waitFor()
    await page.keyboard.type('mörkt')
    await page.locator('.menu-item.is-active', { hasText: 'Mörkt' }).waitFor()
    await page.keyboard.press('Enter')
    await fact('the theme changed', () => page.evaluate(() => document.documentElement.dataset.theme === 'dark'))
    await page.keyboard.press('Control+KeyK')
    await page.getByRole('searchbox').waitFor()
    await page.keyboard.type('anna')
    await page.getByRole('menuitem', { name: /Anna Andersson.*\+46/ }).click()
    await page.waitForURL('**/customers/11')
  }))

test('the language changes at once, and is remembered', () =>
  desk('/settings/appearance', async ({ page, house }) => {
    await page.getByText('Engelska').click()
    await page.getByRole('heading', { name: 'Language and theme' }).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
    await page.reload()
    await page.getByRole('tab', { name: 'Customers' }).waitFor()
    assert.equal(asked(house, /^\/me$/)[0]?.body.language, 'en')
  }))

test('on break only status, messages and settings can be used', () =>
  desk(
    '/chat/101',
    async ({ page, house }) => {
      await page.getByText('Du har rast').waitFor()
      assert.equal(await page.locator('.desk').evaluate((e) => (e as HTMLElement).inert), true)
      await page.getByRole('button', { name: 'Bli tillgänglig' }).click()
      await fact('available', () => asked(house, /status/)[0]?.body.status === 'available')
      await fact('the desk opens', () => page.locator('.desk').evaluate((e) => !(e as HTMLElement).inert))
    },
    (h) => (h.presence = { ...h.presence, intent: 'on_break', status: 'on_break', status_code: 'lunch', units: 0, holds: [] }),
  ))

test('five thousand rows: only those in view are in the page', () =>
  desk(
    '/chat',
    async ({ page }) => {
      await page.getByRole('link', { name: /Kund 0001/ }).waitFor()
      assert.ok((await page.locator('a.ibx').count()) < 60)
      await fact('the end is reached', async () => {
        await page.locator('.pane--list .side-scroll').evaluate((e) => void e.scrollTo(0, e.scrollHeight))
        return page.getByRole('link', { name: /Kund 5000/ }).isVisible()
      })
    },
    (h) => (h.interactions = Array.from({ length: 5000 }, (_, n) => ({ ...sample.interactions[0]!, id: String(10_000 + n), conversation: String(90_000 + n), customer_name: `Kund ${String(n + 1).padStart(4, '0')}`, arrived_at: new Date(1e12 + n * 1000).toISOString() }))),
  ))

test('staff chat: a line goes out and an answer comes in', () =>
  desk('/messages/901', async ({ page, house }) => {
    await page.getByRole('textbox', { name: /Skriv till Erik Sjöberg/ }).fill('Tack!')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Tack!', { exact: true }).waitFor()
    await fact('it was sent', () => asked(house, /staff-chats\/901\/messages/).length === 1)
    const answer = { ...sample.staffEntries[2]!, pos: 9, text: 'Varsågod!' }
    house.staffEntries.push(answer)
    house.tell('message.created', answer, { conversation: '901' })
    await page.getByText('Varsågod!').first().waitFor()
  }))
