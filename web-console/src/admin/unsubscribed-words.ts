import { useLanguage } from '../i18n'
import { enUnsubscribed } from '../i18n/en-unsubscribed'
import { svUnsubscribed } from '../i18n/sv-unsubscribed'

const words = { sv: svUnsubscribed, en: enUnsubscribed }

/** The words of this page, which are fetched with it. */
export const useUnsubscribedWords = () => words[useLanguage()]
