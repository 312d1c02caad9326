import { DuckDBInstance } from '@duckdb/node-api'
import { datasetSchema } from '../../src/config/dataset.js'
import type * as Transform from '../../src/transform/transform.js'

export const MEMORY_MB = 512
export const THREADS = 2

/** What users run: threads start from compiled files only. */
const COMPILED = new URL('../../dist/transform/transform.js', import.meta.url).href
const { transformFile } = (await import(COMPILED)) as typeof Transform

/** One thing to measure, done in a process of its own. */
export interface Work {
  peer: 'datapipe' | 'duckdb' | 'parquetjs'
  file: string
  columns: Record<string, string>
  /** A folder that holds nothing else. */
  out: string
  /** `month(start_time)`; undefined: one file. */
  month?: string
  /** Expand intervals. */
  expand?: boolean
}

/** What datapipe does: hash, count, convert by its rules, reject, divide, audit, publish. */
export async function datapipe({ file, columns, out, month, expand }: Work): Promise<void> {
  const timeseries = { start: 'start_time', end: 'end_time', samples: 'samples' }
  await transformFile({
    file,
    dataset: 'bench',
    config: datasetSchema.parse({
      columns,
      ...(month === undefined ? {} : { partition: `month(${month})` }),
      ...(expand ? { timeseries } : {}),
    }),
    out,
    scratch: out,
    memoryLimitMb: MEMORY_MB,
    threads: THREADS,
  })
}

/** What DuckDB does by itself at its fastest: types declared to its reader; no count, no rules, no rejects, no audit. */
export async function duckdb({ file, columns, out, month, expand }: Work): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${MEMORY_MB}MiB`,
    threads: String(THREADS),
    preserve_insertion_order: 'false',
    temp_directory: `${out}/spill`,
  })
  const connection = await instance.connect()
  const types = Object.entries(columns).map(
    ([name, type]) => `'${name}': '${type === 'string' ? 'varchar' : type}'`,
  )
  const typed =
    `select * from read_csv('${file}', header = true, auto_detect = false, delim = ',',` +
    ` quote = '"', escape = '"', columns = {${types.join(', ')}})`
  const rows = expand ? expanded(typed) : typed
  const query = month === undefined ? rows : `select *, strftime(${month}, '%Y-%m') as month from (${rows})`
  const partitions = month === undefined ? '' : ', partition_by (month)'
  const target = month === undefined ? `${out}/copy.parquet` : `${out}/copy`
  await connection.run(`copy (${query}) to '${target}' (format parquet, compression zstd${partitions})`)
  connection.closeSync()
  instance.closeSync()
}

/** The fastest SQL for the expansion that we know: whole microseconds, the difference computed once. */
function expanded(intervals: string): string {
  const time = (i: string) => `make_timestamp(s + (${i} * d) // n)`
  return (
    `select ${time('i')} as start_time, ${time('(i + 1)')} as end_time, measurement from (select *, unnest(range(n)) as i` +
    ` from (select epoch_us(start_time) as s, epoch_us(end_time) - epoch_us(start_time) as d, measurement,` +
    ` samples::bigint as n from (${intervals})))`
  )
}
