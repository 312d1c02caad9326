import type { Timeseries } from './rules.js'
import { identifier } from './sql.js'
import type { Column } from './types.js'

/** Columns of the table after the expansion: all but the number of samples, since every row is one. */
export function expandedColumns(columns: readonly Column[], { samples }: Timeseries): Column[] {
  return columns.filter(({ name }) => name !== samples)
}

/**
 * SQL: each interval row as `samples` consecutive sub-intervals of equal length, the other columns repeated.
 *
 * All in whole microseconds: boundary i of n is `start + floor(i * (end - start) / n)`, so that the first start and the last
 * end are exact, each sub-interval ends where the next one starts, and nothing drifts. The product is split into quotient and
 * remainder, which keeps it inside 64 bits whatever the length of the interval.
 * @param intervals SQL of the interval rows, in the order wanted
 */
export function expanded(intervals: string, columns: readonly Column[], timeseries: Timeseries): string {
  const { start, end, samples } = timeseries
  const [from, to] = [identifier(start), identifier(end)]
  const time = (micros: string) => {
    const timestamp = `make_timestamp(${micros})`
    return columns.find(({ name }) => name === start)?.type === 'timestamptz'
      ? `timezone('UTC', ${timestamp})`
      : timestamp
  }
  const boundary = (i: string) => `"#start" + ${i} * "#quotient" + (${i} * "#remainder") // "#n"`
  const values = expandedColumns(columns, timeseries).map(({ name }) => {
    if (name === start) return `${time(boundary('"#i"'))} AS ${from}`
    return name === end ? `${time(boundary('("#i" + 1)'))} AS ${to}` : identifier(name)
  })
  return (
    `SELECT ${values.join(', ')} FROM (SELECT *, unnest(range("#n")) AS "#i" FROM (SELECT *,` +
    ` epoch_us(${from}) AS "#start", CAST(${identifier(samples)} AS BIGINT) AS "#n",` +
    ` (epoch_us(${to}) - epoch_us(${from})) // ${identifier(samples)} AS "#quotient",` +
    ` (epoch_us(${to}) - epoch_us(${from})) % ${identifier(samples)} AS "#remainder" FROM (${intervals})))`
  )
}
