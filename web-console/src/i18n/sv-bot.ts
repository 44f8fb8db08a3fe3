export const svBot = {
  queues: 'Köer där den svarar',
  all: 'Alla köer',
  saved: (what: string) => `Sparas: ${what}`,
  none: 'ingen bot',
  every: 'den svarar på alla chattar',
  only: (queues: string) => `den svarar bara på chattar till ${queues}`,
  gone: (n: number) => (n === 1 ? 'en kö som inte längre används' : `${n} köer som inte längre används`),
}
