import { useLanguage } from '../i18n'
import { enStaff } from '../i18n/en-staff'
import { svStaff } from '../i18n/sv-staff'

const words = { sv: svStaff, en: enStaff }

/** The words of this room, which are fetched with it. */
export const useStaffWords = () => words[useLanguage()]
