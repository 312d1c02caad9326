import { UsageError } from '../../errors.js'
import type { Database } from '../database.js'
import { literal } from '../sql.js'
import { SOURCE_TABLE, type Query, type QueryInput } from './query.js'

/** Table functions that make rows of their arguments alone. */
const TABLE_FUNCTIONS = new Set(['generate_series', 'range', 'unnest', 'json_each', 'json_tree', 'repeat'])
/** Written without parentheses, these are functions wherever no column has the name. */
const CLOCKS = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'])
/** Marked as volatile by DuckDB, though it gives no value at all. */
const FAILS = 'error'
/** Not marked, though one draws a random sample and the others tell of the session. */
const UNMARKED = ['reservoir_quantile', 'current_setting', 'getvariable']

interface Serialized {
  error: boolean
  error_message?: string
  statements?: unknown[]
}

/** What a parsed query mentions. */
interface Mentions {
  tables: { name: string; qualified: boolean }[]
  tableFunctions: Set<string>
  functions: Set<string>
  ctes: Set<string>
  /** Names of columns without a table. */
  columns: Set<string>
  samples: boolean
  shows: boolean
}

/**
 * Lets through one SELECT over the inputs whose rows depend on nothing but the file: no other tables or files, no clock, no
 * chance, nothing of the session. DuckDB parses the query, and knows which of its functions are not constant.
 * @param inputs without columns where these are not known: any name can then be a column
 * @throws UsageError SQL_NOT_A_SELECT, SQL_FAILED, SQL_TABLE_UNKNOWN, SQL_NOT_REPEATABLE
 */
export async function judgeQuery(
  database: Database,
  { sql, where }: Query,
  inputs: readonly QueryInput[],
): Promise<void> {
  const [row] = await database.rows(`SELECT CAST(json_serialize_sql(${literal(sql)}) AS VARCHAR) AS tree`)
  const tree = JSON.parse(row?.tree as string) as Serialized
  if (tree.error && tree.error_message?.includes('Only SELECT') !== true) {
    throw new UsageError('SQL_FAILED', `\`${where}\` is not SQL that DuckDB reads: ${tree.error_message}.`)
  }
  const statements = tree.statements ?? []
  if (tree.error || statements.length !== 1) throw notASelect(where, statements.length)
  const found = mentions(statements[0])
  if (found.shows) throw notASelect(where, 1)
  assertTables(where, found, inputs)
  await assertRepeatable(database, where, found, inputs)
}

function notASelect(where: string, statements: number): UsageError {
  const what = statements === 0 ? 'holds no statement' : 'is something else'
  return new UsageError(
    'SQL_NOT_A_SELECT',
    `\`${where}\` must be one SELECT; it ${statements > 1 ? `holds ${statements} statements` : what}.`,
    { suggestions: ['Write one query; WITH names its steps. A table of its own goes to `tables`.'] },
  )
}

function assertTables(where: string, found: Mentions, inputs: readonly QueryInput[]): void {
  const names = [...inputs.map(({ name }) => name), SOURCE_TABLE]
  const known = new Set([...names.map((name) => name.toLowerCase()), ...found.ctes])
  const suggestions = [`The tables of this query: ${names.map((name) => `"${name}"`).join(', ')}.`]
  for (const { name, qualified } of found.tables) {
    if (!qualified && known.has(name)) continue
    throw new UsageError('SQL_TABLE_UNKNOWN', `\`${where}\` reads "${name}", which it cannot.`, {
      suggestions,
    })
  }
  for (const name of found.tableFunctions) {
    if (TABLE_FUNCTIONS.has(name)) continue
    throw new UsageError('SQL_TABLE_UNKNOWN', `\`${where}\` reads ${name}(), which it cannot.`, {
      suggestions,
    })
  }
}

async function assertRepeatable(
  database: Database,
  where: string,
  found: Mentions,
  inputs: readonly QueryInput[],
): Promise<void> {
  const rows = await database.rows(
    `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'` +
      ` OR (function_type LIKE '%macro%' AND macro_definition LIKE '%current_timestamp%')`,
  )
  const unstable = new Set([...rows.map(({ name }) => name as string), ...UNMARKED])
  unstable.delete(FAILS)
  const own = new Set(inputs.flatMap(({ columns }) => columns.map(({ name }) => name)))
  const called = [...found.functions].filter((name) => unstable.has(name)).map((name) => `${name}()`)
  const isKnown = inputs.every(({ columns }) => columns.length > 0)
  const clocks = [...found.columns].filter((name) => isKnown && CLOCKS.has(name) && !own.has(name))
  const [first] = [...called, ...clocks, ...(found.samples ? ['a sample'] : [])]
  if (first === undefined) return
  throw new UsageError(
    'SQL_NOT_REPEATABLE',
    `\`${where}\` uses ${first}, so that the next run over the same file would give other rows.`,
    {
      suggestions: [
        `When the file came and which it is: ${SOURCE_TABLE}.modified_at, ${SOURCE_TABLE}.key and ${SOURCE_TABLE}.version_id.`,
        'A stable key: md5() or sha256() of the columns that make a row what it is.',
      ],
    },
  )
}

function mentions(tree: unknown): Mentions {
  const found: Mentions = {
    tables: [],
    tableFunctions: new Set(),
    functions: new Set(),
    ctes: new Set(),
    columns: new Set(),
    samples: false,
    shows: false,
  }
  visit(tree, found)
  return found
}

type Node = Record<string, unknown>

function visit(node: unknown, found: Mentions): void {
  if (Array.isArray(node)) for (const item of node) visit(item, found)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  const { type, function_name: name, cte_map: ctes, sample, column_names: columns } = node as Node
  if (type === 'BASE_TABLE') {
    const { table_name: table, schema_name: schema, catalog_name: catalog } = node as Node
    found.tables.push({ name: lower(table), qualified: lower(schema) !== '' || lower(catalog) !== '' })
  }
  if (type === 'TABLE_FUNCTION')
    found.tableFunctions.add(lower(((node as Node).function as Node).function_name))
  else if (typeof name === 'string') found.functions.add(name.toLowerCase())
  if (type === 'SHOW_REF') found.shows = true
  if (type === 'COLUMN_REF' && Array.isArray(columns) && columns.length === 1)
    found.columns.add(lower(columns[0]))
  if (sample !== undefined && sample !== null) found.samples = true
  for (const { key } of (ctes as { map?: { key: string }[] } | undefined)?.map ?? [])
    found.ctes.add(lower(key))
  for (const value of Object.values(node)) visit(value, found)
}

function lower(name: unknown): string {
  return typeof name === 'string' ? name.toLowerCase() : ''
}
