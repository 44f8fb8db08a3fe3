import { useLanguage } from '../i18n'
import { enMacros } from '../i18n/en-macros'
import { svMacros } from '../i18n/sv-macros'

const words = { sv: svMacros, en: enMacros }

/** The words of these pages, which are fetched with them. */
export const useMacroWords = () => words[useLanguage()]
