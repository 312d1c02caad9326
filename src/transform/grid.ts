import type { Database } from './database.js'
import { IntegrityError } from './errors.js'
import type { AcceptedRows } from './read.js'
import { expandedColumns } from './shape.js'
import { identifier, literal } from './sql.js'
import { isSeries, type Grid, type Timeseries } from './timeseries.js'
import type { Column } from './types.js'

/**
 * Writes interval rows as rows on a fixed grid, in the order of time. The steps are whole multiples of `every` since 1970, so
 * that all files of a dataset share them. All in whole microseconds.
 *
 * last: one row for each step t with start <= t < end, the other columns as they are.
 * mean: one row for each step [t, t + every) that intervals reach into and each combination of the columns that are no numbers;
 * numbers are means, weighted by the time that an interval has in the step. A null has no weight.
 *
 * Where no interval is, there is no row.
 * @param how options of COPY
 * @throws IntegrityError ROWS_DO_NOT_ADD_UP
 */
export async function writeGrid(
  database: Database,
  rows: string,
  columns: readonly Column[],
  timeseries: Timeseries & { grid: Grid },
  to: string,
  how: string,
): Promise<AcceptedRows> {
  const [query, count] = (timeseries.grid.fill === 'last' ? lastValues : means)(rows, columns, timeseries)
  const expected = await database.count(count)
  const written = await database.count(`COPY (${query}) TO ${literal(to)} (${how})`)
  if (written !== expected) {
    throw new IntegrityError(
      'ROWS_DO_NOT_ADD_UP',
      `${expected} rows were to be on the grid, but ${written} are. Nothing was published.`,
      { suggestions: ['This is a defect of datapipe: please report it, with the file if you can.'] },
    )
  }
  return { path: to, rows: written }
}

type GridSql = (
  rows: string,
  columns: readonly Column[],
  timeseries: Timeseries & { grid: Grid },
) => [query: string, count: string]

const lastValues: GridSql = (rows, columns, timeseries) => {
  const { start, grid } = timeseries
  const { everyMicros: every } = grid
  const source = `(${withMicros(rows, timeseries)})`
  const [first, end] = [stepAfter('"#s"', every), stepAfter('"#e"', every)]
  const values = expandedColumns(columns, timeseries).map(({ name }) =>
    name === start ? `${timeOf('"#t"', columns, timeseries)} AS ${identifier(name)}` : identifier(name),
  )
  const steps = `SELECT *, unnest(range(${first}, ${end})) * ${every} AS "#t" FROM ${source}`
  return [
    `SELECT ${values.join(', ')} FROM (${steps}) ORDER BY "#t", "#s", "#e", file_row_number`,
    `SELECT coalesce(sum(${end} - ${first}), 0) FROM ${source}`,
  ]
}

const means: GridSql = (rows, columns, timeseries) => {
  const { end, grid, samples, start } = timeseries
  const { everyMicros: every } = grid
  const source = `(${withMicros(rows, timeseries)} ORDER BY "#s", "#e", file_row_number)`
  const steps =
    `SELECT *, unnest(range(${stepBefore('"#s"', every)}, ${stepBefore('("#e" - 1)', every)} + 1)) * ${every} AS "#t"` +
    ` FROM ${source} WHERE "#e" > "#s"`
  const pieces = `SELECT *, least("#e", "#t" + ${every}) - greatest("#s", "#t") AS "#weight" FROM (${steps})`
  const others = columns.filter(({ name }) => ![start, end, samples].includes(name))
  const series = others.filter(isSeries).map(({ name }) => identifier(name))
  const groups = ['"#t"', ...series].join(', ')
  const values = columns.flatMap((column) => {
    const name = identifier(column.name)
    if (column.name === start) return [`${timeOf('"#t"', columns, timeseries)} AS ${name}`]
    if (!others.includes(column)) return []
    return [isSeries(column) ? name : `${weighted(`CAST(${name} AS DOUBLE)`)} AS ${name}`]
  })
  return [
    `SELECT ${values.join(', ')} FROM (${pieces}) GROUP BY ${groups} ORDER BY ${groups}`,
    `SELECT count(*) FROM (SELECT DISTINCT ${groups} FROM (${steps}))`,
  ]
}

/** A value that does not change within a step is itself, to the last bit. */
function weighted(value: string): string {
  const weight = `CAST(sum("#weight") FILTER (${value} IS NOT NULL) AS DOUBLE)`
  return `CASE WHEN min(${value}) = max(${value}) THEN min(${value}) ELSE sum(${value} * "#weight") / ${weight} END`
}

function withMicros(rows: string, { start, end }: Timeseries): string {
  return `SELECT *, epoch_us(${identifier(start)}) AS "#s", epoch_us(${identifier(end)}) AS "#e" FROM ${rows}`
}

/** SQL: the number of the step that a time is in; also before 1970, where a remainder is negative. */
function stepBefore(micros: string, every: number): string {
  return `((${micros} - ((${micros} % ${every}) + ${every}) % ${every}) // ${every})`
}

/** SQL: the number of the first step at or after a time. */
function stepAfter(micros: string, every: number): string {
  return stepBefore(`(${micros} + ${every - 1})`, every)
}

function timeOf(micros: string, columns: readonly Column[], { start }: Timeseries): string {
  const isInstant = columns.find(({ name }) => name === start)?.type === 'timestamptz'
  return isInstant ? `timezone('UTC', make_timestamp(${micros}))` : `make_timestamp(${micros})`
}
