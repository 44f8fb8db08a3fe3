import { appendFileSync } from 'node:fs'
import * as node from 'node:test'
import { slow, stopBrowser } from './browser'

node.after(stopBrowser)

/** A test that is told again where it fails, and then says so: what fails twice is no accident of the machine. */
export const test = (name: string, tell: () => unknown) =>
  node.test(name, async () => {
    try {
      await tell()
    } catch (err) {
      if (slow) throw err
      noteAgain(name, err)
      await tell()
    }
  })

/** Notes it where make test looks at its end. */
function noteAgain(name: string, err: unknown) {
  const { TOLD_AGAIN: notes } = process.env
  if (notes) appendFileSync(notes, `${name}: ${String(err).split('\n')[0]}\n`)
}
