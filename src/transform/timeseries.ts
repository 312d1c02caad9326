import type { Dataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import type { Column } from './types.js'

/** The three columns of interval data, under their table names, and what becomes of a row. */
export interface Timeseries {
  start: string
  end: string
  samples: string
  /** points: a sub-interval is its start alone. */
  points: boolean
  /** Rows on a fixed grid, instead of sub-intervals. */
  grid: Grid | undefined
}

export interface Grid {
  everyMicros: number
  fill: 'last' | 'mean'
}

const UNITS = { ms: 1000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000, d: 86_400_000_000 }
/** Ten years: sums of times stay far inside 64 bits. */
const LONGEST_STEP = 3653 * UNITS.d
const NUMBER = /^(integer|bigint|double|decimal.*)$/

/** @throws UsageError TIMESERIES_EVERY */
export function gridOf({ output, every, fill }: NonNullable<Dataset['timeseries']>): Grid | undefined {
  if (output !== 'grid' || every === undefined) return undefined
  const [, count = '0', unit = 's'] = /^(\d+)(\w+)$/.exec(every) ?? []
  const everyMicros = Number(count) * UNITS[unit as keyof typeof UNITS]
  if (everyMicros >= 1 && everyMicros <= LONGEST_STEP) return { everyMicros, fill }
  throw new UsageError(
    'TIMESERIES_EVERY',
    `timeseries.every: a step of the grid is at least 1ms and at most 3653d; found ${every}.`,
  )
}

/** Columns of the table that interval rows become. */
export function expandedColumns(
  columns: readonly Column[],
  { end, samples, start, points, grid }: Timeseries,
): Column[] {
  const isPoint = points || grid !== undefined
  return columns
    .filter(({ name }) => name !== samples && !(isPoint && name === end))
    .map((column) => {
      if (grid?.fill !== 'mean' || column.name === start || isSeries(column)) return column
      return { ...column, type: 'double' }
    })
}

/** Columns that are no numbers: where means are made, they tell one series of measurements from others. */
export function isSeries({ type }: Column): boolean {
  return !NUMBER.test(type)
}
