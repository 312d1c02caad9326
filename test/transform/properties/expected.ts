import type { Row } from '../support/files.js'
import { referenceRecords, type ReferenceField, type ReferenceRecord } from './reference-csv.js'
import { typeOf } from './reference-types.js'
import { trimmed, valueOf } from './reference-values.js'
import type { GeneratedColumn, GeneratedTable } from './tables.js'

/** What must become of a file, computed without the transform. */
export interface Expected {
  columns: { name: string; type: string }[]
  rows: Row[]
  rejected: ExpectedReject[]
  /** The records that divide into the columns, by column. */
  records: (ReferenceField | undefined)[][]
}

export interface ExpectedReject extends Omit<ReferenceRecord, 'fields' | 'reason'> {
  /** null: the record does not divide into columns. */
  column: string | null
  /** Of a record that does not, the whole reason; else what the reason of each of these columns begins with. */
  reason: string | string[]
}

const MARK = Buffer.from('\ufeff')

export function expectedOf(table: GeneratedTable, file: Buffer): Expected {
  const start = table.hasMark ? MARK.length : 0
  const { delimiter } = table.format
  const [, ...records] = referenceRecords(
    file.subarray(start),
    { delimiter, columns: table.columns.length },
    start,
  )
  const good = records.filter(({ reason }) => reason === undefined)
  const inTable = table.isDeclared ? table.columns.map((_, index) => index) : table.order
  const columns = inTable.flatMap((at) => {
    const column = table.columns[at]
    const position = table.order.indexOf(at)
    const texts = good.map(({ fields }) => fields[position]?.text ?? '')
    if (!column) return []
    const { name, nullable, type } = column
    return table.isDeclared
      ? [{ name, type, nullable, position }]
      : [{ name, type: typeOf(texts, table.format), nullable: true, position }]
  })
  const rows: Row[] = []
  const rejected: ExpectedReject[] = []
  for (const { fields, reason, ...place } of records) {
    if (reason !== undefined) {
      rejected.push({ ...place, column: null, reason })
      continue
    }
    const values = columns.map((column) => cellOf(column, fields[column.position], table))
    const misfits = columns.filter((_, index) => values[index] === undefined)
    const empty = columns.filter(({ nullable }, index) => !nullable && values[index] === null)
    const wrong = [...misfits, ...empty].map(({ name }) => name)
    if (wrong.length > 0) rejected.push({ ...place, column: wrong[0] ?? null, reason: wrong })
    else rows.push(Object.fromEntries(columns.map(({ name }, index) => [name, values[index]])))
  }
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows,
    rejected,
    records: good.map(({ fields }) => columns.map(({ position }) => fields[position])),
  }
}

/** null: no value; undefined: one that does not fit. */
function cellOf(
  { type }: Pick<GeneratedColumn, 'type'>,
  field: ReferenceField | undefined,
  { format }: GeneratedTable,
) {
  if (field === undefined) return undefined
  const { isQuoted, text } = field
  if (type === 'string' ? text === '' && !isQuoted : trimmed(text) === '') return null
  return valueOf(type, text, format)
}
