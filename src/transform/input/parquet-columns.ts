import type { FileMetaData, SchemaElement } from 'hyparquet'
import { identifier } from '../sql.js'

/** A top-level column of a Parquet file. */
export interface ParquetColumn {
  name: string
  /** The column type that holds every value of it. */
  type: string
  /** SQL: its values as text. */
  text: string
}

/** Why a column cannot be read, as the end of the sentence "the column …". */
export class UnreadableColumn extends Error {}

/** @throws UnreadableColumn with the name of the column in front */
export function parquetColumns({ schema }: FileMetaData): ParquetColumn[] {
  const columns: ParquetColumn[] = []
  for (let at = 1; at < schema.length;) {
    const element = schema[at]
    if (element === undefined) break
    const size = sizeOf(schema, at)
    for (const inner of schema.slice(at + 1, at + size)) assertKeptByJson(inner)
    columns.push(columnOf(element))
    at += size
  }
  return columns
}

/** A number of JSON text passes through a double on its way. */
const DIGITS_OF_A_DOUBLE = 15

function assertKeptByJson(element: SchemaElement): void {
  if (element.num_children !== undefined) return
  typeOf(element)
  const isDecimal = element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL'
  if (!isDecimal || (element.precision ?? 0) <= DIGITS_OF_A_DOUBLE) return
  throw unreadable(element, `decimals of ${element.precision} digits inside a nested value`)
}

/** How many elements of the flat schema belong to the one at an index, itself included. */
function sizeOf(schema: readonly SchemaElement[], index: number): number {
  let size = 1
  for (let child = 0; child < (schema[index]?.num_children ?? 0); child++)
    size += sizeOf(schema, index + size)
  return size
}

function columnOf(element: SchemaElement): ParquetColumn {
  const { name, num_children: children } = element
  const column = identifier(name)
  if (children !== undefined || element.repetition_type === 'REPEATED') {
    if (element.logical_type?.type === 'VARIANT') throw unreadable(element, 'VARIANT')
    return { name, type: 'string', text: `CAST(to_json(${column}) AS VARCHAR)` }
  }
  const type = typeOf(element)
  // A reader of ours may take an instant for a wall clock where the file has only the older annotation.
  const text =
    type === 'timestamptz'
      ? `CAST(CAST(${column} AS TIMESTAMP) AS VARCHAR) || '+00'`
      : `CAST(${column} AS VARCHAR)`
  return { name, type, text }
}

function typeOf(element: SchemaElement): string {
  const { type, converted_type: converted, logical_type: logical } = element
  const annotation: string = logical?.type ?? converted ?? ''
  switch (annotation) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
    case 'UUID':
    case 'INTERVAL':
    case 'TIME':
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
    case 'NULL':
      return 'string'
    case 'DATE':
      return 'date'
    case 'TIMESTAMP':
      return logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC ? 'timestamp' : 'timestamptz'
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return 'timestamptz'
    case 'DECIMAL':
      return decimal(element)
    case 'FLOAT16':
      return 'double'
    case 'UINT_32':
      return 'bigint'
    case 'UINT_64':
      return 'decimal(20,0)'
    case 'INTEGER':
      return logical?.type === 'INTEGER' && !logical.isSigned && logical.bitWidth >= 32
        ? logical.bitWidth === 32
          ? 'bigint'
          : 'decimal(20,0)'
        : physical(element)
    case 'BSON':
    case 'GEOMETRY':
    case 'GEOGRAPHY':
      throw unreadable(element, annotation)
    default:
      return type === undefined ? 'string' : physical(element)
  }
}

function physical(element: SchemaElement): string {
  const type: string = element.type ?? ''
  switch (type) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT32':
      return 'integer'
    case 'INT64':
      return 'bigint'
    case 'INT96':
      return 'timestamptz'
    case 'FLOAT':
    case 'DOUBLE':
      return 'double'
    default:
      throw unreadable(element, 'bytes')
  }
}

function decimal(element: SchemaElement): string {
  const { precision = 0, scale = 0 } = element
  if (precision > 38) throw unreadable(element, `decimals of ${precision} digits`)
  return `decimal(${precision},${scale})`
}

function unreadable({ name }: SchemaElement, what: string): UnreadableColumn {
  return new UnreadableColumn(`"${name}" holds ${what}`)
}
