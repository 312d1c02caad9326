import { open } from 'node:fs/promises'
import { parquetMetadataAsync, type FileMetaData, type SchemaElement } from 'hyparquet'

/** A value of a statistic: a time is its microseconds, a date its days since 1970. */
export type StatisticValue = number | bigint | boolean | string

export interface Range {
  nulls: number
  min: StatisticValue | undefined
  max: StatisticValue | undefined
  /** False: some rows have values, but no exact statistics: DuckDB keeps none for NaN and for long texts. */
  isExact: boolean
}

const parsers = {
  timestampFromMicroseconds: (micros: bigint) => micros,
  dateFromDays: (days: number) => days,
}

/** What is read of the end of a file at first; a longer footer costs a second read. */
const FIRST_READ = 64 * 1024

/** The footer of a Parquet file, read without DuckDB; times in it are exact. */
export async function readFooter(path: string): Promise<FileMetaData> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const slice = async (start: number, end = size) => {
      const bytes = new Uint8Array(end - start)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
      return bytes.buffer.slice(0, bytesRead)
    }
    return await parquetMetadataAsync({ byteLength: size, slice }, { parsers, initialFetchSize: FIRST_READ })
  } finally {
    await file.close()
  }
}

/** What all row groups together say of the column at a position. */
export function rangeOf(metadata: FileMetaData, position: number): Range {
  const range: Range = { nulls: 0, min: undefined, max: undefined, isExact: true }
  for (const { columns } of metadata.row_groups) {
    const column = columns[position]?.meta_data
    const statistics = column?.statistics
    if (column === undefined || statistics?.null_count === undefined) return { ...range, nulls: NaN }
    range.nulls += Number(statistics.null_count)
    if (statistics.null_count === column.num_values) continue
    const { min_value: min, max_value: max } = statistics
    if (min === undefined || max === undefined) range.isExact = false
    else {
      range.min = first(range.min, min as StatisticValue, -1)
      range.max = first(range.max, max as StatisticValue, 1)
    }
    if (statistics.is_min_value_exact === false || statistics.is_max_value_exact === false)
      range.isExact = false
  }
  return range
}

function first(one: StatisticValue | undefined, other: StatisticValue, sign: number): StatisticValue {
  return one === undefined || compared(other, one) * sign > 0 ? other : one
}

/** Texts are in the order of their UTF-8 bytes. */
function compared(one: StatisticValue, other: StatisticValue): number {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)))
  return one < other ? -1 : one > other ? 1 : 0
}

/** The value of a column that DuckDB writes as a text; undefined for one that no statistic can be compared with. */
export function valueOfText(
  text: string,
  { type, converted_type, logical_type, scale = 0 }: SchemaElement,
): StatisticValue | undefined {
  if (type === 'BYTE_ARRAY') return text
  if (type === 'BOOLEAN') return text === '1' || text === 'true'
  if (type === 'DOUBLE') return Number(text.replace(/^(-?)inf$/, '$1Infinity'))
  // As hyparquet makes a number of it.
  if (converted_type === 'DECIMAL') return Number(unscaled(text, scale)) * 10 ** -scale
  if (converted_type === 'DATE') return days(text)
  if (logical_type?.type === 'TIMESTAMP') return micros(text)
  return type === 'INT64' ? BigInt(text) : Number(text)
}

function unscaled(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(`${whole}${fraction.padEnd(scale, '0')}`)
}

/** Infinity, which SQL can make, has no number. */
function days(text: string): number | undefined {
  const [, year, month, day, era] = /^(\d+)-(\d\d)-(\d\d)( \(BC\))?/.exec(text) ?? []
  if (year === undefined) return undefined
  const signed = era === undefined ? Number(year) : 1 - Number(year)
  return new Date(0).setUTCFullYear(signed, Number(month) - 1, Number(day)) / 86_400_000
}

function micros(text: string): bigint | undefined {
  const date = days(text)
  const [, hours, minutes, seconds, fraction = ''] = / (\d\d):(\d\d):(\d\d)(?:\.(\d+))?/.exec(text) ?? []
  if (date === undefined || hours === undefined) return undefined
  const clock = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return BigInt(date * 86_400 + clock) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
}
