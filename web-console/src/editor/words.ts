import { useLanguage } from '../i18n'
import { enEditor } from '../i18n/en-editor'
import { svEditor } from '../i18n/sv-editor'

const words = { sv: svEditor, en: enEditor }

/** The words of this room, which are fetched with it. */
export const useEditorWords = () => words[useLanguage()]
