import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { Autocomplete, Dialog, Header, Input, Menu, MenuSection, Modal, ModalOverlay, SearchField } from 'react-aria-components'
import { useLocation } from 'wouter'
import { useSetStatus } from '../actions'
import { api } from '../api/client'
import type { Customer, Named } from '../api/types'
import { useFormat, useLanguage, useWords } from '../i18n'
import { useCaseTitle } from '../inbox/case-title'
import { useStatusCodes } from '../live/codes'
import { useLive } from '../live/hub'
import { MenuItem } from '../ui/controls'
import { Icon, type IconName } from '../ui/icon'
import { channelIcon } from '../ui/parts'
import { set as setSetting } from '../ui/settings'
import { tabs } from './rail'

interface Choice {
  id: string
  icon: IconName
  text: string
  end?: string
  run: () => void
}

const tabIcon: Record<(typeof tabs)[number], IconName> = { phone: 'phone', chat: 'chat', email: 'mail', status: 'pulse', messages: 'horn', customers: 'users', knowledge: 'book', analysis: 'chart', settings: 'sliders' }

/** One field that finds customers, cases, articles and commands. */
export function Palette({ close }: { close: () => void }) {
  const w = useWords()
  const [text, setText] = useState('')
  const groups = useChoices(text)
  const none = groups.every((g) => g.choices.length === 0)
  return (
    <ModalOverlay className="scrim scrim--top" isOpen isDismissable onOpenChange={(open) => !open && close()}>
      <Modal className="dialog pop palette">
        <Dialog className="dialog-in" aria-label={w.palette.title}>
          <Autocomplete inputValue={text} onInputChange={setText}>
            <SearchField className="field" aria-label={w.palette.title} autoFocus>
              <Icon name="search" />
              <Input placeholder={w.palette.placeholder} />
            </SearchField>
            <Menu className="menu-list" aria-label={w.palette.title} renderEmptyState={() => <span className="menu-item hint">{w.palette.none}</span>} onAction={close}>
              {groups
                .filter((g) => g.choices.length > 0)
                .map((g) => (
                  <MenuSection key={g.title}>
                    <Header className="group-h">{g.title}</Header>
                    {g.choices.map((c) => (
                      <MenuItem key={c.id} id={c.id} textValue={c.text} icon={c.icon} onAction={c.run} end={c.end && <span className="meta">{c.end}</span>}>
                        {c.text}
                      </MenuItem>
                    ))}
                  </MenuSection>
                ))}
            </Menu>
          </Autocomplete>
          {none && (
            <p className="pad meta" role="status">
              {w.palette.none}
            </p>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

const few = 4
const first = (c: Customer) => c.addresses?.find((a) => a.kind !== 'visitor')?.value

function useChoices(text: string): { title: string; choices: Choice[] }[] {
  const w = useWords()
  const title = useCaseTitle()
  const f = useFormat()
  const language = useLanguage()
  const [, go] = useLocation()
  const status = useSetStatus()
  const codes = useStatusCodes()
  const q = useDeferredValue(text.trim())
  const fits = (...words: (string | undefined)[]) => words.some((s) => s?.toLocaleLowerCase().includes(q.toLocaleLowerCase()))
  const mine = useLive((l) => Object.values(l.interactions))
  const asked = { enabled: q.length > 1, staleTime: 30_000 }
  const crm = useQuery({ queryKey: ['cases', 'search', q], queryFn: () => api.search(q, few), ...asked })
  const articles = useQuery({ queryKey: ['articles', language, q], queryFn: ({ signal }) => api.articles(q, language, signal), ...asked })

  const commands: Choice[] = [
    ...tabs.map((t) => ({ id: `go-${t}`, icon: tabIcon[t], text: w.palette.goTo(w.rail[t]), run: () => go(`/${t}`) })),
    ...(['available', 'working_offline', 'on_break'] as const).flatMap((s) => {
      const reasons: (Named | undefined)[] = codes?.[s]?.length ? codes[s] : [undefined]
      return reasons.map((c) => ({ id: `status-${s}-${c?.id ?? ''}`, icon: 'user' as const, text: w.palette.setStatus([w.status[s], c?.name].filter(Boolean).join(' · ')), run: () => status.mutate({ status: s, code: c?.id }) }))
    }),
    ...(['light', 'dark', 'system'] as const).map((t) => ({ id: `theme-${t}`, icon: 'screen' as const, text: w.palette.theme(w.panel.themes[t]), run: () => setSetting('theme', t) })),
  ]
  const found = q.length > 1
  return [
    {
      title: w.palette.interactions,
      choices: mine
        .filter((i) => fits(i.customer_name, i.customer_address, i.subject, String(i.case_number ?? '')))
        .slice(0, few)
        .map((i) => ({ id: `i-${i.id}`, icon: channelIcon[i.channel], text: i.customer_name || f.address(i.customer_address), end: i.queue_name, run: () => go(`/${i.channel === 'email' ? 'email' : 'chat'}/${i.id}`) })),
    },
    {
      title: w.palette.customers,
      choices: ((found && crm.data?.customers) || []).slice(0, few).map((c) => ({ id: `c-${c.id}`, icon: 'user', text: c.name || f.address(first(c)) || w.side.visitor, end: f.address(first(c)), run: () => go(`/customers/${c.id}`) })),
    },
    {
      title: w.palette.cases,
      choices: ((found && crm.data?.cases) || []).slice(0, few).map((c) => ({ id: `k-${c.id}`, icon: 'box', text: `#${c.number} ${title(c)}`, end: c.customer_name, run: () => go(`/cases/${c.id}`) })),
    },
    {
      title: w.palette.articles,
      choices: ((found && articles.data?.items) || []).slice(0, few).map((a) => ({ id: `a-${a.id}`, icon: 'book', text: a.title, end: a.shortcut && `/${a.shortcut.replace(/^\//, '')}`, run: () => go(`/knowledge/${a.id}`) })),
    },
    { title: w.palette.commands, choices: commands.filter((c) => fits(c.text)).slice(0, q ? 8 : 9) },
  ]
}
