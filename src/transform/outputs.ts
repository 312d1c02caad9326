import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import { Database, type DatabaseOptions } from './database.js'
import type { LoadedInput } from './load.js'
import { actionsOf, columnsAfter, declaredFor, hasPersonalData, needsKey } from './pii/actions.js'
import { prepareHmac } from './pii/hmac.js'
import { parsePiiKey, PII_KEY_VARIABLE } from './pii/key.js'
import { protectRows } from './pii/protect.js'
import { knownInputs, queriesOf, type SourceFacts } from './query/query.js'
import { timeseriesOf } from './rules.js'
import { literal } from './sql.js'
import { expandedColumns } from './timeseries.js'
import { writeGrid } from './grid.js'
import { PARQUET_SCRATCH, parquetTable } from './parquet.js'
import { checkQueries, runQueries, type PreparedInput } from './query/run.js'
import { assertShape, outputTables, type OutputTable } from './tables.js'
import type { Column } from './types.js'

interface Options {
  dataset: string
  config: Dataset
  scratch: string
  resources: Pick<DatabaseOptions, 'memoryLimitMb' | 'threads' | 'signal'>
}

/**
 * Finds what is wrong with the shape of the tables as far as the columns are known already: it should not cost reading the file.
 * @throws UsageError SHEETS_NEED_SQL, PII_KEY_MISSING, and those of assertShape and checkQueries
 */
export async function assertOutputs(
  options: Options,
  columns: readonly Column[] | undefined,
  piiKey: Uint8Array | undefined,
): Promise<void> {
  const { config, dataset } = options
  const queries = queriesOf(dataset, config)
  if (needsKey(config) && piiKey === undefined) parsePiiKey(undefined, PII_KEY_VARIABLE)
  if (queries) {
    const known = knownInputs(config, columns)
    if (known) await checkQueries({ ...options, queries, folder: folderOf(options) }, known)
  } else {
    if (Object.keys(config.sheets ?? {}).length > 1) throw sheetsNeedSql()
    if (columns) assertShape(config, columns, columnsAfter(config.columns, columns))
  }
}

/** Whether something happens to accepted rows before they are written. */
export function isReshaped(config: Dataset): boolean {
  const { sql, tables, timeseries } = config
  return sql !== undefined || tables !== undefined || timeseries?.output === 'grid' || hasPersonalData(config)
}

/**
 * The tables that accepted rows become: personal data goes first, queries see what is left.
 * @throws UsageError SQL_…; DataError KEY_WITHOUT_VALUE
 */
export async function tablesOf(
  options: Options,
  loaded: readonly LoadedInput[],
  facts: SourceFacts,
  piiKey: Uint8Array | undefined,
): Promise<OutputTable[]> {
  const { config, dataset } = options
  const folder = folderOf(options)
  await mkdir(folder, { recursive: true })
  const protectedInputs = await withoutPersonalData(options, loaded, piiKey)
  const { inputs, config: plain } = await onGrid(options, protectedInputs)
  const queries = queriesOf(dataset, config)
  if (queries) return runQueries({ ...options, config: plain, queries, folder }, inputs, facts)
  const [only, ...others] = inputs
  if (only === undefined || others.length > 0) throw sheetsNeedSql()
  return outputTables(dataset, plain, only)
}

/** Interval data on a grid is rows like any others from then on. */
async function onGrid(
  options: Options,
  inputs: readonly PreparedInput[],
): Promise<{ inputs: readonly PreparedInput[]; config: Dataset }> {
  const { config, resources, scratch } = options
  if (config.timeseries?.output !== 'grid') return { inputs, config }
  const isMean = config.timeseries.fill === 'mean'
  const how = config.partition === undefined ? parquetTable(config.compression) : PARQUET_SCRATCH
  // The sum of doubles depends on their order: one thread, and it is the same on every run.
  const threads = isMean ? 1 : resources.threads
  const database = await Database.open({ ...resources, threads, scratch, keepOrder: true, pushFilters: true })
  try {
    const gridded: PreparedInput[] = []
    for (const [index, { accepted, columns, name }] of inputs.entries()) {
      const timeseries = timeseriesOf(config, columns)
      if (!timeseries?.grid) continue
      const rows = `read_parquet(${literal(accepted.path)}, file_row_number = true)`
      const path = join(folderOf(options), `grid-${index}.parquet`)
      const onIt = { ...timeseries, grid: timeseries.grid }
      gridded.push({
        name,
        columns: expandedColumns(columns, timeseries),
        accepted: await writeGrid(database, rows, columns, onIt, path, how),
      })
      await rm(accepted.path)
    }
    return { inputs: gridded, config: { ...config, timeseries: undefined } }
  } finally {
    database.close()
  }
}

async function withoutPersonalData(
  options: Options,
  loaded: readonly LoadedInput[],
  piiKey: Uint8Array | undefined,
): Promise<PreparedInput[]> {
  const { config, resources, scratch } = options
  const inputs: PreparedInput[] = []
  let database: Database | undefined
  try {
    for (const [index, { input, rows }] of loaded.entries()) {
      const columns = rows.columns.map(({ name, type }) => ({ name, type }))
      const declared = declaredFor(config, input.name)
      const actions = actionsOf(declared)
      if (actions.size === 0) {
        inputs.push({ name: input.name, columns, accepted: rows.accepted })
        continue
      }
      database ??= await protectingDatabase(scratch, resources, piiKey)
      const path = join(folderOf(options), `protected-${index}.parquet`)
      const { path: from, rows: count } = rows.accepted
      await protectRows(database, { path: from, count }, columns, actions, path, config.compression)
      await rm(from)
      inputs.push({
        name: input.name,
        columns: columnsAfter(declared, columns),
        accepted: { path, rows: count },
      })
    }
    return inputs
  } finally {
    database?.close()
  }
}

/** A database of its own: no query of the configuration runs where the key is. */
async function protectingDatabase(
  scratch: string,
  resources: Options['resources'],
  piiKey: Uint8Array | undefined,
): Promise<Database> {
  const database = await Database.open({ ...resources, scratch, keepOrder: true, pushFilters: true })
  try {
    if (piiKey) await prepareHmac(database, piiKey)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function folderOf({ scratch }: Options): string {
  return join(scratch, 'tables')
}

function sheetsNeedSql(): UsageError {
  return new UsageError('SHEETS_NEED_SQL', 'Several sheets become a table only by `sql` or `tables`.')
}
