import type { Dataset } from '../../config/dataset.js'
import { DatapipeError, messageOf } from '../../errors.js'
import type { Database } from '../database.js'
import { DataError } from '../errors.js'
import type { ReadRows } from '../read.js'
import { declaredConfig } from '../contract/contract.js'
import { actionsOf, hasPersonalData } from '../pii/actions.js'
import { WITHHELD } from '../pii/withheld.js'
import { identifier, literal } from '../sql.js'
import { checksOf, type Check } from './check.js'
import { checkMessage, type CheckResult } from './result.js'
import { enclosed } from './predicate.js'
import { repeatedCount } from './repeated.js'

export interface Evaluated {
  database: Database
  config: Dataset
  dataset: string
  /** What messages call the file. */
  file: string
  rows: ReadRows
  /** When the file was written last, milliseconds since 1970. */
  modifiedMs: number
}

/**
 * What the checks of a dataset find in the rows of a file that were read, before any expansion. Rejected rows count for the
 * check that rejected them, and for no other.
 * @throws DataError CHECK_NOT_COMPUTED when a predicate has no value for a row, as a cast that fails
 */
export async function evaluateChecks(options: Evaluated): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checksOf(options.config)) {
    const { name, kind, severity } = check
    const { failed, detail } = await found(check, options).catch((error: unknown) => {
      throw notComputed(error, check, options)
    })
    const result = { name, kind, severity, passed: failed === 0, failed }
    results.push(detail === undefined ? result : { ...result, detail })
  }
  return results
}

interface Found {
  failed: number
  detail?: string
}

async function found(check: Check, options: Evaluated): Promise<Found> {
  const { database, rows } = options
  const { accepted, unfit } = rows
  const table = `read_parquet(${literal(accepted.path)}, hive_partitioning = false)`
  switch (check.kind) {
    case 'row_count': {
      const { min = 0, max = Infinity } = check
      const isWithin = accepted.rows >= min && accepted.rows <= max
      const allowed = max === Infinity ? `at least ${min}` : min === 0 ? `at most ${max}` : `${min} to ${max}`
      return { failed: isWithin ? 0 : 1, detail: `${accepted.rows} rows; ${allowed} are expected` }
    }
    case 'freshness':
      return freshness(check, table, options)
    case 'sql':
    case 'not_null':
    case 'unique': {
      if (check.severity === 'reject') {
        if (unfit.rows === 0) return { failed: 0 }
        return {
          failed: await database.count(
            `SELECT count(*) FROM read_parquet(${literal(unfit.path)}) WHERE list_contains(checks, ${literal(check.name)})`,
          ),
        }
      }
      if (check.kind === 'unique')
        return { failed: await database.count(repeatedCount(check.columns, table)) }
      const breaks =
        check.kind === 'sql'
          ? `NOT ${enclosed(check.sql)}`
          : check.columns.map((column) => `${identifier(column)} IS NULL`).join(' OR ')
      return { failed: await database.count(`SELECT count(*) FROM ${table} WHERE ${breaks}`) }
    }
  }
}

/** By the time of the file itself: a later run of the same file must find the same. */
async function freshness(
  { column, within, withinMs }: Extract<Check, { kind: 'freshness' }>,
  table: string,
  { database, config, rows, modifiedMs }: Evaluated,
): Promise<Found> {
  const type = rows.columns.find(({ name }) => name === column)?.type ?? ''
  if (!['date', 'timestamp', 'timestamptz'].includes(type)) {
    throw new DataError(
      'CHECK_TYPE',
      `freshness needs a date or a timestamp; the column "${column}" is of type ${type}.`,
      {
        suggestions: [
          'Declare the columns of the dataset: a value that does not fit is then a rejected row.',
        ],
      },
    )
  }
  const newest = `max(${identifier(column)})`
  const instant =
    type === 'timestamptz'
      ? newest
      : `timezone(${literal(config.format.timezone)}, CAST(${newest} AS TIMESTAMP))`
  const [row] = await database.rows(
    `SELECT epoch_ms(${instant}) AS ms, CAST(${newest} AS VARCHAR) AS text FROM ${table} WHERE isfinite(${identifier(column)})`,
  )
  if (row === undefined || row.ms === null) return { failed: 1, detail: `${column} has no value` }
  const isFresh = modifiedMs - Number(row.ms) <= withinMs
  const newestText = actionsOf(declaredConfig(config)).has(column) ? WITHHELD : String(row.text)
  const detail = `the newest ${column} is ${newestText}; the file is of ${new Date(modifiedMs).toISOString()}, and ${within} are allowed`
  return { failed: isFresh ? 0 : 1, detail }
}

/** What to throw when DuckDB could not compute a check. */
export function notComputed(
  error: unknown,
  { name }: Pick<Check, 'name'>,
  { config, dataset, file }: Pick<Evaluated, 'config' | 'dataset' | 'file'>,
): unknown {
  const [first = ''] = messageOf(error).split('\n', 1)
  if (error instanceof DatapipeError || !/^(Conversion|Out of Range|Invalid Input) Error/.test(first))
    return error
  return new DataError(
    'CHECK_NOT_COMPUTED',
    // The engine quotes the value.
    `The check "${name}" of the dataset ${dataset} cannot be computed for a row of ${file}: ${hasPersonalData(config) ? WITHHELD : first}`,
    {
      ...(hasPersonalData(config) ? {} : { cause: error }),
      suggestions: ['Write it so that it has a value for every row, for example with try_cast.'],
    },
  )
}

/**
 * @throws DataError CHECK_FAILED when a check of severity fail does not hold, with all results
 */
export function assertChecks(
  results: readonly CheckResult[],
  { dataset, file }: { dataset: string; file: string },
): void {
  const failed = results.filter(({ passed, severity }) => severity === 'fail' && !passed)
  if (failed.length === 0) return
  throw new DataError(
    'CHECK_FAILED',
    `${file} fails ${failed.length === 1 ? 'a check' : `${failed.length} checks`} of the dataset ${dataset}: ${failed.map(checkMessage).join('; ')}. Nothing was published.`,
    {
      result: { dataset, checks: results },
      suggestions: [`Correct the file, or the checks of datasets.${dataset}.`],
    },
  )
}
