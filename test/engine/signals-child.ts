import { writeSync } from 'node:fs'
import { installSignalHandlers } from '../../src/engine/signals.js'

/** A run that never ends by itself. */
const say = (line: string) => void writeSync(1, `${line}\n`)
installSignalHandlers({
  onFirst: () => {
    say('draining')
  },
  onSecond: () => {
    say('run it again to continue')
  },
})
setInterval(() => undefined, 1000)
say('ready')
