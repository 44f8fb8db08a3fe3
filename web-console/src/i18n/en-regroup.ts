import type { svRegroup } from './sv-regroup'

const n = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

/** Words about cases that become one or two, in English. */
export const enRegroup: typeof svRegroup = {
  more: 'More about the case',
  merge: 'Merge …',
  mergeTitle: (into) => `Merge with #${into}`,
  mergeLead: 'Everything in the other case moves here. Its number leads here, and answers to its mails come here.',
  find: 'Number or words of the other case',
  none: 'No other case fits',
  start: 'Look for the case that shall become a part of this one',
  choose: 'Choose a case',
  mergeGo: (from, into) => `Make #${from} a part of #${into}`,
  split: 'Split …',
  splitTitle: (of) => `Take a part out of #${of}`,
  splitLead: 'What you mark becomes a new case. Whole conversations move, with whoever has them. Single mails are copied, and answers to them come to the new case.',
  subject: 'Subject of the new case',
  parts: 'What is taken out',
  whole: (channel, at) => `${channel}, the whole conversation · ${at}`,
  onlyOne: 'The case has one conversation only, so that cannot be taken out whole.',
  nothing: 'There is nothing to take out. Change the subject instead.',
  offer: 'Offer the new case to the agents of the queue',
  splitGo: (count) => (count === 0 ? 'Mark what is taken out' : `Take ${n(count, 'part', 'parts')} out into a new case`),
  also: (numbers) => `also ${numbers}`,
  related: 'Possibly related',
  because: { reference: 'their mails refer to each other', customer: 'the same customer', subject: 'the same words' },
  events: {
    merged: (number) => `Case #${number} became a part of this one`,
    split: (number) => `A part belongs to case #${number}`,
  },
}
