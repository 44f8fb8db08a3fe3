import type { svMacros } from './sv-macros'

/** Words about texts and steps kept ready, in English. */
export const enMacros: typeof svMacros = {
  title: 'Macros',
  pick: 'Macro',
  lead: 'Texts and steps that everybody has at hand in the composer.',
  mineLead: 'Texts and steps that only you have at hand in the composer.',
  none: 'No macros yet',
  own: 'Own',
  name: 'Name',
  text: 'Text',
  textHint: 'Variables are written {{customer.first_name}}, with something instead after a bar: {{customer.first_name|there}}',
  state: 'The case becomes',
  stateSame: 'As it is',
  tags: 'Tags',
  tagsHint: 'With commas between',
  queues: 'Queue',
  everywhere: 'All queues',
  change: 'Change',
  changeOf: (name) => `Change ${name}`,
  remove: 'Remove',
  removeOf: (name) => `Remove ${name}`,
  stop: 'Leave it as it was',
}
