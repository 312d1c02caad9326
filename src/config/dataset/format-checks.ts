import type { Dataset } from '../dataset.js'

type Report = (path: readonly PropertyKey[], message: string) => void

/** Keys that only some formats have, and characters that cannot mean two things. */
export function checkFormat({ format, sheets, sql, tables }: Dataset, report: Report): void {
  const { type, delimiter, quote, escape, comment, encoding, header } = format
  const isText = type === 'csv' || type === 'tsv'
  const separator = type === 'tsv' ? '\t' : delimiter
  const at = (key: string) => ['format', key]
  if (type === 'tsv' && delimiter !== ',' && delimiter !== '\t') {
    report(at('delimiter'), 'is the tab in a tsv file; leave it out, or use type csv.')
  }
  if (separator === quote) report(at('quote'), 'must not be the same character as the delimiter.')
  if (escape === separator) report(at('escape'), 'must not be the same character as the delimiter.')
  if (comment === separator || comment === quote) {
    report(at('comment'), 'must not be the same character as the delimiter or the quote.')
  }
  if (!isText && escape !== undefined) report(at('escape'), `does not go with type ${type}.`)
  if (!isText && comment !== undefined) report(at('comment'), `does not go with type ${type}.`)
  if ((type === 'jsonl' || type === 'parquet') && !header) {
    report(at('header'), `does not go with type ${type}, which names its columns itself.`)
  }
  if ((type === 'parquet' || type === 'xlsx') && encoding !== 'utf-8') {
    report(at('encoding'), `does not go with type ${type}, which is no text.`)
  }
  if (sheets === undefined) return
  if (type !== 'xlsx') report(['sheets'], 'goes with `format.type: xlsx`.')
  const names = Object.keys(sheets)
  if (names.length === 0) report(['sheets'], 'names no sheet; leave it out to read the first one.')
  if (names.length > 1 && sql === undefined && tables === undefined) {
    report(['sheets'], 'names several sheets, which become a table only by `sql` or `tables`.')
  }
}
