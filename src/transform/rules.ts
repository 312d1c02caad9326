import type { Dataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import { DataError } from './errors.js'
import { columnName } from './header.js'
import { identifier, literal } from './sql.js'
import type { Column } from './types.js'

/** A rule about typed rows beyond "the text fits the type". */
export interface Rule {
  column: string
  /** SQL over the typed columns: true when the row breaks the rule. */
  broken: string
  /** SQL: why, as text. */
  reason: string
}

/** The three columns of interval data, under their table names. */
export interface Timeseries {
  start: string
  end: string
  samples: string
}

/** One row cannot become more rows than this: a slip in one field must not fill the disk. */
export const MOST_SAMPLES = 1_000_000

const TIME_TYPES = ['timestamp', 'timestamptz']
const WHOLE_TYPES = ['integer', 'bigint']

/**
 * The columns of interval data, checked against the columns of the dataset.
 * @throws UsageError UNKNOWN_COLUMN; DataError TIMESERIES_TYPE
 */
export function timeseriesOf(config: Dataset, columns: readonly Column[]): Timeseries | undefined {
  if (!config.timeseries) return undefined
  const { start, end, samples } = config.timeseries
  const startType = typeOf('timeseries.start', start, columns)
  const endType = typeOf('timeseries.end', end, columns)
  const samplesType = typeOf('timeseries.samples', samples, columns)
  if (!TIME_TYPES.includes(startType)) throw wrongType(start, startType, 'timestamp or timestamptz')
  if (endType !== startType) throw wrongType(end, endType, `${startType}, as ${start} is`)
  if (!WHOLE_TYPES.includes(samplesType)) throw wrongType(samples, samplesType, 'integer or bigint')
  return { start: columnName(start), end: columnName(end), samples: columnName(samples) }
}

/** What must hold for an interval row. Intervals of no length are legal. */
export function timeseriesRules({ start, end, samples }: Timeseries): Rule[] {
  const [from, to, count] = [identifier(start), identifier(end), identifier(samples)]
  return [
    ...[start, end, samples].map((column) => ({
      column,
      broken: `${identifier(column)} IS NULL`,
      reason: literal(`${column}: is empty`),
    })),
    { column: end, broken: `${to} < ${from}`, reason: literal(`${end}: is before ${start}`) },
    {
      column: samples,
      broken: `${count} <= 0`,
      reason: `${literal(`${samples}: `)} || ${count} || ' is less than 1'`,
    },
    {
      column: samples,
      broken: `${count} > ${MOST_SAMPLES}`,
      reason: `${literal(`${samples}: `)} || ${count} || ' is more than ${MOST_SAMPLES}'`,
    },
  ]
}

/** @throws UsageError UNKNOWN_COLUMN when the dataset has no such column */
export function typeOf(where: string, mentioned: string, columns: readonly Column[]): string {
  const column = columns.find(({ name }) => name === columnName(mentioned))
  if (column) return column.type
  throw new UsageError(
    'UNKNOWN_COLUMN',
    `${where} names the column "${mentioned}", which the dataset does not have. Its columns: ${columns.map(({ name }) => name).join(', ')}.`,
  )
}

function wrongType(column: string, type: string, wanted: string): DataError {
  return new DataError(
    'TIMESERIES_TYPE',
    `The column "${column}" is of type ${type}; interval data needs ${wanted}.`,
    {
      suggestions: ['Declare the columns of the dataset: a value that does not fit is then a rejected row.'],
    },
  )
}
