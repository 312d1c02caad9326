import { DatapipeError, UsageError } from '../../errors.js'

const READING = new Set([
  'select',
  'with',
  'from',
  'values',
  'table',
  'describe',
  'desc',
  'show',
  'summarize',
  'pivot',
  'unpivot',
])

/**
 * Lets through what only reads. The first word decides, for EXPLAIN the first word of what it explains, as
 * EXPLAIN ANALYZE executes it.
 * @throws UsageError QUERY_EMPTY; DatapipeError QUERY_NOT_READ_ONLY
 */
export function requireReadOnly(sql: string): void {
  const word = firstWord(sql)
  if (word === '') {
    throw new UsageError('QUERY_EMPTY', 'There is no SQL to run.', {
      suggestions: ['datapipe query "select count(*) from my_table"'],
    })
  }
  if (word === 'explain') {
    requireReadOnly(explained(sql))
    return
  }
  if (!READING.has(word)) throw notReadOnly(word.toUpperCase())
}

export function notReadOnly(statement: string): DatapipeError {
  return new DatapipeError(
    'QUERY_NOT_READ_ONLY',
    `${statement} is not a reading statement; datapipe query only reads.`,
    { suggestions: ['Use SELECT, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.'] },
  )
}

/** In lower case; '' when there is nothing but space and comments; the character itself when it starts no word. */
function firstWord(sql: string): string {
  const rest = skip(sql, true)
  return (/^[a-z_]+/i.exec(rest)?.[0] ?? rest.slice(0, 1)).toLowerCase()
}

/** What follows EXPLAIN and its options: `EXPLAIN ANALYZE …`, `EXPLAIN (TYPE DISTRIBUTED) …`. */
function explained(sql: string): string {
  let rest = skip(skip(sql, true).slice('explain'.length), false)
  if (/^analyze\b/i.test(rest)) rest = skip(rest.slice('analyze'.length), false)
  if (/^verbose\b/i.test(rest)) rest = skip(rest.slice('verbose'.length), false)
  const options = /^\(\s*(?:type|format|analyze)\b[^()]*\)/i.exec(rest)
  return options === null ? rest : rest.slice(options[0].length)
}

/** Without leading space, comments, and on wish opening parentheses and semicolons. */
function skip(sql: string, parentheses: boolean): string {
  const filler = parentheses
    ? /^(?:[\s(;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/
    : /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/
  return sql.replace(filler, '')
}
