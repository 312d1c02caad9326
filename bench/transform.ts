// Our transform beside DuckDB's own COPY, on the same file, in the same run, turn by turn: only the ratio means anything on a
// machine whose speed drifts. `npm run bench:transform -- --rows 2000000 --pairs 3`
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { datasetSchema } from '../src/config/dataset.js'
import { transformFile } from '../src/transform/transform.js'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '2000000' }, pairs: { type: 'string', default: '3' } },
})
const MEMORY_MB = 512
const THREADS = 2
const COLUMNS = { start_time: 'timestamp', end_time: 'timestamp', measurement: 'double', samples: 'integer' }

const folder = await mkdtemp(join(tmpdir(), 'datapipe-bench-'))
try {
  const generator = fileURLToPath(new URL('../examples/sensors/generate.js', import.meta.url))
  execFileSync(process.execPath, [
    generator,
    '--rows',
    values.rows,
    '--bad',
    '0',
    '--date',
    '20230703',
    '--out',
    folder,
  ])
  const file = join(folder, '20230703_measurement_data.csv')
  const { size } = await stat(file)
  console.log(
    `${(size / 1e6).toFixed(0)} MB, ${values.rows} rows, ${THREADS} threads, memory_limit ${MEMORY_MB} MB`,
  )

  const ratios: number[] = []
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    const ours = await seconds(() =>
      transformFile({
        file,
        dataset: 'bench',
        config: datasetSchema.parse({ columns: COLUMNS }),
        out: join(folder, 'ours'),
        scratch: folder,
        memoryLimitMb: MEMORY_MB,
        threads: THREADS,
      }),
    )
    const theirs = await seconds(() => copy(file))
    ratios.push(theirs / ours)
    console.log(
      `pair ${pair + 1}: ours ${ours.toFixed(2)} s, COPY ${theirs.toFixed(2)} s, ratio of throughput ${(theirs / ours).toFixed(2)}`,
    )
  }
  ratios.sort((a, b) => a - b)
  console.log(
    `median ratio of throughput, ours to COPY: ${ratios[Math.floor(ratios.length / 2)]!.toFixed(2)}`,
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** What DuckDB does by itself: the same types, no count, no rejects, no audit. One ragged row would end it, so there is none. */
async function copy(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${MEMORY_MB}MB`,
    threads: String(THREADS),
    preserve_insertion_order: 'false',
  })
  const connection = await instance.connect()
  const columns = Object.keys(COLUMNS).map((name) => `'${name}': 'VARCHAR'`)
  const casts = Object.entries(COLUMNS).map(([name, type]) => `try_cast(${name} as ${type}) as ${name}`)
  await connection.run(
    `copy (select ${casts.join(', ')} from read_csv('${file}', header = true, auto_detect = false, delim = ',', quote = '"',
      columns = {${columns.join(', ')}}, null_padding = true)) to '${file}.parquet' (format parquet, compression zstd)`,
  )
  connection.closeSync()
  instance.closeSync()
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
