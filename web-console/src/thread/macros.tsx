import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, MenuTrigger } from 'react-aria-components'
import { api } from '../api/client'
import type { Filled, Id, InteractionView } from '../api/types'
import { useWords } from '../i18n'
import { Menu, MenuItem } from '../ui/controls'
import { Icon } from '../ui/icon'

const place = 'vaxel.proposed.'

/** The codes that macros proposed for the end of an interaction; the wrap-up begins with them, also after a reload. */
export const proposed = (interaction: Id): Id[] => JSON.parse(sessionStorage.getItem(place + interaction) ?? '[]') as Id[]
const propose = (interaction: Id, codes: Id[]) => sessionStorage.setItem(place + interaction, JSON.stringify(codes))

/** A button with what is kept ready here: choosing does its steps to the case and gives its text. There is none where there are no macros. */
export function MacroButton({ i, write, failed }: { i: InteractionView; write: (words: Filled) => void; failed: (error: unknown) => void }) {
  const w = useWords()
  const client = useQueryClient()
  const list = useQuery({ queryKey: ['macros', i.queue], queryFn: () => api.macros(i.queue), staleTime: 60_000 }).data?.items ?? []
  const use = useMutation({
    mutationFn: (macro: Id) => api.useMacro(i.id, macro),
    onSuccess: (filled) => {
      if (filled.text) write(filled)
      if (filled.codes.length > 0) propose(i.id, filled.codes)
      client.setQueryData(['case', i.case], filled.case)
      void client.invalidateQueries({ queryKey: ['cases'] })
      failed(null)
    },
    onError: failed,
  })
  if (list.length === 0) return null
  const gone = use.data?.gone?.length
  const button = (
    <MenuTrigger>
      <Button className="ibtn" aria-label={w.macros.pick} isDisabled={use.isPending}>
        <Icon name="play" />
      </Button>
      <Menu aria-label={w.macros.pick} placement="top start">
        {list.map((m) => (
          <MenuItem key={m.id} textValue={m.name} onAction={() => use.mutate(m.id)} end={m.own && <span className="meta">{w.macros.own}</span>}>
            {m.name}
          </MenuItem>
        ))}
      </Menu>
    </MenuTrigger>
  )
  return (
    <>
      {button}
      {gone && (
        <span className="meta" role="status">
          {w.macros.gone(gone)}
        </span>
      )}
    </>
  )
}

/** What was written, and below it what a macro says. */
export const withText = (before: string, text: string) => [before.trimEnd(), text].filter(Boolean).join(before.trim() ? '\n\n' : '')
