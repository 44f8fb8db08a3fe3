// Lets Node run this folder's TypeScript: types are stripped file by file, nothing is
// checked (tsc does that), and imports without an extension find their file.
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) register(import.meta.url) // the hooks themselves run in a thread of their own

let ts

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
  ts ??= (await import('typescript')).default
  const source = await readFile(fileURLToPath(url), 'utf8')
  const { outputText } = ts.transpileModule(source, {
    fileName: fileURLToPath(url),
    compilerOptions: { module: 'ESNext', target: 'ES2022', jsx: 'react-jsx', inlineSourceMap: true, verbatimModuleSyntax: true },
  })
  return { format: 'module', source: outputText, shortCircuit: true }
}
