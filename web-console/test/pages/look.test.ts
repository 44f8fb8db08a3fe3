// Every page in both themes, wide and narrow (the working pages also in between): nothing for an automatic WCAG check to find, no
// sideways scrolling, no complaint of the browser (the policy is the server's own).

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import type { Alert } from '../../src/api/types'
import * as sample from '../fixture/data'
import type { House } from '../fixture/server'
import { faults, fits, observed, sit, sixChats, whispered, type View } from './browser'
import { test } from './test'

const shots = process.env.SHOTS // a folder for pictures of what was checked
if (shots) await mkdir(shots, { recursive: true })

interface Scene {
  path: string
  shows: string
  anew?: boolean // for each view: a menu that is open keeps its place when a window changes
  arrange?: (h: House) => void
  act?: (p: Page, h: House) => Promise<void>
}

const reply = (p: Page) => p.getByRole('textbox', { name: 'Svar' })

const waitsTooLong = (id: string, kind: Alert['kind']): Alert => ({ id, kind, interaction: '101', channel: 'chat', case: '4101', queue: '1', at: sample.ago(200), open: true, queue_name: 'Leverans', customer_name: 'Karin Holm', case_number: 1042 })

/** A page of what administrators keep. */
const kept = (name: string, path: string, shows: string, act?: Scene['act']): Record<string, Scene> => ({ [`kept-${name}`]: { path, shows, act, arrange: (h) => (h.role = 'administrator') } })

const scenes: Record<string, Scene> = {
  workspace: {
    path: '/chat/101',
    shows: 'Toppen.',
    arrange: (h) => h.offers.push(sample.offer(120, 100)),
    act: async (p) => {
      await reply(p).fill('Här står hur det går till: /åter')
      await p.getByRole('option', { name: /återbetalning/ }).waitFor()
    },
  },
  email: {
    path: '/email/103',
    shows: 'kvitto-20874.pdf',
    act: async (p, h) => {
      await reply(p).fill('Hej Per!')
      h.say(sample.lateMail)
      await p.getByText('Per skrev igen').waitFor()
    },
  },
  'wrap-up': { path: '/email/107', shows: 'Ersättning skickad', arrange: (h) => h.interactions.push(sample.wrapUp), act: (p) => p.getByRole('option', { name: 'Skadad vara' }).click() },
  voicemail: { path: '/chat/104', shows: '0:42' },
  phone: { path: '/phone', shows: 'Anteckning under samtalet', arrange: (h) => (h.interactions.push(sample.call), (h.lines = structuredClone(sample.lines))) },
  'two-lines': { path: '/phone', shows: 'Slå samman linjer', arrange: (h) => (h.interactions.push({ ...sample.call, phase: 'consult', others: ['2'], colleagues: [{ id: '2', name: 'Erik Sjöberg' }], actions: undefined }), (h.lines = sample.lines.map((l) => ({ ...l, state: 'held' as const })))) },
  'line-outside': { path: '/phone', shows: 'Linje 2 · utanför', arrange: (h) => (h.interactions.push({ ...sample.call, phase: 'consult', line_2: 'outside', outside: true, actions: undefined }), (h.lines = [...structuredClone(sample.lines), { no: 2, interaction: '108', state: 'talking', number: '+46701112233', since: sample.ago(47), outside: true }])) },
  'transfer-outside': {
    path: '/phone',
    shows: 'Anteckning under samtalet',
    arrange: (h) => (h.interactions.push(sample.call), (h.lines = structuredClone(sample.lines))),
    act: async (p) => (await p.getByRole('button', { name: 'Överför' }).click(), await p.getByRole('dialog').getByRole('textbox').first().fill('0701112233'), p.getByRole('dialog').getByRole('button', { name: /46 70 111 22 33/ }).click()),
  },
  'chat-consult': { path: '/chat/101', shows: 'läser med', arrange: (h) => Object.assign(h.interactions[0]!, { phase: 'consult', others: ['2'], colleagues: [{ id: '2', name: 'Erik Sjöberg' }] }) },
  'call-wrap-up': { path: '/phone', shows: 'Ersättning skickad', arrange: (h) => h.interactions.push({ ...sample.wrapUp, channel: 'voice' }), act: (p) => p.getByRole('option', { name: 'Skadad vara' }).click() },
  status: { path: '/status', shows: 'Leverans' },
  messages: { path: '/messages/supervisors', shows: 'Fredagsfika' },
  drain: { path: '/chat/101', shows: 'Toppen.', act: async (p, h) => (h.tell('drain.notice', { phase: 'final', node: 'a', deadline: new Date(Date.now() + 580_000).toISOString() }), p.getByText('snart stängs den gamla plattformen').waitFor()) },
  alerts: { path: '/status', shows: 'Leverans', arrange: (h) => (h.alerts = [waitsTooLong('17-0', 'unanswered'), waitsTooLong('18-0', 'max_wait')]), act: (p) => p.getByText(/svarar/).first().waitFor() },
  'new-mail': { path: '/email', shows: 'Skadad leverans', anew: true, act: async (p) => (await p.getByRole('button', { name: 'Nytt mejl' }).first().click(), p.getByRole('dialog').waitFor()) },
  'rich-mail': {
    path: '/email/103',
    shows: 'kvitto-20874.pdf',
    arrange: (h) => h.keep('8103', 'reply', 0, { text: 'x', html: '<p>Hej <strong>Per</strong>, så här gör du:</p><ol><li>Lägg stången i <em>påsen</em></li><li>Klistra på <a href="https://nordvind.example/retur">retursedeln</a><ul><li>den vita</li></ul></li></ol><blockquote><p>Ena stången är av.</p></blockquote>' }),
    act: (p) => p.getByRole('textbox', { name: 'Svar' }).getByText('retursedeln').waitFor(),
  },
  'macro-form': { path: '/settings/macros', shows: 'Tack och vänta', anew: true, arrange: (h) => (h.role = 'administrator'), act: async (p) => (await p.getByRole('button', { name: 'Ändra Tack och vänta' }).click(), p.getByRole('group', { name: 'Transaktionskoder: Resultat' }).waitFor()) },
  'follow-up': { path: '/email/103', shows: 'kvitto-20874.pdf', anew: true, act: async (p) => (await p.getByRole('button', { name: 'Följ upp' }).click(), p.getByRole('dialog').waitFor()) },
  forward: { path: '/email/103', shows: 'kvitto-20874.pdf', act: async (p) => (await p.getByRole('tab', { name: 'Vidarebefordra' }).click(), p.getByText('följer med').first().waitFor()) },
  'staff-chat': { path: '/messages/901', shows: 'Jag ringer ekonomi nu.' },
  'messages-compose': {
    path: '/messages/supervisors',
    shows: 'Fredagsfika',
    act: async (p) => (await p.getByRole('tab', { name: 'Valda' }).click(), await p.getByText('Leverans').first().click(), await p.getByRole('tab', { name: 'Sända' }).click(), await p.getByText('Läst av 3 av 12').click(), p.getByText('Inte läst').waitFor()),
  },
  urgent: { path: '/chat/101', shows: 'Toppen.', arrange: (h) => h.supervisorMessages.unshift({ ...sample.supervisorMessages[0]!, id: '3', urgent: true }), act: (p) => p.getByRole('alertdialog').waitFor() },
  beside: { path: '/chat/101', shows: 'Toppen.', arrange: (h) => whispered(h), act: (p) => p.getByText('Fråga efter ordernumret').waitFor() },
  'not-live': { path: '/chat/301', shows: 'Var är mitt paket?', arrange: (h) => (observed(h), (h.role = 'agent')), act: (p) => p.getByText('Du ser den som den var').waitFor() },
  observing: { path: '/chat/301', shows: 'Var är mitt paket?', arrange: (h) => observed(h), act: (p) => p.getByText('Kunden märker inget').waitFor() },
  grid: { path: '/chats', shows: 'Toppen.', arrange: (h) => sixChats(h), act: async (p) => p.locator('.grid-cell').nth(5).waitFor({ state: 'attached' }) },
  customer: { path: '/customers/11', shows: 'Faktura efter retur' },
  case: { path: '/cases/4101', shows: 'Stäng ärendet' },
  article: { path: '/knowledge/31', shows: '30 dagars' },
  analysis: { path: '/analysis', shows: 'Per kanal' },
  profile: { path: '/settings', shows: 'Visningsnamn' },
  'help-keys': { path: '/chat', shows: 'Inkorg', act: async (p) => (await p.keyboard.press('Control+Slash'), p.getByText('Statusmenyn').waitFor()) },
  'agent-menu': { anew: true, path: '/status', shows: 'Tilda Ahl', act: async (p) => (await p.getByRole('button', { name: 'Åtgärder för Tilda Ahl' }).click(), p.getByText('Sätt status').waitFor()) },
  'agent-queues': { path: '/status', shows: 'Tilda Ahl', act: async (p) => (await p.getByRole('button', { name: 'Åtgärder för Tilda Ahl' }).click(), await p.getByRole('menuitem', { name: 'Köer' }).click(), p.getByRole('dialog').getByText('Produktråd').waitFor()) },
  shortcuts: { path: '/settings/shortcuts', shows: 'Statusmenyn' },
  ...kept('queues', '/settings/queues', 'Retur & återköp'),
  ...kept('queue', '/settings/queues/2', 'Erbjudandet gäller', (p) => p.getByLabel('Namn, svenska').fill('Leverans och frakt')),
  ...kept('agents', '/settings/agents', 'Tilda Ahl'),
  ...kept('agent', '/settings/agents/9', 'Fördröjningen'),
  ...kept('groups', '/settings/groups', 'Kundservice'),
  ...kept('skill', '/settings/skills/2', 'lang:sv'),
  ...kept('status-codes', '/settings/status-codes', 'Kaffe'),
  ...kept('status-code', '/settings/status-codes/1', 'Ändras aldrig'),
  ...kept('outcomes', '/settings/outcomes', 'Anledning'),
  ...kept('outcome-list', '/settings/outcomes/1', 'Försenad'),
  ...kept('calendar', '/settings/calendars/1', 'Kontorstid'),
  ...kept('rules', '/settings/rules', 'Turordning'),
  ...kept('synonyms', '/settings/synonyms', 'stormkök'),
  ...kept('mailboxes', '/settings/mailboxes', 'Lösenordet gäller inte'),
  ...kept('quarantine', '/settings/quarantine', 'Du har vunnit'),
  ...kept('blocked-senders', '/settings/blocked-senders', '@vinst.example'),
  ...kept('blocked-visitors', '/settings/blocked-visitors', 'butik/4711'),
  ...kept('unsubscribed', '/settings/unsubscribed', 'per@fjallgarden.example', async (p) => (await p.getByRole('button', { name: 'Anmäl per@fjallgarden.example igen' }).click(), p.getByRole('dialog').waitFor())),
  ...kept('nodes', '/settings/nodes', 'north1'),
  ...kept('nodes-switch', '/settings/nodes', 'north1', async (p) => (await p.getByRole('button', { name: 'Byt plattform: north1' }).click(), await p.getByLabel('Börjar').selectOption('at'), p.getByLabel('Tidpunkt').waitFor())),
  ...kept('logins', '/settings/logins', 'byter lösenord'),
  ...kept('audit', '/settings/audit', 'queue.changed'),
  'sign-in': { path: '/', shows: 'Kundtjänstens konsol', arrange: (h) => (h.signedIn = false) },
  empty: { path: '/chat', shows: 'Inget väntar på dig', arrange: (h) => (h.interactions = []) },
  broken: { path: '/chat', shows: 'Försök igen', arrange: (h) => ((h.interactions = []), h.broken.add('/interactions')) },
  'no-contact': { path: '/chat/101', shows: 'Toppen.', act: async (p, h) => (h.broken.add('/socket'), h.cut(), p.getByText('Ingen kontakt med servern').waitFor()) },
  'status-menu': {
    anew: true,
    path: '/chat',
    shows: 'Inkorg',
    act: async (p) => {
      await p.getByRole('button', { name: /Välj status/ }).click()
      await p.getByRole('menuitem', { name: 'Rast' }).click()
      await p.getByRole('menuitem', { name: 'Lunch' }).waitFor()
    },
  },
  why: { path: '/chat/101', shows: 'Toppen.', act: async (p) => (await p.getByRole('button', { name: 'Varför den här operatören' }).click(), p.getByText('Nils Ek svarade inte').waitFor()) },
  transfer: { path: '/chat/101', shows: 'Toppen.', act: async (p) => (await p.getByRole('button', { name: 'Överför' }).click(), p.getByText('Nils Ek').waitFor()) },
  palette: { path: '/chat', shows: 'Inkorg', act: async (p) => (await p.keyboard.press('Control+KeyK'), p.getByText('Gå till Kunder').waitFor()) },
}

const working = new Set(['grid', 'beside', 'kept-queue', 'kept-agent', 'workspace', 'email', 'wrap-up', 'phone', 'two-lines', 'line-outside', 'status', 'case'])
const views: Record<string, View> = { 'light-1440': {}, 'dark-1440': { theme: 'dark' }, 'light-1100': { width: 1100 }, 'dark-768': { theme: 'dark', width: 768, height: 1024 }, 'dark-390': { theme: 'dark', width: 390, height: 844 } }
const expected = /status of (401|500)|WebSocket connection/ // what the scene itself broke

/** What moves has come to rest, but for what pulses for ever. */
const still = (p: Page) => p.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => {}))))

type Sight = [at: string, view: View]

async function look(name: string, scene: Scene, sights: Sight[]) {
  const d = await sit(scene.path, sights[0]![1], scene.arrange)
  try {
    await d.page.getByText(scene.shows).first().waitFor({ state: 'attached' })
    await scene.act?.(d.page, d.house)
    for (const [at, { theme, width = 1440, height = 900 }] of sights) {
      await d.page.emulateMedia({ colorScheme: theme ?? 'light' })
      await d.page.setViewportSize({ width, height })
      await still(d.page)
      if (shots) await d.page.screenshot({ path: `${shots}/${name}-${at}.png` })
      assert.deepEqual(await faults(d.page), [], `${name} ${at}`)
      assert.ok(await fits(d.page), `${name} ${at} scrolls sideways`)
      assert.deepEqual(d.errors.filter((e) => !expected.test(e)), [], `${name} ${at}`)
    }
  } finally {
    await d.close()
  }
}

for (const [name, scene] of Object.entries(scenes))
  test(name, async () => {
    const sights = Object.entries(views).filter(([at]) => working.has(name) || at === 'light-1440' || at === 'dark-390')
    if (!scene.anew) return look(name, scene, sights)
    for (const sight of sights) await look(name, scene, [sight])
  })
