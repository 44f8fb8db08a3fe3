import type { svBot } from './sv-bot'

export const enBot: typeof svBot = {
  queues: 'Queues where it answers',
  all: 'All queues',
  saved: (what) => `Saved as: ${what}`,
  none: 'no bot',
  every: 'it answers all chats',
  only: (queues) => `it answers only chats to ${queues}`,
  gone: (n) => (n === 1 ? 'a queue that is used no longer' : `${n} queues that are used no longer`),
}
