// What supervisors and administrators do: another's status, the things of the house, the keys.

import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { asked, desk, fact, faults } from './browser'
import { test } from './test'

const administrator = (h: House) => void (h.role = 'administrator')

test('a supervisor sets an agent’s status with a code, and logs one out at once', () =>
  desk('/status', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Åtgärder för Nils Ek' }).click()
    await page.getByRole('menuitem', { name: 'Sätt status' }).click()
    await page.getByRole('menuitem', { name: 'Rast' }).click()
    await page.getByRole('menuitem', { name: 'Lunch' }).click()
    await fact('the status was set', () => asked(house, /agents\/3\/status/).length === 1)
    assert.deepEqual(asked(house, /agents\/3\/status/)[0]?.body, { status: 'on_break', code: 'lunch' })
    await page.getByRole('row', { name: /Nils Ek.*Rast/ }).waitFor()
    await page.getByRole('button', { name: 'Åtgärder för Tilda Ahl' }).click()
    await page.getByRole('menuitem', { name: 'Logga ut nu' }).click()
    await fact('the agent was logged out', () => asked(house, /agents\/9\/status/).length === 1)
    assert.deepEqual(asked(house, /agents\/9\/status/)[0]?.body, { status: 'logged_out', force: true })
  }))

test('a queue is changed by what differs, and nothing is sent before it is saved', () =>
  desk(
    '/settings/queues/2',
    async ({ page, house }) => {
      await page.getByLabel('Larma efter').fill('240')
      await page.getByRole('button', { name: 'Nytt steg', exact: true }).click()
      await page.getByLabel('Steg 3: gör').selectOption('offer_callback')
      await page.getByRole('switch', { name: 'Återuppringning' }).press('Space')
      await page.getByText('3 osparade ändringar').waitFor()
      assert.equal(asked(house, /admin/).length, 0)
      await page.keyboard.press('Control+KeyS')
      await page.getByText('osparade ändringar').waitFor({ state: 'detached' })
      const [sent] = asked(house, /admin\/queues\/2/)
      assert.deepEqual(Object.keys(sent!.body).sort(), ['channels', 'max_wait', 'steps'])
      assert.equal(sent!.body.max_wait, 240)
      assert.deepEqual((sent!.body.steps as object[])[2], { after: 240, do: 'offer_callback' })
      assert.equal(sent!.ifMatch, '2')
    },
    administrator,
  ))

test('a colleague who saved first is not overwritten; what was written stays', () =>
  desk(
    '/settings/groups/1',
    async ({ page, house }) => {
      house.conflicts = true
      await page.getByLabel('Namn').fill('Kundvård')
      await page.getByRole('button', { name: 'Spara' }).click()
      await page.getByText('Någon annan har sparat').waitFor()
      house.conflicts = false
      await page.getByRole('button', { name: 'Läs om' }).click()
      await page.getByText('Någon annan har sparat').waitFor({ state: 'detached' })
      assert.equal(await page.getByLabel('Namn').inputValue(), 'Kundvård')
      await page.getByRole('button', { name: 'Spara' }).click()
      await page.getByText('osparad ändring').waitFor({ state: 'detached' })
    },
    administrator,
  ))

test('an agent is added and opens; memberships and skills go along', () =>
  desk(
    '/settings/agents',
    async ({ page, house }) => {
      await page.getByRole('link', { name: 'Ny operatör' }).click()
      await page.setViewportSize({ width: 1100, height: 800 })
      await page.locator('.set-body .switch').first().waitFor() // it hid with the panel's own once
      await page.getByLabel('Namn').fill('Vera Strand')
      await page.getByRole('switch', { name: 'Faktura' }).press('Space')
      await page.getByLabel('Faktura: nivå').selectOption('3')
      await page.getByLabel('leverans: nivå').selectOption('4')
      await page.getByRole('button', { name: 'Skapa' }).click()
      await page.waitForURL(/settings\/agents\/\d+/)
      const [sent] = asked(house, /admin\/agents/)
      assert.deepEqual(sent?.body.memberships, [{ queue: '1', enabled: true, level: 3 }])
      assert.deepEqual(sent?.body.skills, [{ skill: '2', level: 4 }])
    },
    administrator,
  ))

test('a new login shows its password once', () =>
  desk(
    '/settings/logins',
    async ({ page }) => {
      await page.getByRole('button', { name: 'Ny inloggning' }).click()
      await page.getByLabel('Användarnamn').fill('vera')
      await page.getByRole('button', { name: 'Skapa' }).click()
      await page.getByText('bärnsten-tall-42').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Stäng' }).last().click()
      await page.getByText('bärnsten-tall-42').waitFor({ state: 'detached' })
    },
    administrator,
  ))

test('who does not administer sees only the own settings', () =>
  desk(
    '/settings/queues',
    async ({ page }) => {
      await page.getByRole('heading', { name: 'Profil' }).waitFor()
      assert.equal(await page.getByRole('link', { name: 'Köer' }).count(), 0)
    },
    (h) => (h.role = 'agent'),
  ))

test('help lists the keys, from anywhere', () =>
  desk('/chat', async ({ page }) => {
    await page.keyboard.press('Control+Slash')
    await page.getByRole('dialog').getByText('Acceptera erbjudande').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }))

test('a thousand agents: only those in view are in the page', () =>
  desk(
    '/status',
    async ({ page }) => {
      await page.getByRole('row', { name: /Operatör 0001/ }).waitFor()
      assert.ok((await page.locator('.tbl-card--tall tbody tr').count()) < 80)
      await fact('the end is reached', async () => {
        await page.locator('.tbl-card--tall').evaluate((e) => void e.scrollTo(0, e.scrollHeight))
        return page.getByRole('row', { name: /Operatör 1000/ }).isVisible()
      })
    },
    (h) => (h.agents = Array.from({ length: 1000 }, (_, n) => ({ ...h.agents[0]!, id: String(1000 + n), name: `Operatör ${String(n + 1).padStart(4, '0')}` }))),
  ))

test('a supervisor changes where an agent works, at once', () =>
  desk('/status', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Åtgärder för Nils Ek' }).click()
    await page.getByRole('menuitem', { name: 'Köer' }).click()
    const there = page.getByRole('dialog').getByRole('switch', { name: 'Företag' })
    await there.press('Space')
    await fact('the membership was set', () => asked(house, /agents\/3\/queues\/5/).length === 1)
    assert.equal(asked(house, /agents\/3\/queues\/5/)[0]?.body.enabled, true)
    await fact('the switch follows', () => there.isChecked())
  }))

test('a supervisor gives what waits to an agent', () =>
  desk('/email/201', async ({ page, house }) => {
    await page.getByRole('button', { name: 'Ge till' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /Nils Ek/ }).first().click()
    await dialog.getByRole('button', { name: 'Ge till Nils Ek' }).click()
    await fact('it was given', () => asked(house, /201\/assign/).length === 1)
    assert.deepEqual(asked(house, /201\/assign/)[0]?.body, { agent: '3' })
    await dialog.waitFor({ state: 'detached' })
  }))

test('a queue draws its last hour', () =>
  desk('/status', async ({ page }) => {
    await page.getByRole('img', { name: /^Leverans: .* senaste 60 min/ }).waitFor()
  }))

test('an agent whom a supervisor logged out is told, and finds the way back', () =>
  desk('/chat', async ({ page, house }) => {
    await fact('the socket is there', () => house.consoles === 1)
    house.presence = { ...house.presence, intent: 'logged_out', status: 'logged_out', holds: [], units: 0, rev: house.presence.rev + 1 }
    house.tell('agent.status', house.presence)
    await page.getByText('Du är utloggad ur köerna').waitFor()
    await page.getByRole('button', { name: 'Bli tillgänglig' }).click()
    await fact('available', () => asked(house, /me\/status/)[0]?.body.status === 'available')
  }))

test('the rules of the house are changed by what differs, and the list of codes knows declining', () =>
  desk(
    '/settings/rules',
    async ({ page, house }) => {
      await page.getByLabel('Turordning').selectOption('fifo')
      await page.getByLabel('Chatt: del av en operatör').fill('16')
      await page.getByLabel('Chatt: högst').fill('6')
      await page.getByText('Lås raster').click()
      await page.keyboard.press('Control+KeyS')
      await fact('the rules are saved', () => asked(house, /admin\/rules/).length === 1)
      assert.deepEqual(asked(house, /admin\/rules/)[0]?.body, { order: 'fifo', costs: { chat: 16 }, caps: { chat: 6 }, break_lock: true })
      assert.deepEqual(await faults(page), [])
      await page.goto(new URL('/settings/status-codes/new', page.url()).href)
      await page.getByLabel('Namn, svenska').fill('Fel språk')
      await page.getByLabel('Kod', { exact: false }).first().fill('language')
      await page.getByLabel('Status', { exact: true }).selectOption('decline')
      await page.getByLabel('Bara för').selectOption({ label: 'Nils Ek' })
      await page.getByRole('button', { name: 'Skapa' }).click()
      await fact('the code is there', () => asked(house, /admin\/status-codes/).length === 1)
      const made = asked(house, /admin\/status-codes/)[0]!.body
      assert.deepEqual([made.intent, made.code, made.agents], ['decline', 'language', ['3']])
    },
    (h) => (h.role = 'administrator'),
  ))

test('a queue says what becomes of those it cannot let in, and of each step what it needs', () =>
  desk(
    '/settings/queues/2',
    async ({ page, house }) => {
      await page.getByRole('button', { name: 'När kön är stängd: Nytt steg' }).click()
      await page.getByLabel('När kön är stängd: Steg 1: gör').selectOption('external')
      await page.getByLabel('När kön är stängd: Steg 1: nummer').fill('+46846500410')
      await page.getByLabel('När kön är stängd: Steg 1: kanal').selectOption('voice')
      await page.getByLabel('Steg 2: gör', { exact: true }).selectOption('drop_skill')
      await page.getByLabel('Steg 2: färdighet').waitFor()
      await page.getByRole('group', { name: 'E-post' }).getByLabel('Tiden räknas').selectOption('calendar')
      await page.getByRole('group', { name: 'E-post' }).getByText('Åt samtal och chattar').click()
      assert.deepEqual(await faults(page), [])
      await page.keyboard.press('Control+KeyS')
      await fact('the queue is saved', () => asked(house, /admin\/queues\/2/).length === 1)
      const { body } = asked(house, /admin\/queues\/2/)[0]!
      assert.deepEqual(body.on_closed, [{ after: 0, channels: ['voice'], do: 'external', to: '+46846500410' }])
      const mail = (body.channels as Record<string, Record<string, unknown>>).email!
      assert.deepEqual([mail.clock, mail.interruptible], ['calendar', true])
    },
    (h) => (h.role = 'administrator'),
  ))

test('a supervisor lets mail in from quarantine, blocks a sender and lets one go', () =>
  desk('/settings/quarantine', async ({ page, house }) => {
    await page.getByRole('row', { name: /Du har vunnit.*Avsändaren är blockerad/ }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'Källa till Offert' }).getAttribute('href'), '/api/v1/admin/quarantine/1/source')
    await page.getByRole('button', { name: 'Läs på nytt: Offert' }).click()
    await page.getByRole('link', { name: 'Till ärendet' }).waitFor()
    await page.getByRole('row', { name: /Offert/ }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Blockerade avsändare' }).click()
    await page.getByRole('textbox', { name: 'Avsändare' }).fill('reklam@post.example')
    await page.getByRole('button', { name: 'Blockera', exact: true }).click()
    await page.getByRole('row', { name: /reklam@post.example/ }).waitFor()
    assert.deepEqual(asked(house, /blocked-senders$/).find((r) => r.method === 'POST')?.body, { who: 'reklam@post.example' })
    await page.getByRole('button', { name: 'Släpp @vinst.example' }).click()
    await page.getByRole('row', { name: /vinst/ }).waitFor({ state: 'detached' })
  }))

test('a supervisor sees why visitors are blocked, blocks a network and lifts a block', () =>
  desk('/settings/blocked-visitors', async ({ page, house }) => {
    await page.getByRole('row', { name: /butik\/4711.*Hotar.*Tills vidare/ }).waitFor()
    await page.getByRole('textbox', { name: 'Nätverk' }).fill('203.0.113.0/24')
    await page.getByRole('textbox', { name: 'Varför' }).fill('Reklam')
    await page.getByRole('textbox', { name: 'Dagar' }).fill('7')
    await page.getByRole('button', { name: 'Blockera', exact: true }).click()
    await page.getByRole('row', { name: /203\.0\.113\.0\/24.*Reklam/ }).waitFor()
    const { body } = asked(house, /blocked-visitors$/).find((r) => r.method === 'POST')!
    assert.equal(body.network, '203.0.113.0/24')
    const days = (Date.parse(String(body.until)) - Date.now()) / 86_400_000
    assert.ok(days > 6.9 && days < 7.1, `${days} days`)
    await page.getByRole('button', { name: 'Häv blockeringen av butik/4711' }).click()
    await page.getByRole('row', { name: /4711/ }).waitFor({ state: 'detached' })
  }))

test('blocked visitors come page by page', () =>
  desk(
    '/settings/blocked-visitors',
    async ({ page }) => {
      await page.getByRole('row', { name: /203\.0\.113\.101 / }).waitFor()
      assert.equal(await page.getByRole('row', { name: /203\.0\.113\.1 / }).count(), 0)
      await page.getByRole('button', { name: 'Mer', exact: true }).click()
      await page.getByRole('row', { name: /203\.0\.113\.1 / }).waitFor()
      await page.getByRole('button', { name: 'Mer', exact: true }).waitFor({ state: 'detached' })
      assert.equal(await page.getByRole('row').count(), 102) // the head, too
    },
    (h) => (h.blockedVisitors = Array.from({ length: 101 }, (_, n) => ({ ...h.blockedVisitors[0]!, id: String(n + 1), by: 'network' as const, who: `203.0.113.${n + 1}` }))),
  ))

test('a supervisor finds who wants no automatic mail, adds one, and lets one have it again once asked twice', () =>
  desk('/settings/unsubscribed', async ({ page, house }) => {
    await page.getByRole('row', { name: /"per olof"@vinst\.example.*Ett mejl/ }).waitFor()
    await page.getByRole('textbox', { name: 'Sök adress' }).fill('fjall')
    await page.getByRole('row', { name: /vinst/ }).waitFor({ state: 'detached' })
    await page.getByRole('row', { name: /per@fjallgarden\.example.*Länken i ett mejl.*Anmäl/ }).waitFor()
    await page.getByRole('textbox', { name: 'Sök adress' }).fill('ingen')
    await page.getByText('Ingen avanmäld adress har de orden').waitFor()
    await page.getByRole('textbox', { name: 'Sök adress' }).fill('')
    await page.getByRole('textbox', { name: /^Adress/ }).fill(' ny@kund.example ')
    await page.getByRole('button', { name: 'Avanmäl', exact: true }).click()
    await page.getByRole('row', { name: /ny@kund\.example.*Sagt till någon här/ }).waitFor()
    assert.deepEqual(asked(house, /unsubscribed$/)[0]?.body, { address: 'ny@kund.example' })
    await page.getByRole('button', { name: 'Anmäl per@fjallgarden.example igen' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Avbryt' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.deepEqual(asked(house, /unsubscribed\//), [])
    await page.getByRole('button', { name: 'Anmäl per@fjallgarden.example igen' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Anmäl igen' }).click()
    await page.getByRole('row', { name: /fjallgarden/ }).waitFor({ state: 'detached' })
    assert.deepEqual(asked(house, /unsubscribed\//).map((r) => [r.method, r.path]), [['DELETE', '/admin/unsubscribed/1']])
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }))

test('an administrator says what a word means, changes it and takes it away', () =>
  desk(
    '/settings/synonyms',
    async ({ page, house }) => {
      await page.getByRole('textbox', { name: 'Ord' }).fill('skruvmejsel')
      await page.getByRole('textbox', { name: 'Betyder' }).fill('mejsel, , verktyg')
      await page.getByRole('button', { name: 'Spara' }).click()
      await page.getByRole('row', { name: /skruvmejsel.*mejsel, verktyg.*Svenska/ }).waitFor()
      assert.equal(await page.getByRole('textbox', { name: 'Ord' }).inputValue(), '')
      await page.getByRole('button', { name: 'Ändra bill' }).click()
      await page.getByRole('textbox', { name: 'Betyder' }).fill('invoice, payment')
      await page.getByRole('button', { name: 'Spara' }).click()
      await page.getByRole('row', { name: /bill.*invoice, payment.*Engelska/ }).waitFor()
      assert.deepEqual(asked(house, /synonyms/).map((r) => r.body), [
        { language: 'sv', word: 'skruvmejsel', means: ['mejsel', 'verktyg'] },
        { language: 'en', word: 'bill', means: ['invoice', 'payment'] },
      ])
      await page.getByRole('button', { name: 'Ta bort kamin' }).click()
      await page.getByRole('row', { name: /kamin/ }).waitFor({ state: 'detached' })
    },
    administrator,
  ))

const shows = (page: Page, text: RegExp) => page.getByRole('listitem').filter({ hasText: text }).waitFor()

test('an administrator plans a platform switch, moves it, calls it off, and sees what was still there', () =>
  desk(
    '/settings/nodes',
    async ({ page, house }) => {
      await shows(page, /north1.*Arbetar.*3 samtal, 7 konsoler, 12 besökare, läser brevlådorna, leder köerna/)
      await shows(page, /north2.*Tiden gick ut.*1 samtal.*När tiden gick ut: 3 samtal, 2 konsoler. 2 samtal avslutades/)
      await shows(page, /north3.*Byter.*kan leda köerna.*inget/)
      await shows(page, /north4.*Svarar inte/)
      await page.getByRole('button', { name: 'Byt plattform: north1' }).click()
      await page.getByLabel('Börjar').selectOption('at')
      assert.ok(await page.getByRole('button', { name: 'Planera' }).isDisabled())
      await page.getByLabel('Tidpunkt').fill('2031-05-06T22:30')
      await page.getByLabel('Tid att bli klar').fill('45')
      await page.getByRole('button', { name: 'Planera' }).click()
      await shows(page, /north1.*Byter 6 maj 2031 22:30/)
      assert.deepEqual(asked(house, /north1\/drain/)[0]?.body, { at: '2031-05-06T20:30:00.000Z', deadline: 2700, final: 600 })
      await page.getByRole('button', { name: 'Ändra bytet: north1' }).click()
      await page.getByRole('button', { name: 'Börja nu' }).click()
      await shows(page, /north1.*Töms, till/)
      await page.getByRole('button', { name: 'Avbryt bytet: north1' }).click()
      await shows(page, /north1.*Arbetar/)
      assert.deepEqual(asked(house, /north1\/drain/).map((r) => r.method), ['POST', 'POST', 'DELETE'])
    },
    administrator,
  ))

test('the same by the keyboard: from the list to a switch at once, and back', () =>
  desk(
    '/settings/nodes',
    async ({ page, house }) => {
      const until = async (key: string, name: RegExp) =>
        fact(`${name} has the focus`, async () => {
          await page.keyboard.press(key)
          return name.test(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''))
        })
      await shows(page, /north1/)
      assert.deepEqual(await faults(page), [])
      await until('Tab', /^Byt plattform: north1$/)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await until('Tab', /^Börja nu$/)
      await page.keyboard.press('Enter')
      await shows(page, /north1.*Töms, till/)
      assert.deepEqual(asked(house, /north1\/drain/)[0]?.body, { deadline: 1800, final: 600 })
      await until('Tab', /^Avbryt bytet: north1$/)
      await page.keyboard.press('Enter')
      await shows(page, /north1.*Arbetar/)
    },
    administrator,
  ))

test('agents hear of a planned switch, and when it is called off', () =>
  desk('/chat', async ({ page, house }) => {
    await fact('the socket is there', () => house.consoles === 1)
    house.tell('drain.notice', { phase: 'planned', node: 'a', since: '2031-05-06T20:30:00Z', deadline: '2031-05-06T21:00:00Z' })
    await page.getByText('Plattformsbyte 22:30: arbeta som vanligt').waitFor()
    house.tell('drain.notice', { phase: 'final', node: 'a', deadline: '2031-05-06T21:00:00Z' })
    await page.getByText('Plattformsbyte: snart stängs den gamla plattformen').waitFor()
    house.lines = structuredClone(sample.lines)
    house.put(sample.call)
    house.tell('call.changed', {})
    await page.getByText('Plattformsbyte: avsluta samtalet nu').waitFor() // who has one
    house.tell('drain.notice', { phase: 'planned', node: 'a', since: '2031-05-06T20:30:00Z', deadline: '2031-05-06T21:00:00Z' })
    house.tell('drain.notice', { phase: 'over', node: 'a' })
    await page.getByText('Plattformsbyte 22:30').waitFor({ state: 'detached' })
  }))

test('an administrator vouches for a number that is saved, and sees that it may ring', () =>
  desk(
    '/settings/agents/1',
    async ({ page, house }) => {
      const row = (number: string) => page.getByRole('listitem').filter({ hasText: number })
      await page.getByLabel('Nummer eller SIP-adress').fill('+46 70 174 06 05')
      await page.getByRole('button', { name: 'Lägg till', exact: true }).click()
      await row('174 06 05').getByText('Spara först').waitFor()
      await row('390 06').getByText('Inte verifierat').waitFor()
      await page.getByRole('button', { name: /^Intyga att \+46313900608/ }).click()
      await row('390 06').getByText('Verifierat', { exact: true }).waitFor()
      await fact('it was vouched for', () => asked(house, /agents\/1\/phones\/1\/verify/).length === 1)
      await page.getByText('1 osparad ändring').waitFor()
      await page.getByRole('button', { name: 'Spara', exact: true }).click()
      await page.getByRole('button', { name: 'Spara', exact: true }).waitFor({ state: 'detached' })
      assert.equal(asked(house, /admin\/agents\/1$/)[0]?.ifMatch, '4')
    },
    administrator,
  ))
