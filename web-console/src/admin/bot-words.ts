import { useLanguage } from '../i18n'
import { enBot } from '../i18n/en-bot'
import { svBot } from '../i18n/sv-bot'

const words = { sv: svBot, en: enBot }

/** The words of the bot's part, which are fetched with it. */
export const useBotWords = () => words[useLanguage()]
