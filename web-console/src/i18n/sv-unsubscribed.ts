/** Words about who wants no automatic mail, in Swedish. */
export const svUnsubscribed = {
  lead: 'De får inga automatiska mejl, från ingen av brevlådorna. Svar från er får de som förut.',
  none: 'Ingen är avanmäld',
  noneFound: 'Ingen avanmäld adress har de orden',
  find: 'Sök adress',
  address: 'Adress',
  addressHint: 'När en kund har sagt till någon här',
  way: 'Hur',
  ways: { link: 'Länken i ett mejl', mail: 'Ett mejl', staff: 'Sagt till någon här' },
  add: 'Avanmäl',
  again: 'Anmäl igen',
  againOf: (who: string) => `Anmäl ${who} igen`,
  askTitle: 'Automatiska mejl igen?',
  ask: (who: string) => `${who} får automatiska mejl igen, som bekräftelser på att mejl har kommit. Gör det bara om kunden vill det.`,
}
