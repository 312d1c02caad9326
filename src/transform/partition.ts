import type { Dataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import { DataError } from './errors.js'
import { columnName } from './header.js'
import { typeOf } from './rules.js'
import { literal } from './sql.js'
import type { Column } from './types.js'

/** How the rows of a table divide into folders `<key>=<value>`. */
export interface Partitioning {
  /** The partition column as readers of the table see it. */
  key: Column
  /** The column that it comes from. */
  column: string
  /** SQL over a value of the column: the same for all rows of a partition, and in the order of the partitions. */
  bucket: (value: string) => string
  /** DuckDB type of a bucket. */
  bucketType: 'VARCHAR' | 'TIMESTAMP'
  /** SQL: the text of a partition, from its bucket. */
  text: (bucket: string) => string
  /** SQL over a value of the column and its bucket: whether it belongs to the partition with a text. */
  isIn: (text: string, value: string, bucket: string) => string
  /** Columns inside the files. */
  columns: Column[]
}

export const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__'
/** Of a folder name on any disk; keys in S3 may be longer. */
const LONGEST_FOLDER = 240
const TIME_TYPES = ['date', 'timestamp', 'timestamptz']
/** What makes a value of the partition its first day. */
const FIRST_OF = { year: '-01-01', month: '-01', day: '' }
const PATTERNS = { year: '%Y', month: '%Y-%m', day: '%Y-%m-%d' }

/**
 * Reads `partition` of a dataset against the columns of its table.
 * @throws UsageError UNKNOWN_COLUMN, PARTITION_TYPE, PARTITION_NAME_TAKEN
 */
export function partitioningOf(config: Dataset, columns: readonly Column[]): Partitioning | undefined {
  if (config.partition === undefined) return undefined
  const [, unit, argument] = /^(year|month|day)\((.*)\)$/.exec(config.partition) ?? []
  const mentioned = (argument ?? config.partition).trim()
  const type = typeOf('partition', mentioned, columns)
  const column = columnName(mentioned)
  if (unit === undefined) {
    const key = {
      name: column,
      type: ['integer', 'bigint', 'date', 'boolean'].includes(type) ? type : 'string',
    }
    const rest = columns.filter(({ name }) => name !== column)
    if (rest.length === 0) {
      throw new UsageError(
        'PARTITION_NAME_TAKEN',
        `partition: "${mentioned}" is the only column; the files would have none.`,
      )
    }
    return {
      key,
      column,
      bucketType: 'VARCHAR',
      bucket: (value) => `nullif(CAST(${value} AS VARCHAR), '')`,
      text: (bucket) => bucket,
      isIn: (text, _value, bucket) => `${bucket} = ${literal(text)}`,
      columns: rest,
    }
  }
  if (!TIME_TYPES.includes(type)) {
    throw new UsageError(
      'PARTITION_TYPE',
      `partition: ${unit}() needs a date or a timestamp; "${mentioned}" is of type ${type}.`,
    )
  }
  if (columns.some(({ name }) => name === unit)) {
    throw new UsageError(
      'PARTITION_NAME_TAKEN',
      `partition: ${config.partition} would be called "${unit}", as a column is already.`,
    )
  }
  const key = { name: unit, type: 'string' }
  return { key, column, columns: [...columns], ...byTime(unit as Unit, type, config.format.timezone) }
}

type Unit = keyof typeof PATTERNS

function byTime(
  unit: Unit,
  type: string,
  timezone: string,
): Pick<Partitioning, 'bucket' | 'bucketType' | 'text' | 'isIn'> {
  const isInstant = type === 'timestamptz'
  const local = (value: string) => (isInstant ? `timezone(${literal(timezone)}, ${value})` : value)
  const bucket = (value: string) => `date_trunc(${literal(unit)}, ${local(value)})`
  const text = (bucket: string) => `strftime(${bucket}, ${literal(PATTERNS[unit])})`
  const isIn = (wanted: string, value: string) => {
    // A zone can repeat the hour before midnight, so the instants of a day need not be one range; wall-clock times are, and
    // to compare is cheaper than to format.
    if (isInstant) return `${text(bucket(value))} = ${literal(wanted)}`
    const first = `TIMESTAMP ${literal(wanted + FIRST_OF[unit])}`
    return `${value} >= ${first} AND ${value} < ${first} + INTERVAL 1 ${unit}`
  }
  return { bucket, bucketType: 'TIMESTAMP', text, isIn }
}

/**
 * Name of a Hive folder: `day=2023-06-26`. ASCII other than letters, digits, `_`, `.` and `-` is percent-encoded.
 * @throws DataError PARTITION_VALUE_TOO_LONG
 */
export function partitionFolder(key: string, value: string | null): string {
  const text = (value ?? HIVE_NULL).replace(/[^A-Za-z0-9_.\-\u0080-\uffff]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
  const folder = `${key}=${text}`
  if (Buffer.byteLength(folder) <= LONGEST_FOLDER) return folder
  throw new DataError(
    'PARTITION_VALUE_TOO_LONG',
    `A value of the partition column ${key} is too long for a folder: ${text.slice(0, 80)}….`,
    {
      suggestions: ['Partition by another column.'],
    },
  )
}
