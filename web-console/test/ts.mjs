// Lets Node run this folder's TypeScript: types are stripped file by file, nothing is
// checked (tsc does that), and imports without an extension find their file. What was
// stripped once is kept, by its content: each file of tests is a process of its own.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) register(import.meta.url) // the hooks themselves run in a thread of their own

const kept = new URL('../node_modules/.cache/stripped/', import.meta.url)

export async function resolve(name, context, next) {
  if (name.startsWith('.') && context.parentURL) {
    for (const end of ['.ts', '.tsx', '/index.tsx', '/index.ts']) {
      const url = new URL(name + end, context.parentURL)
      if (existsSync(fileURLToPath(url))) return { url: url.href, shortCircuit: true }
    }
  }
  return next(name, context)
}

export async function load(url, context, next) {
  if (!/\.tsx?$/.test(url)) return next(url, context)
  const source = await readFile(fileURLToPath(url), 'utf8')
  return { format: 'module', source: await stripped(fileURLToPath(url), source), shortCircuit: true }
}

async function stripped(fileName, source) {
  const place = new URL(createHash('sha256').update(fileName).update(source).digest('hex') + '.js', kept)
  return readFile(place, 'utf8').catch(async () => {
    const text = await strip(fileName, source)
    const part = new URL(`${place}.${process.pid}`)
    await mkdir(kept, { recursive: true })
    await writeFile(part, text)
    await rename(part, place) // whole, or not there: others read beside us
    return text
  })
}

async function strip(fileName, source) {
  const { default: ts } = await import('typescript')
  const compilerOptions = { module: 'ESNext', target: 'ES2022', jsx: 'react-jsx', inlineSourceMap: true, verbatimModuleSyntax: true }
  return ts.transpileModule(source, { fileName, compilerOptions }).outputText
}
