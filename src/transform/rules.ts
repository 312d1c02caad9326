import type { Dataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import { DataError } from './errors.js'
import { columnName } from './header.js'
import { WITHHELD } from './pii/withheld.js'
import { identifier, literal } from './sql.js'
import { gridOf, type Timeseries } from './timeseries.js'
import type { Column } from './types.js'

export type { Timeseries } from './timeseries.js'

/** A rule about typed rows beyond "the text fits the type". */
export interface Rule {
  column: string
  /** Other columns that it looks at. */
  others?: readonly string[]
  /** The check of the dataset that it belongs to. */
  check?: string
  /** It asks for the number of the record, see `RECORD`. */
  isByRecord?: boolean
  /** SQL over the typed columns: true when the row breaks the rule. */
  broken: string
  /** SQL: why, as text. */
  reason: string
  /** SQL: the same without any value, for datasets with personal data. Needed where `reason` is more than a constant. */
  withheld?: string
}

/** One row cannot become more rows than this: a slip in one field must not fill the disk. */
export const MOST_SAMPLES = 1_000_000

const TIME_TYPES = ['timestamp', 'timestamptz']
const WHOLE_TYPES = ['integer', 'bigint']

/**
 * The columns of interval data, checked against the columns of the dataset.
 * @throws UsageError UNKNOWN_COLUMN, TIMESERIES_EVERY; DataError TIMESERIES_TYPE
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
  return {
    start: columnName(start),
    end: columnName(end),
    samples: columnName(samples),
    points: config.timeseries.output === 'points',
    grid: gridOf(config.timeseries),
  }
}

/** What must hold for an interval row. Intervals of no length are legal. */
export function timeseriesRules({ start, end, samples, grid }: Timeseries): Rule[] {
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
      withheld: literal(`${samples}: ${WITHHELD} is less than 1`),
    },
    {
      column: samples,
      broken: `${count} > ${MOST_SAMPLES}`,
      reason: `${literal(`${samples}: `)} || ${count} || ' is more than ${MOST_SAMPLES}'`,
      withheld: literal(`${samples}: ${WITHHELD} is more than ${MOST_SAMPLES}`),
    },
    ...(grid
      ? [
          {
            column: end,
            broken: `(epoch_us(${to}) - epoch_us(${from})) // ${grid.everyMicros} >= ${MOST_SAMPLES}`,
            reason: literal(`${end}: is more than ${MOST_SAMPLES} steps of the grid after ${start}`),
          },
        ]
      : []),
  ]
}

/** A row without a value in a key column cannot be told from others. Where `sql` makes the rows, the key is of its result. */
export function keyRules(config: Dataset, columns: readonly Column[]): Rule[] {
  if (config.sql !== undefined || config.tables !== undefined) return []
  return (config.key ?? [])
    .map(columnName)
    .filter((key) => columns.some(({ name }) => name === key))
    .map((key) => ({
      column: key,
      broken: `${identifier(key)} IS NULL`,
      reason: literal(`${key}: is empty, and part of the key`),
    }))
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
