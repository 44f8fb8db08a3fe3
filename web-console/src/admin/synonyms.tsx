import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, type Synonym } from '../api/admin'
import type { Language } from '../api/types'
import { useLanguage, useWords } from '../i18n'
import { Pick, Text } from '../ui/form'
import { Failure } from '../ui/parts'
import { Add, RowHead, Tabled } from './tabled'

const key = ['admin', 'synonyms']

/** What the words of those who ask mean besides themselves, so that the search of articles finds by them. */
export function Synonyms() {
  const w = useWords()
  const own = useLanguage()
  const client = useQueryClient()
  const query = useQuery({ queryKey: key, queryFn: admin.synonyms })
  const [draft, setDraft] = useState<Draft>({ language: own, word: '', means: '' })
  const drop = useMutation({ mutationFn: admin.dropSynonym, onSettled: () => client.invalidateQueries({ queryKey: key }) })
  const languageName = (l: string) => w.common.language[l as Language] ?? l
  return (
    <Tabled
      title={w.admin.synonyms}
      lead={w.admin.synonymsLead}
      icon="book"
      empty={w.admin.noSynonyms}
      heads={[w.admin.word, w.admin.means, w.admin.wordLanguage, w.board.actions]}
      query={query}
      items={query.data?.items ?? []}
      above={
        <>
          <Write draft={draft} set={setDraft} />
          {drop.error != null && <Failure error={drop.error} />}
        </>
      }
      row={(s) => (
        <tr key={`${s.language} ${s.word}`}>
          <RowHead>
            <span className="med" lang={s.language}>
              {s.word}
            </span>
          </RowHead>
          <td className="detail" lang={s.language}>
            {s.means.join(', ')}
          </td>
          <td>{languageName(s.language)}</td>
          <td>
            <span className="row row-1">
              <button className="btn btn--xs" onClick={() => setDraft({ ...s, language: s.language as Language, means: s.means.join(', ') })} aria-label={w.admin.changeOf(s.word)}>
                {w.admin.change}
              </button>
              <button className="btn btn--xs" disabled={drop.isPending} onClick={() => drop.mutate(s)} aria-label={w.admin.removeOf(s.word)}>
                {w.admin.remove}
              </button>
            </span>
          </td>
        </tr>
      )}
    />
  )
}

interface Draft extends Omit<Synonym, 'means' | 'language'> {
  language: Language
  means: string // with commas between
}

/** A word and what it means; a word that is there already is changed. */
function Write({ draft, set }: { draft: Draft; set: (d: Draft) => void }) {
  const w = useWords()
  const client = useQueryClient()
  const means = draft.means
    .split(',')
    .map((m) => m.trim())
    .filter(Boolean)
  const save = useMutation({
    mutationFn: () => admin.setSynonym({ language: draft.language, word: draft.word.trim(), means }),
    onSuccess: () => {
      set({ ...draft, word: '', means: '' })
      return client.invalidateQueries({ queryKey: key })
    },
  })
  return (
    <Add add={save} ready={!!draft.word.trim() && means.length > 0} text={w.common.save}>
      <Text label={w.admin.word} required value={draft.word} set={(word) => set({ ...draft, word })} hint={w.admin.wordHint} max={300} />
      <Text label={w.admin.means} required value={draft.means} set={(m) => set({ ...draft, means: m })} hint={w.admin.meansHint} max={2000} />
      <Pick
        label={w.admin.wordLanguage}
        value={draft.language}
        set={(language) => set({ ...draft, language })}
        of={[
          ['sv', w.common.language.sv],
          ['en', w.common.language.en],
        ]}
      />
    </Add>
  )
}
