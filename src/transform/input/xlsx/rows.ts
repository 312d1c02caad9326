import type { Kind } from '../kinds.js'
import { serialText } from './serial.js'
import { StringText, unescaped } from './strings.js'
import type { Workbook } from './workbook.js'
import { XmlProblem, type Attributes, type XmlHandler } from './xml.js'

export interface Cell {
  /** 0-based. */
  column: number
  kind: Kind
  text: string
  /** Why it has no value, as the end of the sentence "the row …". */
  problem?: string
}

/** One row of a sheet with the cells that hold something, from left to right as the file has them. */
export type OnRow = (row: number, cells: readonly Cell[]) => void

/** Columns of a sheet, A to XFD. */
const MOST_COLUMNS = 16_384

/** Reads a worksheet row by row: text stays text, a number is a date where its style says so, a formula is its last value. */
export class SheetRows implements XmlHandler {
  private row = 0
  private cells: Cell[] = []
  private column = -1
  private cell: { type: string; style: number; hasFormula: boolean; value?: string } | undefined
  private isInValue = false
  private inline: StringText | undefined

  constructor(
    private readonly workbook: Pick<Workbook, 'strings' | 'styles' | 'is1904'>,
    private readonly onRow: OnRow,
  ) {}

  open(name: string, attributes: () => Attributes): void {
    if (name === 'row') {
      const number = Number(attributes().get('r') ?? this.row + 1)
      if (!Number.isInteger(number) || number <= this.row)
        throw new XmlProblem(`row ${this.row + 1} is out of order`)
      this.row = number
      this.cells = []
      this.column = -1
    } else if (name === 'c') {
      const all = attributes()
      const reference = all.get('r')
      this.column = reference === undefined ? this.column + 1 : columnOf(reference)
      this.cell = { type: all.get('t') ?? 'n', style: Number(all.get('s') ?? 0), hasFormula: false }
    } else if (this.cell !== undefined) {
      if (name === 'v') this.isInValue = true
      else if (name === 'f') this.cell.hasFormula = true
      else if (name === 'is') this.inline = new StringText()
      else this.inline?.open(name)
      if (name === 'v') this.cell.value ??= ''
    }
  }

  text(text: string): void {
    if (this.isInValue && this.cell) this.cell.value = (this.cell.value ?? '') + text
    else this.inline?.text(text)
  }

  close(name: string): void {
    if (name === 'v') this.isInValue = false
    else if (name === 'is' && this.cell && this.inline) {
      this.cell.value = this.inline.take()
      this.inline = undefined
    } else if (name === 'c') this.endCell()
    else if (name === 'row') this.onRow(this.row, this.cells)
    else this.inline?.close(name)
  }

  private endCell(): void {
    const { cell } = this
    this.cell = undefined
    if (cell === undefined) return
    const { value, type, hasFormula } = cell
    const place = { column: this.column }
    if (value === undefined || (value === '' && type === 'n')) {
      if (!hasFormula) return
      const problem = `has a formula without a value in ${this.name()}: save the workbook in a program that calculates it`
      this.cells.push({ ...place, kind: 'text', text: '', problem })
      return
    }
    this.cells.push({ ...place, ...this.valueOf(type, value, cell.style) })
  }

  private valueOf(type: string, value: string, style: number): Omit<Cell, 'column'> {
    switch (type) {
      case 's': {
        const text = this.workbook.strings[Number(value)]
        if (text === undefined) throw new XmlProblem(`${this.name()} names text ${value}, which is not there`)
        return { kind: 'text', text }
      }
      case 'inlineStr':
        return { kind: 'text', text: value }
      case 'str':
        return { kind: 'text', text: unescaped(value) }
      case 'b':
        return { kind: 'boolean', text: value.trim() === '1' || value.trim() === 'true' ? 'true' : 'false' }
      case 'e':
        return { kind: 'text', text: value, problem: `holds the error ${value} in ${this.name()}` }
      case 'd':
        return { kind: 'time', text: value.trim() }
      default:
        return this.numberOf(value, style)
    }
  }

  private numberOf(value: string, style: number): Omit<Cell, 'column'> {
    const number = Number(value)
    if (value.trim() === '' || !Number.isFinite(number)) {
      throw new XmlProblem(`${this.name()} holds "${value.slice(0, 50)}", which is no number`)
    }
    const time = serialText(number, this.workbook.styles.of(style), this.workbook.is1904)
    if (time !== undefined) return { kind: 'time', text: time }
    // The file has 17 digits of a double; the shortest text that means the same double is what people typed.
    return { kind: 'number', text: Object.is(number, -0) ? '0' : String(number) }
  }

  private name(): string {
    return `${columnName(this.column)}${this.row}`
  }
}

/** A for 0, Z for 25, AA for 26. */
export function columnName(column: number): string {
  let name = ''
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  }
  return name
}

function columnOf(reference: string): number {
  let column = 0
  for (const letter of /^[A-Z]+/.exec(reference)?.[0] ?? '') column = column * 26 + letter.charCodeAt(0) - 64
  if (column < 1 || column > MOST_COLUMNS) throw new XmlProblem(`"${reference.slice(0, 50)}" is no cell`)
  return column - 1
}
