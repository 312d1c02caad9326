import { identifier } from './sql.js'
import { expandedColumns, type Timeseries } from './timeseries.js'
import type { Column } from './types.js'

export { expandedColumns } from './timeseries.js'

export interface OnePartition {
  /** Whose value decides: the start or the end of the interval. */
  column: string
  /** SQL over such a value. */
  isIn: (value: string) => string
}

/**
 * SQL: each interval row as `samples` consecutive sub-intervals of equal length, the other columns repeated.
 *
 * All in whole microseconds: boundary i of n is `start + floor(i * (end - start) / n)`, so that the first start and the last
 * end are exact, each sub-interval ends where the next one starts, and nothing drifts. The product is split into quotient and
 * remainder, which keeps it inside 64 bits whatever the length of the interval.
 * @param intervals SQL of the interval rows, in the order wanted
 * @param only keeps only the sub-intervals of one partition
 */
export function expanded(
  intervals: string,
  columns: readonly Column[],
  timeseries: Timeseries,
  only?: OnePartition,
): string {
  const { start, end, samples } = timeseries
  const [from, to, n] = [identifier(start), identifier(end), identifier(samples)]
  const isInstant = columns.find(({ name }) => name === start)?.type === 'timestamptz'
  const time = (micros: string) =>
    isInstant ? `timezone('UTC', make_timestamp(${micros}))` : `make_timestamp(${micros})`
  const boundary = (i: string) => time(`"#start" + ${i} * "#quotient" + (${i} * "#remainder") // "#n"`)
  const value = (name: string, i: string) => (name === start ? boundary(i) : boundary(`(${i} + 1)`))
  const values = expandedColumns(columns, timeseries).map(({ name }) =>
    name === start || name === end ? `${value(name, '"#i"')} AS ${identifier(name)}` : identifier(name),
  )
  const indexes = only
    ? // Most intervals are inside whole; to test each of their samples would cost as much as to make them.
      `CASE WHEN (${only.isIn(from)}) AND (${only.isIn(to)}) THEN range("#n")` +
      ` ELSE list_filter(range("#n"), lambda i: ${only.isIn(value(only.column, 'i'))}) END`
    : 'range("#n")'
  return (
    `SELECT ${values.join(', ')} FROM (SELECT *, unnest(${indexes}) AS "#i" FROM (SELECT *,` +
    ` epoch_us(${from}) AS "#start", CAST(${n} AS BIGINT) AS "#n",` +
    ` (epoch_us(${to}) - epoch_us(${from})) // ${n} AS "#quotient",` +
    ` (epoch_us(${to}) - epoch_us(${from})) % ${n} AS "#remainder" FROM (${intervals})))`
  )
}
