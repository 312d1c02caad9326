import type { Dataset } from '../config/dataset.js'
import type { TextFacts } from './census.js'
import { conversion, isNull, strictConversion } from './convert.js'
import { textColumn } from './csv-input.js'
import type { FileColumn } from './contract/match.js'
import type { Rule } from './rules.js'
import { WITHHELD, withheldReason } from './pii/withheld.js'
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

/** @param nan names of the columns that may hold NaN and Infinity */
export function typedColumns(
  columns: readonly FileColumn[],
  format: Dataset['format'],
  { strict, facts, nan }: { strict: boolean; facts?: TextFacts; nan?: ReadonlySet<string> },
): TypedColumn[] {
  return columns.map((each) => {
    const column = { ...each, strict: each.strict ?? strict }
    const options = { facts, nan: nan?.has(column.name) }
    const { sqlType, raw, value, what } = (column.strict ? strictConversion : conversion)(
      column.type,
      format,
      options,
    )
    if (column.index < 0) {
      return { ...column, sqlType, what, raw: 'NULL', value: `CAST(NULL AS ${sqlType})`, fits: undefined }
    }
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
  const isNumbered = rules.some(({ isByRecord }) => isByRecord === true)
  const rows = isNumbered ? numbered(table, columns) : `(${converted(table, columns)})`
  return `SELECT ${names.join(', ')} FROM ${rows} WHERE ${isAccepted(columns, rules)}`
}

/** SQL: number of the record that a row comes from, from 1; see `numberedRows`. */
export const RECORD = '"#record"'

/** SQL: the same rows, each with its `RECORD`. */
export function numberedRows(table: string, columns: readonly TypedColumn[], rules: readonly Rule[]): string {
  return `SELECT * FROM ${numbered(table, columns)} WHERE ${isAccepted(columns, rules)}`
}

/**
 * SQL: one row (record, column_index, reason, text, checks) for every other row, in the order of the file. record is the
 * row's number, from 1; column_index, the position of the first column that is wrong; text, its field; checks, the names of
 * the checks that it breaks.
 * @param withhold reasons quote no values
 */
export function rejectedRows(
  table: string,
  columns: readonly TypedColumn[],
  rules: readonly Rule[],
  withhold = false,
): string {
  const problems = problemsOf(columns, rules, withhold)
  const first = (pick: (problem: Problem) => string) =>
    `CASE ${problems.map((problem) => `WHEN ${problem.condition} THEN ${pick(problem)}`).join(' ')} END`
  const reasons = problems.map(({ condition, reason }) => `CASE WHEN ${condition} THEN ${reason} END`)
  return (
    `SELECT ${RECORD} AS record, ${first(({ column }) => String(column.index))} AS column_index,` +
    ` concat_ws('; ', ${reasons.join(', ')}) AS reason, left(${first(({ column }) => textColumn(column.index))}, 1000) AS "text",` +
    ` ${brokenChecks(problems)} AS checks FROM ${numbered(table, columns)}` +
    ` WHERE NOT (${isAccepted(columns, rules)})`
  )
}

/** SQL: the names of the checks that a row breaks. */
function brokenChecks(problems: readonly Problem[]): string {
  const names = problems.flatMap(({ check, condition }) =>
    check === undefined ? [] : [`CASE WHEN ${condition} THEN ${literal(check)} END`],
  )
  return names.length === 0 ? 'CAST([] AS VARCHAR[])' : `list_distinct([${names.join(', ')}])`
}

function numbered(table: string, columns: readonly TypedColumn[]): string {
  return `(SELECT row_number() OVER () AS ${RECORD}, * FROM (${converted(table, columns)}))`
}

/** SQL: the rows of a table of text with their values, right or wrong. */
export function converted(table: string, columns: readonly TypedColumn[]): string {
  const inFile = columns.filter(({ index }) => index >= 0)
  const texts = inFile.map(({ index }) => textColumn(index))
  const raws = inFile.map(({ index, raw }) => `${raw} AS ${rawColumn(index)}`)
  const values = columns.map(({ name, value }) => `${value} AS ${identifier(name)}`)
  return `SELECT ${[...values, ...texts].join(', ')} FROM (SELECT ${[...texts, ...raws].join(', ')} FROM ${table})`
}

interface Problem {
  /** A column of the file, to find the record again by its text. */
  column: TypedColumn
  check?: string
  condition: string
  reason: string
}

function problemsOf(columns: readonly TypedColumn[], rules: readonly Rule[], withhold: boolean): Problem[] {
  const misfits = columns.flatMap((column) =>
    column.fits === undefined
      ? []
      : [{ column, condition: `NOT (${column.fits})`, reason: misfitReason(column, withhold) }],
  )
  const broken = rules.flatMap((rule) => {
    const mentioned = [rule.column, ...(rule.others ?? [])].flatMap(
      (name) => columns.find((column) => column.name === name) ?? [],
    )
    const column = [...mentioned, ...columns].find(({ index }) => index >= 0)
    if (!column || mentioned.length === 0) return []
    // A value that does not fit its type is one problem, not two.
    const fits = mentioned.flatMap((each) => (each.fits === undefined ? [] : [`(${each.fits})`]))
    const condition = [`(${rule.broken})`, ...fits].join(' AND ')
    const reason = withhold ? withheldReason(rule) : rule.reason
    return [{ column, condition, reason, check: rule.check }]
  })
  return [...misfits, ...broken]
}

function misfitReason({ name, index, what }: TypedColumn, withhold: boolean): string {
  if (withhold) return literal(`${name}: ${WITHHELD} is not ${what}`)
  return `${literal(`${name}: "`)} || left(${textColumn(index)}, 100) || ${literal(`" is not ${what}`)}`
}

/** A row that has all its values fits; why one is missing is asked only of the rows where one is. */
function isAccepted(columns: readonly TypedColumn[], rules: readonly Rule[]): string {
  const typed = columns.flatMap(({ name, fits }) => (fits === undefined ? [] : [{ name, fits: `(${fits})` }]))
  const complete = typed.map(({ name }) => `${identifier(name)} IS NOT NULL`).join(' AND ')
  const fits = typed.map((column) => column.fits).join(' AND ')
  const kept = rules.map((rule) => `(${rule.broken}) IS NOT TRUE`)
  const typesFit = typed.length === 0 ? [] : [`CASE WHEN ${complete} THEN true ELSE ${fits} END`]
  return [...typesFit, ...kept].join(' AND ') || 'true'
}
