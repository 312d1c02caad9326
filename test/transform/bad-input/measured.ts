/** A transform in a process of its own, which prints its greatest memory in MiB and what became of the rows. */
import { datasetSchema } from '../../../src/config/dataset.js'
import { transformFile } from '../../../src/transform/transform.js'

export interface Measured {
  mebibytes: number
  rowsAccepted: number
  rowsRejected: number
}

const [, , file = '', out, scratch, memoryLimitMb] = process.argv
const { rowsAccepted, rowsRejected } = await transformFile({
  file,
  dataset: 'data',
  config: datasetSchema.parse({
    columns: { id: 'integer', value: 'double', name: 'string' },
    rejects: { max: '100%' },
  }),
  out,
  scratch,
  threads: 2,
  memoryLimitMb: Number(memoryLimitMb),
})
const measured: Measured = {
  mebibytes: Math.round(process.resourceUsage().maxRSS / 1024),
  rowsAccepted,
  rowsRejected,
}
console.log(JSON.stringify(measured))
