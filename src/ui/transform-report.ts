import type { ReadColumn, ReadInput, Reading } from '../transform/summary/reading.js'
import { fitted, harmless } from './display-width.js'
import { formatCount, plural } from './format.js'
import type { Reporter } from './reporter.js'
import type { Cell } from './table.js'
import { bars } from './transform-histogram.js'

export interface ReportOptions {
  /** Say what would become of the file. */
  dryRun: boolean
  summarize: boolean
  unicode: boolean
}

const LONGEST_VALUE = 26
const LONGEST_REASON = 100
const WITHHELD = '(withheld)'

/** Prints what a file holds. */
export function reportReading(
  reporter: Reporter,
  reading: Reading & { file: string; dataset: string },
  options: ReportOptions,
): void {
  const { dataset, file, inputs } = reading
  reporter.out(`${harmless(file)} -> ${dataset}`)
  for (const input of inputs) {
    if (inputs.length > 1) reporter.out(`\nsheet ${harmless(input.name)}`)
    reportColumns(reporter, input, options)
  }
  if (options.dryRun) reportOutcome(reporter, reading)
  reporter.out('')
}

function reportColumns(reporter: Reporter, { columns }: ReadInput, options: ReportOptions): void {
  const { dryRun, summarize, unicode } = options
  const origin = (column: ReadColumn) => [column.pii ? `${column.origin}, pii: ${column.pii}` : column.origin]
  reporter.table(
    [
      'column',
      'type',
      ...(dryRun ? ['from'] : []),
      ...(summarize ? ['nulls', 'distinct', 'min', 'max', 'mean', 'histogram'] : []),
    ],
    columns.map((column) => [
      column.name,
      column.type,
      ...(dryRun ? origin(column) : []),
      ...(summarize ? summaryCells(column, unicode) : []),
    ]),
  )
}

function summaryCells({ summary }: ReadColumn, unicode: boolean): Cell[] {
  if (summary === undefined) return []
  const { distinct, distinctIsExact, histogram, max, mean, min, notFinite = 0, nulls, withheld } = summary
  const counted = [formatCount(nulls), `${distinctIsExact ? '' : '~'}${formatCount(distinct)}`]
  if (withheld) return [...counted, WITHHELD, '', '', '']
  const value = (text: string | null) => (text === null ? '' : fitted(harmless(text), LONGEST_VALUE))
  const picture = histogram === null ? '' : bars(histogram.counts, unicode)
  const notes = [
    ...(histogram?.of === 'length' ? ['lengths'] : []),
    ...(notFinite > 0 ? [`${formatCount(notFinite)} not finite`] : []),
  ]
  return [
    ...counted,
    value(min),
    value(max),
    mean === null ? '' : String(Number(mean.toPrecision(6))),
    notes.length === 0 ? picture : `${picture} (${notes.join(', ')})`,
  ]
}

function reportOutcome(reporter: Reporter, reading: Reading): void {
  const { checks, drift, rejects, rowsAccepted, rowsIn, rowsRejected } = reading
  const count = `${formatCount(rowsAccepted)} would be accepted, ${formatCount(rowsRejected)} rejected`
  reporter.out(`\n${plural(rowsIn, 'row')}: ${count}`)
  if (rejects.length > 0) {
    const isOneOfMany = rejects.some(({ input }) => input !== null)
    reporter.out('')
    reporter.table(
      [...(isOneOfMany ? ['sheet'] : []), 'line', 'column', 'reason'],
      rejects.map(({ column, input, line, reason }) => [
        ...(isOneOfMany ? [input] : []),
        line,
        column,
        fitted(harmless(reason), LONGEST_REASON),
      ]),
    )
    const more = rowsRejected - rejects.length
    if (more > 0) reporter.out(`and ${formatCount(more)} more`)
  }
  if (checks.length > 0) {
    reporter.out('')
    reporter.table(
      ['check', 'severity', 'holds', 'detail'],
      checks.map(({ detail, failed, kind, name, passed, severity }) => {
        const isOfRows = kind === 'sql' || kind === 'not_null' || kind === 'unique'
        const found = isOfRows && !passed ? plural(failed, 'row') : ''
        return [harmless(name), severity, passed ? 'yes' : 'no', harmless(detail ?? found)]
      }),
    )
  }
  if (drift.length > 0) {
    reporter.out('')
    reporter.table(
      ['column', 'change', 'table', 'file'],
      drift.map(({ change, column, from, to }) => [column, change, from, to]),
    )
  }
}
