import type { Database, Row } from '../database.js'
import { identifier } from '../sql.js'
import type { Column } from '../types.js'

/** What the values of a column are like. */
export interface ColumnSummary {
  nulls: number
  /** Different values without null. */
  distinct: number
  /** False: there are more than about 100,000, of which a part was counted; seldom more than 1 % off. */
  distinctIsExact: boolean
  /** Values are left out: the column holds personal data. */
  withheld: boolean
  /** As text, so that nothing is rounded; of a string the first 200 characters. NaN and Infinity are left out. */
  min: string | null
  max: string | null
  /** Of numbers. */
  mean: number | null
  /** NaN, Infinity and -Infinity; only where there are any. */
  notFinite?: number
  histogram: Histogram | null
}

/** How values divide into ranges of the same width from min to max. */
export interface Histogram {
  /** What was measured: the values, or of strings how many characters they have. */
  of: 'value' | 'length'
  counts: number[]
}

interface Options {
  database: Database
  /** SQL of the rows. */
  table: string
  rows: number
  withhold: boolean
}

/** More values than this are not counted one by one: it would take memory by their number. */
const MOST_EXACT = 100_000
const LONGEST_TEXT = 200
const BINS = 12

/**
 * Looks at one column in a few passes, in memory that does not depend on the number of rows. Values of a withheld column
 * are only counted.
 */
export async function summarizeColumn(column: Column, options: Options): Promise<ColumnSummary> {
  const { database, rows, table, withhold } = options
  const name = identifier(column.name)
  const values = withhold ? [] : figures(column)
  const [row = {}] = await database.rows(
    `SELECT ${[`count(${name}) AS present`, ...values].join(', ')} FROM ${table}`,
  )
  const present = Number(row.present)
  const summary = {
    nulls: rows - present,
    ...(await distinctOf(name, present, options)),
    withheld: withhold,
  }
  if (withhold) return { ...summary, min: null, max: null, mean: null, histogram: null }
  const notFinite = Number(row.not_finite ?? 0)
  const mean = typeof row.mean === 'number' ? row.mean : null
  return {
    ...summary,
    min: textOf(row.min),
    max: textOf(row.max),
    mean: mean !== null && Number.isFinite(mean) ? mean : null,
    ...(notFinite > 0 ? { notFinite } : {}),
    histogram: await histogramOf(column, row, options),
  }
}

/** Counts hashes of 64 bits, so that long values take no more memory than short ones: of very many values only every n-th. */
async function distinctOf(
  name: string,
  present: number,
  { database, table }: Options,
): Promise<Pick<ColumnSummary, 'distinct' | 'distinctIsExact'>> {
  // Its own estimate (HyperLogLog) is ten per cent off now and then.
  const about =
    present <= MOST_EXACT
      ? present
      : await database.count(`SELECT approx_count_distinct(${name}) FROM ${table}`)
  const nth = Math.ceil(about / MOST_EXACT)
  const isCounted = nth <= 1 ? '' : ` AND (hash(${name}) >> 20) % ${nth} = 0`
  const counted = await database.count(
    `SELECT count(DISTINCT hash(${name})) FROM ${table} WHERE ${name} IS NOT NULL${isCounted}`,
  )
  return { distinct: Math.min(counted * Math.max(nth, 1), present), distinctIsExact: nth <= 1 }
}

/** SQL: smallest and greatest value and the mean, and the positions of both ends on the axis of the histogram. */
function figures(column: Column): string[] {
  const name = identifier(column.name)
  const { type } = column
  const finite = type === 'double' ? ` FILTER (isfinite(${name}))` : ''
  const value = type === 'string' ? `left(${name}, ${LONGEST_TEXT})` : name
  const position = positionOf(column)
  return [
    `CAST(min(${value})${finite} AS VARCHAR) AS min`,
    `CAST(max(${value})${finite} AS VARCHAR) AS max`,
    `min(${position})${finite} AS low`,
    `max(${position})${finite} AS high`,
    ...(isNumber(type) ? [`${type === 'double' ? 'favg' : 'avg'}(${name})${finite} AS mean`] : []),
    ...(type === 'double' ? [`count(${name}) FILTER (NOT isfinite(${name})) AS not_finite`] : []),
  ]
}

async function histogramOf(
  column: Column,
  { low, high }: Row,
  { database, table }: Options,
): Promise<Histogram | null> {
  if (typeof low !== 'number' || typeof high !== 'number') return null
  const isWhole = ['integer', 'bigint', 'date', 'boolean', 'string'].includes(column.type)
  const bins = isWhole ? Math.min(BINS, high - low + 1) : BINS
  // Halves: the distance between the greatest and the smallest double is none.
  const width = high / 2 - low / 2
  const counts = Array.from({ length: width > 0 ? bins : 1 }, () => 0)
  const share = `(${positionOf(column)} / 2 - ${double(low / 2)}) / ${double(width)}`
  // With few whole numbers each is a bin of its own; the division may be off by the last digit.
  const place = bins === high - low + 1 ? `round(${share} * ${bins - 1})` : `floor(${share} * ${bins})`
  const bin = width > 0 ? `CAST(greatest(0, least(${place}, ${bins - 1})) AS INTEGER)` : '0'
  const name = identifier(column.name)
  const isShown = column.type === 'double' ? `isfinite(${name})` : `${name} IS NOT NULL`
  const rows = await database.rows(
    `SELECT ${bin} AS bin, count(*) AS count FROM ${table} WHERE ${isShown} GROUP BY ALL`,
  )
  for (const row of rows) counts[Number(row.bin)] = Number(row.count)
  return { of: column.type === 'string' ? 'length' : 'value', counts }
}

/** SQL: where a value stands on the axis of the histogram. */
function positionOf({ name, type }: Column): string {
  const value = identifier(name)
  switch (type) {
    case 'string':
      return `CAST(length(${value}) AS DOUBLE)`
    case 'date':
      return `CAST(date_diff('day', DATE '1970-01-01', ${value}) AS DOUBLE)`
    case 'timestamp':
    case 'timestamptz':
      return `CAST(epoch_us(${value}) AS DOUBLE)`
    default:
      return `CAST(${value} AS DOUBLE)`
  }
}

function isNumber(type: string): boolean {
  return ['integer', 'bigint', 'double'].includes(type) || type.startsWith('decimal')
}

function double(value: number): string {
  return `CAST('${value}' AS DOUBLE)`
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
