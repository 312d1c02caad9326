import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { DuckDBAppender } from '@duckdb/node-api'
import { writingTo } from '../full-disk.js'
import type { Database } from './database.js'
import { mismatch, rejectsOf } from './input/rejected.js'
import type { LoadedInput } from './load.js'
import { INPUTS_KEY, rejectInputs } from './reject-metadata.js'
import { identifier, literal } from './sql.js'
import type { RejectFiles } from './types.js'

interface Options {
  database: Database
  scratch: string
  /** Those with several say in each row which one it is of. */
  inputs: readonly LoadedInput[]
  from: RejectOrigin
  /** The dataset holds personal data: no values. */
  withhold?: boolean
  signal?: AbortSignal
}

/** Where rejected rows come from, as each of them says. */
export interface RejectOrigin {
  dataset: string
  /** `bucket/key` of an object, or the name of a local file. */
  source: string
  versionId?: string
  runId?: string
}

type Cell = string | number | null
type ColumnType = 'string' | 'bigint'

/** The columns of the Parquet files, which are a table; types as Glue names them. */
export const REJECT_COLUMNS: readonly (readonly [name: string, type: ColumnType])[] = [
  ['dataset', 'string'],
  ['source', 'string'],
  ['version_id', 'string'],
  ['run_id', 'string'],
  ['input', 'string'],
  ['line', 'bigint'],
  ['column', 'string'],
  ['reason', 'string'],
  ['raw', 'string'],
  ['byte_offset', 'bigint'],
  ['byte_length', 'bigint'],
]
/** In the CSV file what a person looks for comes first. */
const CSV_COLUMNS = ['line', 'column', 'reason', 'raw', 'byte_offset', 'byte_length']
const CSV_ORIGIN = ['source', 'version_id', 'run_id']
/** Texts that are names and need no quotes. */
const PLAIN = new Set(['column', 'version_id', 'run_id'])

const REASONS = 3
const LONGEST_REASON = 200

/**
 * Writes every rejected record, in the order of the inputs and of the records in them, to a Parquet file and a CSV file in
 * scratch.
 * @throws IntegrityError REJECTS_DO_NOT_ADD_UP when they are not exactly those that the read counted
 */
export async function writeRejects({
  database,
  scratch,
  inputs,
  from,
  withhold = false,
  signal,
}: Options): Promise<RejectFiles> {
  const parquet = join(scratch, 'rejects.parquet')
  const csv = join(scratch, 'rejects.csv')
  const isOneOfMany = inputs.length > 1
  const csvColumns = [...(isOneOfMany ? ['input'] : []), ...CSV_COLUMNS, ...CSV_ORIGIN]
  const types = REJECT_COLUMNS.map(
    ([name, type]) => `${identifier(name)} ${type === 'bigint' ? 'BIGINT' : 'VARCHAR'}`,
  )
  await database.run(`CREATE TABLE rejects (${types.join(', ')})`)
  const stream = createWriteStream(csv)
  // Awaited at the end; until then, nobody else would listen to what goes wrong between two rows.
  const complete = writingTo(csv, () => finished(stream))
  complete.catch(() => undefined)
  const appender = await database.appenderBeside('rejects')
  const reasons = new Set<string>()
  stream.write(`${csvColumns.join(',')}\n`)
  let rows = 0
  try {
    for (const loaded of inputs) {
      let count = 0
      for await (const { byteLength, byteOffset, ...reject } of rejectsOf({
        database,
        loaded,
        withhold,
        signal,
      })) {
        count += 1
        if (reasons.size < REASONS) reasons.add(reject.reason.slice(0, LONGEST_REASON))
        const row: Record<string, Cell> = {
          dataset: from.dataset,
          source: from.source,
          version_id: from.versionId ?? null,
          run_id: from.runId ?? null,
          input: isOneOfMany ? loaded.input.name : null,
          ...reject,
          byte_offset: byteOffset,
          byte_length: byteLength,
        }
        append(appender, row)
        const line = csvColumns.map((name) => csvField(name, row[name] ?? null)).join(',')
        if (!stream.write(`${line}\n`)) await Promise.race([once(stream, 'drain'), complete])
      }
      if (count !== loaded.rejected)
        throw mismatch(`${loaded.rejected} rows were rejected, but ${count} were found in the file`)
      rows += count
    }
  } finally {
    appender.closeSync()
    stream.end()
    await complete
  }
  const written = await database.count(
    `COPY rejects TO ${literal(parquet)} (FORMAT parquet, COMPRESSION zstd,` +
      ` KV_METADATA {${literal(INPUTS_KEY)}: ${literal(JSON.stringify(rejectInputs(inputs, withhold)))}})`,
  )
  if (written !== rows) throw mismatch(`${rows} rows were rejected, but ${written} were written`)
  return { rows, parquet, csv, reasons: [...reasons] }
}

function append(appender: DuckDBAppender, row: Readonly<Record<string, Cell>>): void {
  for (const [name] of REJECT_COLUMNS) {
    const value = row[name] ?? null
    if (value === null) appender.appendNull()
    else if (typeof value === 'number') appender.appendBigInt(BigInt(value))
    else appender.appendVarchar(value)
  }
  appender.endRow()
}

/** Always in quotes where a file decides what it is, so that no row looks like another. */
function csvField(name: string, value: Cell): string {
  if (value === null) return ''
  if (typeof value === 'number' || PLAIN.has(name)) return String(value)
  return `"${value.replaceAll('"', '""')}"`
}
