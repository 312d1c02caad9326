import { UsageError, messageOf } from '../../errors.js'
import type { Database } from '../database.js'
import { identifier, literal } from '../sql.js'
import type { Column } from '../types.js'

/** SQL of a predicate on its own. The line end closes a comment at its end. */
export function enclosed(sql: string): string {
  return `(${sql}\n)`
}

/** Their result depends on more than the row, though DuckDB does not say so of them. */
const OUTSIDE = [
  'current_setting',
  'getvariable',
  'getenv',
  'current_user',
  'session_user',
  'user',
  'version',
]

export interface Predicate {
  sql: string
  /** Columns that it mentions, in the order of their mention. */
  columns: string[]
}

/** What a predicate is judged against: its name for messages, and the columns that it may mention. */
export interface PredicateScope {
  dataset: string
  check: string
  columns: readonly (Column & { sqlType: string })[]
}

/**
 * Judges a predicate before any row is read: one expression over the columns that is true or false for a row by its values
 * alone, so that it says the same whenever the file is read again.
 * @throws UsageError CHECK_INVALID
 */
export async function judge(database: Database, sql: string, scope: PredicateScope): Promise<Predicate> {
  const invalid = (why: string) =>
    new UsageError('CHECK_INVALID', `The check "${scope.check}" of the dataset ${scope.dataset} ${why}`, {
      suggestions: [`Correct it in datasets.${scope.dataset}.checks.`],
    })
  const cannotBe = (error: unknown) =>
    invalid(`is no predicate over its columns: ${firstLine(messageOf(error))}`)
  // On its own it must be complete too: `a) or (b` is not.
  const [alone, tree] = [await parsed(database, sql), await parsed(database, enclosed(sql))]
  for (const each of [alone, tree])
    if (each.error === true) throw cannotBe(new Error(String(each.error_message)))
  const [statement, ...more] = tree.statements as Tree[]
  const list = (statement?.node as Tree | undefined)?.select_list as Tree[] | undefined
  if (more.length > 0 || list?.length !== 1 || list[0] === undefined) throw invalid('is not one expression.')
  const seen = walk(list[0])
  if (seen.subqueries) throw invalid('has a subquery; a check is about the values of one row.')
  const own = new Map(scope.columns.map(({ name }) => [name.toLowerCase(), name]))
  const names = [...seen.functions, ...seen.columns.filter((name) => !own.has(name))]
  const unstable = await unstableOf(database, names)
  if (unstable !== undefined)
    throw invalid(`uses ${unstable}, which is not the same whenever the file is read again.`)
  const empty = scope.columns.map(({ name, sqlType }) => `CAST(NULL AS ${sqlType}) AS ${identifier(name)}`)
  const [bound] = await database
    .rows(
      `DESCRIBE SELECT ${enclosed(sql)} FROM (SELECT ${empty.join(', ')}) WHERE ${enclosed(sql)} IS NOT NULL`,
    )
    .catch((error: unknown) => {
      throw cannotBe(error)
    })
  if (bound?.column_type !== 'BOOLEAN') {
    throw invalid(`is of type ${String(bound?.column_type)}; a check must be true or false.`)
  }
  const columns = seen.columns.flatMap((name) => own.get(name) ?? [])
  return { sql, columns: [...new Set(columns)] }
}

/** What DuckDB's parser makes of an expression. */
type Tree = Record<string, unknown>

async function parsed(database: Database, expression: string): Promise<Tree> {
  const [row] = await database.rows(
    `SELECT CAST(json_serialize_sql(${literal(`SELECT ${expression}`)}) AS VARCHAR) AS tree`,
  )
  return JSON.parse(row?.tree as string) as Tree
}

interface Seen {
  functions: string[]
  columns: string[]
  subqueries: boolean
}

function walk(tree: Tree): Seen {
  const seen: Seen = { functions: [], columns: [], subqueries: false }
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { class: kind, function_name: name, column_names: columns, children } = node as Tree
    if (kind === 'SUBQUERY') seen.subqueries = true
    if (kind === 'FUNCTION') {
      const isClock = name === 'age' && Array.isArray(children) && children.length === 1
      seen.functions.push(isClock ? 'current_date' : String(name).toLowerCase())
    }
    if (kind === 'COLUMN_REF' && Array.isArray(columns))
      seen.columns.push(String(columns.at(-1)).toLowerCase())
    Object.values(node).forEach(visit)
  }
  visit(tree)
  return seen
}

/** The first of some functions whose result depends on more than its arguments. */
async function unstableOf(database: Database, names: readonly string[]): Promise<string | undefined> {
  const outside = names.find((name) => OUTSIDE.includes(name))
  if (outside !== undefined || names.length === 0) return outside
  const rows = await database.rows(
    `SELECT function_name FROM duckdb_functions() WHERE function_name IN (${names.map(literal).join(', ')})` +
      ` AND (stability <> 'CONSISTENT' OR macro_definition LIKE '%current_timestamp%') ORDER BY function_name`,
  )
  return rows[0]?.function_name as string | undefined
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}

/**
 * Judges a pattern that the configuration has for a column.
 * @throws UsageError PATTERN_INVALID
 */
export async function judgePattern(
  database: Database,
  { dataset, column, pattern }: { dataset: string; column: string; pattern: string },
): Promise<void> {
  await database.rows(`SELECT regexp_full_match('', ${literal(pattern)})`).catch((error: unknown) => {
    const why = firstLine(messageOf(error)).replace(/^[A-Za-z ]*Error: /, '')
    throw new UsageError(
      'PATTERN_INVALID',
      `The pattern of the column "${column}" of the dataset ${dataset} is no RE2 expression: ${why}.`,
      { suggestions: [`Correct datasets.${dataset}.columns.${column}.pattern; RE2 has no look-around.`] },
    )
  })
}
