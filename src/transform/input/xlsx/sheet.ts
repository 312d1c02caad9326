import { assertNames, MOST_COLUMNS } from '../../header.js'
import { ColumnKinds } from '../kinds.js'
import { quoted, textProblem, type TextTable } from '../text-table.js'
import { columnName, type Cell } from './rows.js'

interface Options {
  /** What messages call the sheet. */
  name: string
  table: TextTable
  hasHeader: boolean
  /** Names of the columns that are known already, for a sheet without a header. */
  columns: readonly string[] | undefined
}

/**
 * Turns the rows of a sheet into a table of text. The first row that is not empty is the header; the table starts at its first
 * cell and ends at its last one. An empty row is passed over, and counted when others follow.
 */
export class SheetTable {
  /** Column names, once a row has told them. */
  raw: string[] | undefined
  kinds: ColumnKinds[] = []
  blankRows = 0
  private first = 0
  private last: number | undefined

  constructor(private readonly options: Options) {}

  /** @throws DataError HEADER_LOOKS_LIKE_DATA, TOO_MANY_COLUMNS */
  add(row: number, cells: readonly Cell[]): void {
    if (cells.length === 0) return
    if (this.last !== undefined) this.blankRows += row - this.last - 1
    this.last = row
    if (this.raw === undefined) {
      this.start(cells)
      if (this.options.hasHeader) return
    }
    this.addRecord(row, cells, this.raw ?? [])
  }

  private start(cells: readonly Cell[]): void {
    const { hasHeader, columns, name } = this.options
    const end = Math.max(...cells.map(({ column }) => column)) + 1
    if (hasHeader) {
      this.first = Math.min(...cells.map(({ column }) => column))
      const texts = new Map(cells.map(({ column, text }) => [column, text]))
      this.raw = Array.from({ length: end - this.first }, (_, index) => texts.get(this.first + index) ?? '')
      assertNames(name, this.raw)
    } else {
      this.raw = columns ? [...columns] : Array.from({ length: end }, (_, index) => `column_${index + 1}`)
    }
    this.kinds = this.raw.slice(0, MOST_COLUMNS + 1).map(() => new ColumnKinds())
  }

  private addRecord(row: number, cells: readonly Cell[], raw: readonly string[]): void {
    const fields = new Array<string>(raw.length).fill('')
    let problem: { column: string | null; reason: string } | undefined
    for (const { column, kind, text, problem: why } of cells) {
      const index = column - this.first
      if (index < 0 || index >= raw.length) {
        problem ??= {
          column: null,
          reason: `has a value in ${columnName(column)}${row}, outside of the columns of its table`,
        }
        fields.push(quoted(text))
        continue
      }
      const reason = why ?? (kind === 'text' ? textProblem(text) : undefined)
      if (reason !== undefined) problem ??= { column: raw[index] ?? null, reason }
      fields[index] = kind === 'text' ? quoted(text) : text
    }
    const place = { line: row, byteOffset: 0, byteLength: 0 }
    if (problem === undefined && this.options.table.add(fields, place)) {
      for (const { column, kind, text } of cells)
        this.kinds[column - this.first]?.add(kind, kind === 'text' ? text : undefined)
      return
    }
    const { column, reason } = problem ?? { column: null, reason: 'is longer than a record may be' }
    const text = fields.join(',').replaceAll('\0', '\ufffd')
    this.options.table.refuse({ line: row, column, reason, raw: text, byteOffset: null, byteLength: null })
  }
}
