import { DataError } from './errors.js'

/**
 * A column name that Athena, Glue, Spark and Hive all take: lower-case letters, digits and `_`, not starting with a digit.
 * Letters lose their accents; everything else becomes `_`. An empty name becomes `column_<position>`.
 * @param position 1-based position in the file
 */
export function safeName(name: string, position: number): string {
  const safe = name
    .trim()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/_+$/, '')
  if (safe === '') return `column_${position}`
  return /^\d/.test(safe) ? `_${safe}` : safe
}

/** DuckDB's own name for the position of a row, by which rows keep the order of the file. */
const RESERVED = 'file_row_number'

/**
 * Table names of the columns of a header, in its order.
 * @throws DataError DUPLICATE_COLUMN, COLUMN_NAME_COLLISION, COLUMN_NAME_TAKEN
 */
export function safeNames(header: readonly string[]): string[] {
  const takenBy = new Map<string, { name: string; position: number }>()
  return header.map((name, index) => {
    const position = index + 1
    const safe = safeName(name, position)
    const other = takenBy.get(safe)
    if (other?.name === name) {
      throw new DataError(
        'DUPLICATE_COLUMN',
        `The header names the column "${name}" twice (columns ${other.position} and ${position}).`,
        {
          suggestions: ['Give every column its own name in the header of the file.'],
        },
      )
    }
    if (other) {
      throw new DataError(
        'COLUMN_NAME_COLLISION',
        `The columns "${other.name}" and "${name}" would both be called "${safe}": column names are lower-case letters, digits and _.`,
        { suggestions: ['Rename one of them in the header of the file.'] },
      )
    }
    if (safe === RESERVED) {
      throw new DataError(
        'COLUMN_NAME_TAKEN',
        `A column cannot be called "${name}": the engine uses that name itself.`,
        {
          suggestions: ['Rename it in the header of the file.'],
        },
      )
    }
    takenBy.set(safe, { name, position })
    return safe
  })
}
