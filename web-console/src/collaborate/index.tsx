import { lazy, Suspense } from 'react'
import type { Id, InteractionView } from '../api/types'
import { useMe } from '../session'
import './collaborate.css'

const Ask = lazy(() => import('./page').then((m) => ({ default: m.Ask })))
const Shown = lazy(() => import('./page').then((m) => ({ default: m.Shown })))

const mayLook = (i: InteractionView, agent: Id) => (i.channel === 'chat' || i.channel === 'voice') && i.state === 'active' && i.agent === agent

/** Asks the customer to show their page, and says what became of it. */
export const AskPage = ({ i }: { i: InteractionView }) => <Suspense>{mayLook(i, useMe().agent) && <Ask i={i} />}</Suspense>

/** The customer's page, while they show it. */
export const ShownPage = ({ i }: { i: InteractionView }) => <Suspense>{mayLook(i, useMe().agent) && <Shown i={i} />}</Suspense>
