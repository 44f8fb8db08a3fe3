// Nothing that a person reads stands in the pages themselves: it comes from the dictionaries, so that it changes with the language.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const src = fileURLToPath(new URL('../../src', import.meta.url))
const shown = new Set(['aria-label', 'title', 'placeholder', 'label', 'alt', 'text', 'hint', 'lead', 'what', 'unit', 'foot', 'aria-description', 'aria-valuetext'])
const word = /\p{L}{2,}/u
const own = new Set(['Växel', 'Esc']) // a name and a key are no texts

function texts(file: ts.SourceFile): string[] {
  const found: string[] = []
  const take = (t: string) => word.test(t) && !own.has(t.trim()) && found.push(t.trim())
  const walk = (n: ts.Node) => {
    if (ts.isJsxText(n)) take(n.text)
    else if (ts.isJsxAttribute(n) && shown.has(n.name.getText()) && n.initializer && ts.isStringLiteral(n.initializer)) take(n.initializer.text)
    else if (ts.isJsxExpression(n) && n.expression && ts.isStringLiteralLike(n.expression) && ts.isJsxElement(n.parent)) take(n.expression.text)
    ts.forEachChild(n, walk)
  }
  walk(file)
  return found
}

test('no page holds a text of its own', () => {
  const pages = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.tsx'))
  assert.ok(pages.length > 40)
  for (const page of pages) {
    const file = ts.createSourceFile(page, readFileSync(`${src}/${page}`, 'utf8'), ts.ScriptTarget.ES2022, true, ts.ScriptKind.TSX)
    assert.deepEqual(texts(file), [], page)
  }
})
