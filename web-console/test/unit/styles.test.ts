// A class that a page names must stand in a style sheet: one that was lost shows as nothing at all.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sheets = ['../look/base.css', 'src/styles/components.css', 'src/styles/console.css', 'src/collaborate/collaborate.css'].map((f) => readFileSync(`${root}/${f}`, 'utf8')).join('\n')
const sources = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.tsx'))

test('every class in the pages has a rule', () => {
  const known = new Set([...sheets.matchAll(/\.(-?[a-z][\w-]*)/g)].map((m) => m[1]!))
  for (const file of sources) {
    const text = readFileSync(`${root}/src/${file}`, 'utf8')
    for (const [, plain, start] of text.matchAll(/className=(?:"([^"]+)"|\{`([^`$]+))/g))
      for (const name of (plain ?? start ?? '').split(/\s+/).filter((n) => n && !n.endsWith('-'))) assert.ok(known.has(name), `${file}: .${name} has no rule`)
  }
})
