// A task that says its process id, and never ends by itself.
import { endWithStarter } from '../../../src/transform/container/starter.js'

endWithStarter()
setInterval(() => undefined, 1000)
process.stdout.write(`${process.pid}\n`)
