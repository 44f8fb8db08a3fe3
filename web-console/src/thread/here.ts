import { createContext, useContext } from 'react'
import type { InteractionView } from '../api/types'

/** The interaction whose thread one looks at; none elsewhere. */
export const Here = createContext<InteractionView | null>(null)
export const useHere = () => useContext(Here)
