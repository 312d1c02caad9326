import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../../config/dataset.js'
import { UsageError } from '../../errors.js'
import { conversion } from '../convert.js'
import { Database, type DatabaseOptions } from '../database.js'
import { DataError } from '../errors.js'
import { PARQUET_SCRATCH, parquetTable } from '../parquet.js'
import type { AcceptedRows } from '../read.js'
import { timeseriesOf } from '../rules.js'
import { expanded, expandedColumns } from '../shape.js'
import { identifier, literal } from '../sql.js'
import { tableShape, type OutputTable } from '../tables.js'
import type { Column } from '../types.js'
import { bindQuery, ofQuery } from './bind.js'
import { judgeQuery } from './judge.js'
import { inputNames, SOURCE_TABLE, type Query, type QueryInput, type SourceFacts } from './query.js'

/** The accepted rows of an input, as they may be seen outside scratch. */
export interface PreparedInput {
  name: string
  columns: Column[]
  accepted: AcceptedRows
}

interface Options {
  dataset: string
  config: Dataset
  queries: readonly Query[]
  /** A folder for the queries alone: they can read nothing outside it. */
  folder: string
  resources: Pick<DatabaseOptions, 'memoryLimitMb' | 'signal'>
}

/**
 * Checks queries against inputs whose columns are known already, before anything is read.
 * @throws UsageError SQL_…, and those of tableShape
 */
export async function checkQueries(options: Options, inputs: readonly QueryInput[]): Promise<void> {
  const { config, dataset, queries } = options
  await withQueryDatabase(options, async (database) => {
    const shown = inputs.map((input) => ({ ...input, columns: shownColumns(config, input.columns) }))
    for (const { name, columns } of shown) {
      const types = columns.map(
        (column) => `${identifier(column.name)} ${conversion(column.type, config.format).sqlType}`,
      )
      await createInput(database, name, `TABLE ${identifier(name)} (${types.join(', ')})`)
    }
    await createSource(database, dataset, { key: '', versionId: null, modifiedAt: new Date(0) })
    for (const query of queries) tableShape(query, config, await bindQuery(database, query, shown))
  })
}

/**
 * Checks queries as far as that is possible where nobody knows the columns of the inputs yet.
 * @throws UsageError SQL_NOT_A_SELECT, SQL_FAILED, SQL_TABLE_UNKNOWN, SQL_NOT_REPEATABLE
 */
export async function parseQueries(options: Options): Promise<void> {
  const inputs = inputNames(options.config).map((name) => ({ name, columns: [] }))
  await withQueryDatabase(options, async (database) => {
    for (const query of options.queries) await judgeQuery(database, query, inputs)
  })
}

/**
 * The tables that queries make of the accepted rows. One thread: so the order of rows, and sums of doubles, are the same on
 * every run.
 * @throws UsageError SQL_…; DataError KEY_WITHOUT_VALUE
 */
export async function runQueries(
  options: Options,
  inputs: readonly PreparedInput[],
  facts: SourceFacts,
): Promise<OutputTable[]> {
  const { config, dataset, folder, queries } = options
  await mkdir(folder, { recursive: true })
  const shown: (QueryInput & { view: string })[] = []
  for (const [index, { name, columns, accepted }] of inputs.entries()) {
    const path = join(folder, `input-${index}.parquet`)
    if (accepted.path !== path) await rename(accepted.path, path)
    const names = columns.map((column) => identifier(column.name)).join(', ')
    const rows = `SELECT ${names} FROM read_parquet(${literal(path)}, hive_partitioning = false)`
    const timeseries = timeseriesOf(config, columns)
    const view = timeseries ? expanded(rows, columns, timeseries) : rows
    shown.push({ name, columns: shownColumns(config, columns), view })
  }
  return withQueryDatabase(options, async (database) => {
    for (const { name, view } of shown)
      await createInput(database, name, `VIEW ${identifier(name)} AS ${view}`)
    await createSource(database, dataset, facts)
    const tables: OutputTable[] = []
    for (const query of queries) {
      const result = await bindQuery(database, query, shown)
      const columns = result.map(({ name, type }) => ({ name, type }))
      const shape = tableShape(query, config, columns)
      const path = join(folder, `table-${query.table}.parquet`)
      const view = identifier(`#${query.table}`)
      await ofQuery(query, () => database.run(`CREATE TEMP VIEW ${view} AS\n${query.sql}`))
      const values = result.map(
        ({ name, sqlType }) => `CAST(${identifier(name)} AS ${sqlType}) AS ${identifier(name)}`,
      )
      const how = shape.partitioning ? PARQUET_SCRATCH : parquetTable(config.compression)
      const rows = await ofQuery(query, () =>
        database.count(`COPY (SELECT ${values.join(', ')} FROM ${view}) TO ${literal(path)} (${how})`),
      )
      await assertKeys(database, query, path, shape.key)
      tables.push({ name: query.table, source: { path, rows, columns }, timeseries: undefined, ...shape })
    }
    return tables
  })
}

/** Queries of interval data see the expanded rows. */
function shownColumns(config: Dataset, columns: readonly Column[]): readonly Column[] {
  const timeseries = timeseriesOf(config, columns)
  return timeseries ? expandedColumns(columns, timeseries) : columns
}

async function withQueryDatabase<T>(
  { folder, resources }: Options,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true })
  const database = await Database.open({
    ...resources,
    scratch: folder,
    threads: 1,
    keepOrder: true,
    pushFilters: true,
  })
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

async function createInput(database: Database, name: string, what: string): Promise<void> {
  if (name.toLowerCase() === SOURCE_TABLE) {
    throw new UsageError(
      'SHEET_NAME_TAKEN',
      `A sheet cannot be called "${name}" in a query: that is the table of audit facts.`,
      {
        suggestions: ['Rename the sheet.'],
      },
    )
  }
  await database.run(`CREATE ${what}`)
}

async function createSource(database: Database, dataset: string, facts: SourceFacts): Promise<void> {
  const { key, versionId, modifiedAt } = facts
  const micros = `${modifiedAt.getTime()}000`
  await database.run(
    `CREATE TABLE ${SOURCE_TABLE} AS SELECT ${literal(key)} AS key,` +
      ` CAST(${versionId === null ? 'NULL' : literal(versionId)} AS VARCHAR) AS version_id,` +
      ` timezone('UTC', make_timestamp(${micros})) AS modified_at, ${literal(dataset)} AS dataset`,
  )
}

/** @throws DataError KEY_WITHOUT_VALUE */
async function assertKeys(
  database: Database,
  { table, where }: Query,
  path: string,
  key: readonly string[] | undefined,
): Promise<void> {
  if (key === undefined) return
  const isNull = key.map((name) => `${identifier(name)} IS NULL`).join(' OR ')
  const rows = await database.count(`SELECT count(*) FROM read_parquet(${literal(path)}) WHERE ${isNull}`)
  if (rows === 0) return
  throw new DataError(
    'KEY_WITHOUT_VALUE',
    `${rows} rows of the table ${table} have no value in its key (${key.join(', ')}). Nothing was published.`,
    { suggestions: [`Leave them out in \`${where}\`, or give them a key.`] },
  )
}
