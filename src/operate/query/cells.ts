/** A number that a JavaScript number may not hold: BIGINT, HUGEINT, DECIMAL. Its text is exact. */
export class ExactNumber {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text
  }

  /** A JSON number where that keeps every digit, else a string. */
  toJSON(): number | string {
    const value = Number(this.text)
    const digits = this.text.replace(/^[-+]?0*\.?0*/, '').replace('.', '')
    if (!this.text.includes('.')) return Number.isSafeInteger(value) ? value : this.text
    return digits.length <= 15 ? value : this.text
  }
}

/** One value of a result. Times are text as SQL writes it, with microseconds; NaN and infinities are text, as JSON has no others. */
export type QueryCell =
  null | boolean | number | string | ExactNumber | QueryCell[] | { [key: string]: QueryCell }

export interface QueryColumn {
  name: string
  /** As the engine calls it, in lower case: `varchar`, `timestamp`, `decimal(10,2)`. */
  type: string
}

/** A floating-point number as a cell. */
export function doubleCell(value: number): QueryCell {
  return Number.isFinite(value) ? value : String(value)
}

/** A cell as one text, for tables and CSV; '' for null. */
export function cellText(cell: QueryCell): string {
  if (cell === null) return ''
  if (cell instanceof ExactNumber) return cell.text
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}
