import type { Dataset } from '../config/dataset.js'
import { conversion, isNull, strictConversion } from './convert.js'
import { textColumn } from './csv-input.js'
import type { FileColumn } from './header.js'
import type { Rule } from './rules.js'
import { identifier, literal } from './sql.js'

/** A column with its conversion as SQL over the table of text. */
export interface TypedColumn extends FileColumn {
  sqlType: string
  /** SQL over the text: DuckDB's own reading, see `Conversion`. */
  raw: string
  /** SQL over the text and `rawColumn`: the value. */
  value: string
  /** SQL over the text and the value: true when the text fits the type. Undefined: any text fits. */
  fits: string | undefined
  what: string
}

export function typedColumns(
  columns: readonly FileColumn[],
  format: Dataset['format'],
  strict: boolean,
): TypedColumn[] {
  return columns.map((column) => {
    const { sqlType, raw, value, what } = (strict ? strictConversion : conversion)(column.type, format)
    const text = textColumn(column.index)
    const fits = `${identifier(column.name)} IS NOT NULL OR ${isNull(text, column.type, format)}`
    return {
      ...column,
      sqlType,
      raw: raw(text),
      value: value(text, rawColumn(column.index)),
      fits: column.type === 'string' ? undefined : fits,
      what,
    }
  })
}

function rawColumn(index: number): string {
  return `"#raw${index}"`
}

/** SQL: the typed rows of a table of text in which every value fits and no rule is broken. */
export function acceptedRows(table: string, columns: readonly TypedColumn[], rules: readonly Rule[]): string {
  const names = columns.map(({ name }) => identifier(name))
  return `SELECT ${names.join(', ')} FROM (${converted(table, columns)}) WHERE ${isAccepted(columns, rules)}`
}

/**
 * SQL: one row (record, column_index, reason, text) for every other row, in the order of the file. record is the row's
 * number, from 1; column_index, the position of the first column that is wrong; text, its field.
 */
export function rejectedRows(table: string, columns: readonly TypedColumn[], rules: readonly Rule[]): string {
  const problems = problemsOf(columns, rules)
  const first = (pick: (problem: Problem) => string) =>
    `CASE ${problems.map((problem) => `WHEN ${problem.condition} THEN ${pick(problem)}`).join(' ')} END`
  const reasons = problems.map(({ condition, reason }) => `CASE WHEN ${condition} THEN ${reason} END`)
  return (
    `SELECT "#record" AS record, ${first(({ column }) => String(column.index))} AS column_index,` +
    ` concat_ws('; ', ${reasons.join(', ')}) AS reason, left(${first(({ column }) => textColumn(column.index))}, 1000) AS "text"` +
    ` FROM (SELECT row_number() OVER () AS "#record", * FROM (${converted(table, columns)}))` +
    ` WHERE NOT (${isAccepted(columns, rules)})`
  )
}

function converted(table: string, columns: readonly TypedColumn[]): string {
  const texts = columns.map(({ index }) => textColumn(index))
  const raws = columns.map(({ index, raw }) => `${raw} AS ${rawColumn(index)}`)
  const values = columns.map(({ name, value }) => `${value} AS ${identifier(name)}`)
  return `SELECT ${[...values, ...texts].join(', ')} FROM (SELECT ${[...texts, ...raws].join(', ')} FROM ${table})`
}

interface Problem {
  column: TypedColumn
  condition: string
  reason: string
}

function problemsOf(columns: readonly TypedColumn[], rules: readonly Rule[]): Problem[] {
  const misfits = columns.flatMap((column) =>
    column.fits === undefined
      ? []
      : [{ column, condition: `NOT (${column.fits})`, reason: misfitReason(column) }],
  )
  const broken = rules.flatMap((rule) => {
    const column = columns.find(({ name }) => name === rule.column)
    if (!column) return []
    // A value that does not fit its type is one problem, not two.
    const condition = column.fits === undefined ? rule.broken : `(${rule.broken}) AND (${column.fits})`
    return [{ column, condition, reason: rule.reason }]
  })
  return [...misfits, ...broken]
}

function misfitReason({ name, index, what }: TypedColumn): string {
  return `${literal(`${name}: "`)} || left(${textColumn(index)}, 100) || ${literal(`" is not ${what}`)}`
}

/** A chain of ANDs: of each OR, DuckDB computes the second half only for the rows that need it. */
function isAccepted(columns: readonly TypedColumn[], rules: readonly Rule[]): string {
  const fits = columns.flatMap((column) => (column.fits === undefined ? [] : [`(${column.fits})`]))
  const kept = rules.map((rule) => `(${rule.broken}) IS NOT TRUE`)
  return [...fits, ...kept].join(' AND ') || 'true'
}
