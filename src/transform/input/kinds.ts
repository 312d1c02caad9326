/** What a cell is by the format itself, before anybody looks at its text. */
export type Kind = 'text' | 'number' | 'boolean' | 'time' | 'structure'

/** What the cells of one column are. */
export class ColumnKinds {
  private readonly seen = new Set<Kind>()
  private last: Kind | undefined
  /** Every text so far may be a date or a time. */
  private looksLikeTime = true

  /** @param text of a cell of kind text */
  add(kind: Kind, text?: string): void {
    if (kind !== this.last) {
      this.seen.add(kind)
      this.last = kind
    }
    if (text !== undefined && this.looksLikeTime) this.looksLikeTime = text === '' || YEAR.test(text)
  }

  /** Whether the values have to be looked at to know the type. */
  get isOpen(): boolean {
    if (this.seen.size !== 1) return false
    return this.seen.has('number') || this.seen.has('time') || (this.seen.has('text') && this.looksLikeTime)
  }

  /**
   * The type of the column.
   * @param inferred what its text would be in a CSV file; undefined when nobody looked
   */
  typeOf(inferred: string | undefined): string {
    const [kind, ...others] = this.seen
    if (kind === undefined || others.length > 0 || kind === 'structure') return 'string'
    if (kind === 'boolean') return 'boolean'
    const types = kind === 'number' ? NUMBER_TYPES : TIME_TYPES
    return inferred !== undefined && types.includes(inferred) ? inferred : 'string'
  }
}

const YEAR = /^\d{4}[-/]/
const NUMBER_TYPES = ['bigint', 'double']
const TIME_TYPES = ['date', 'timestamp', 'timestamptz']
