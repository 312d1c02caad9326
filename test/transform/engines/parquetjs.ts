import parquet from '@dsnp/parquetjs'
import { messageOf } from '../../../src/errors.js'
import { bits, TYPES, type Canonical } from './table.js'

export interface ParquetJsReading {
  /** Column name to its values, in the order of the file. */
  columns: Record<string, Canonical[]>
  /** Column name to why it cannot be read. */
  unreadable: Record<string, string>
}

/** Reads each column of a file by itself: one that parquetjs cannot read does not keep it from the others. */
export async function readWithParquetJs(file: string): Promise<ParquetJsReading> {
  const columns: ParquetJsReading['columns'] = {}
  const unreadable: ParquetJsReading['unreadable'] = {}
  const reader = await parquet.ParquetReader.openFile(file)
  try {
    for (const name of Object.keys(reader.getSchema().fields)) {
      try {
        const cursor = reader.getCursor([[name]])
        const values: Canonical[] = []
        for (;;) {
          const row = (await cursor.next()) as Record<string, unknown> | null
          if (row === null) break
          values.push(canonical(row[name] ?? null, TYPES[name] ?? ''))
        }
        columns[name] = values
      } catch (error) {
        unreadable[name] = messageOf(error)
      }
    }
  } finally {
    await reader.close()
  }
  return { columns, unreadable }
}

function canonical(value: unknown, type: string): Canonical {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Date) return String(type === 'date' ? value.getTime() / 86_400_000 : value.getTime())
  // The digits of a decimal: two's complement, the highest byte first.
  if (Buffer.isBuffer(value))
    return String(BigInt.asIntN(value.length * 8, BigInt(`0x${value.toString('hex')}`)))
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'number') throw new Error(`A ${typeof value} was not expected.`)
  return type === 'double' ? bits(value) : String(value)
}
