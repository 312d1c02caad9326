import { readFileSync } from 'node:fs'
import path from 'node:path'
import { dotted, type ConfigProblem } from './problem.js'
import type { ConfigFile } from './schema.js'
import type { ConfigSource } from './source.js'

/** One line that ends in .sql and does not begin as a query does. */
const FILE_NAME = /^(?!\s*(?:select|with|from|values|table)\s|\s*\()[^\n]*\.sql\s*$/i
const LARGEST = 1024 * 1024

/**
 * Puts the content of files that `sql` names in their place, so that the configuration is complete wherever it is deployed.
 * @param folder what the names are relative to
 * @returns what is wrong with the files; the configuration is changed
 */
export function inlineSqlFiles(file: ConfigFile, source: ConfigSource, folder: string): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const inlined = (sql: string, at: readonly PropertyKey[]): string => {
    if (!FILE_NAME.test(sql)) return sql
    const read = readSql(path.resolve(folder, sql.trim()))
    if (typeof read === 'object') return read.text
    const message = `\`${dotted(at)}\` names the file ${sql.trim()}, ${read}.`
    problems.push({
      code: 'SQL_FILE_NOT_FOUND',
      path: dotted(at),
      message,
      ...source.locate(at, 'value'),
      suggestion: 'The name is relative to the folder of the configuration file.',
    })
    return sql
  }
  for (const [name, dataset] of Object.entries(file.datasets)) {
    const at = ['datasets', name]
    if (dataset.sql !== undefined) dataset.sql = inlined(dataset.sql, [...at, 'sql'])
    for (const [table, own] of Object.entries(dataset.tables ?? {}))
      own.sql = inlined(own.sql, [...at, 'tables', table, 'sql'])
  }
  return problems
}

function readSql(file: string): { text: string } | string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length > LARGEST) return `which is larger than ${LARGEST} bytes`
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.trim() === '' ? 'which is empty' : { text }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'which does not exist'
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'which is not UTF-8 text'
    return code === 'EISDIR' ? 'which is a folder' : 'which cannot be read'
  }
}
