import type { svUnsubscribed } from './sv-unsubscribed'

/** Words about who wants no automatic mail, in English. */
export const enUnsubscribed: typeof svUnsubscribed = {
  lead: 'They get no automatic mail, from none of the mailboxes. Your answers they get as before.',
  none: 'Nobody is unsubscribed',
  noneFound: 'No unsubscribed address has these words',
  find: 'Find address',
  address: 'Address',
  addressHint: 'When a customer has told somebody here',
  way: 'How',
  ways: { link: 'The link in a mail', mail: 'A mail', staff: 'Told somebody here' },
  add: 'Unsubscribe',
  again: 'Resubscribe',
  againOf: (who) => `Resubscribe ${who}`,
  askTitle: 'Automatic mail again?',
  ask: (who) => `${who} gets automatic mail again, such as confirmations that mail has come. Do it only if the customer wants that.`,
}
