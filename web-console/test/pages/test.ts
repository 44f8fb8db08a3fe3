import * as node from 'node:test'
import { slow, stopBrowser } from './browser'

node.after(stopBrowser)

/** A test that is tried again where it fails, and then says so: what fails twice is no accident of the machine. */
export const test = (name: string, tell: () => unknown) =>
  node.test(name, async (t) => {
    try {
      await tell()
    } catch (err) {
      if (slow) throw err
      t.diagnostic(`tried again, as it failed: ${err}`)
      await tell()
    }
  })
