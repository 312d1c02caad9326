/** A transform that ends with SIGKILL where it is told to. It has one argument, a `Death` as JSON. */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

export interface Death {
  file: string
  config: object
  out: string
  scratch: string
  /** Such as `read started`. */
  at?: string
  /** Before so many files were moved. */
  moves?: number
}

const death = JSON.parse(process.argv[2] ?? '{}') as Death
const die = () => process.kill(process.pid, 'SIGKILL')

const { rename } = fs
let moves = 0
Object.assign(fs, {
  rename: (from: string, to: string) => {
    if (moves === death.moves) die()
    moves += 1
    return rename(from, to)
  },
})
syncBuiltinESMExports()

// After that, so that they see it.
const { datasetSchema } = await import('../../../src/config/dataset.js')
const { isMerged, transformMerged } = await import('../../../src/transform/merge/transform-merged.js')
const { transformFile } = await import('../../../src/transform/transform.js')

const { file, out, scratch } = death
const config = datasetSchema.parse(death.config)
await (isMerged(config) ? transformMerged : transformFile)({
  file,
  dataset: 'data',
  config,
  out,
  scratch,
  threads: 1,
  onEvent: (event) => {
    if (event.type === 'stage' && `${event.stage} ${event.state}` === death.at) die()
  },
})
