import type { ColumnInfo, Row } from '@aws-sdk/client-athena'
import { doubleCell, ExactNumber, type QueryCell, type QueryColumn } from './cells.js'

export function athenaColumn(info: ColumnInfo): QueryColumn {
  const type = info.Type ?? 'varchar'
  const { Precision: precision, Scale: scale } = info
  return {
    name: info.Label ?? info.Name ?? '',
    type: type === 'decimal' && precision !== undefined ? `decimal(${precision},${scale ?? 0})` : type,
  }
}

/** Athena sends everything as text; a missing text is null. */
export function athenaRow(row: Row, columns: readonly QueryColumn[]): QueryCell[] {
  return columns.map((column, index) => {
    const text = row.Data?.[index]?.VarCharValue
    return text === undefined ? null : athenaCell(text, column.type)
  })
}

function athenaCell(text: string, type: string): QueryCell {
  if (type === 'boolean') return text === 'true'
  if (/^(tinyint|smallint|integer|int)$/.test(type)) return Number(text)
  if (/^(double|float|real)$/.test(type)) return doubleCell(Number(text))
  if (type === 'bigint' || type.startsWith('decimal')) return new ExactNumber(text)
  return text
}
