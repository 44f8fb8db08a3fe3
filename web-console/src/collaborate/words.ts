import { useLanguage } from '../i18n'
import { enCollaborate } from '../i18n/en-collaborate'
import { svCollaborate } from '../i18n/sv-collaborate'

const words = { sv: svCollaborate, en: enCollaborate }

/** The words of this room, which are fetched with it. */
export const useCollaborateWords = () => words[useLanguage()]
