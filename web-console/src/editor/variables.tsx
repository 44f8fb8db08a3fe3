import { Button, MenuTrigger } from 'react-aria-components'
import { wordOf } from '../i18n'
import { Menu, MenuItem } from '../ui/controls'
import { useEditorWords } from './words'

/** What a text may name that is different for each customer. */
export function Variables({ names, pick }: { names: readonly string[]; pick: (name: string) => void }) {
  const w = useEditorWords()
  return (
    <MenuTrigger>
      <Button className="btn btn--xs btn--quiet">{w.variable}</Button>
      <Menu aria-label={w.variable} placement="top start">
        {names.map((name) => (
          <MenuItem key={name} textValue={name} onAction={() => pick(name)} end={<span className="meta">{`{{${name}}}`}</span>}>
            {wordOf(w.variables, name) ?? name}
          </MenuItem>
        ))}
      </Menu>
    </MenuTrigger>
  )
}
