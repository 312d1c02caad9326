/** A record longer than this is a rejected row: nothing downstream could read it either. */
export const LONGEST_RECORD = 16 * 1024 * 1024
/** Why the bytes of a record do not divide into the expected fields. */
export type Problem = 'quote' | 'nul' | 'utf8' | 'fields' | 'long'

/** The record under the cursor. Offsets `start` and `end` are into `buffer` and hold until the next record is asked for. */
export interface RecordView {
  buffer: Buffer
  start: number
  end: number
  /** Number of the line that it starts on, from 1. */
  line: number
  /** Where it starts in the file, in bytes. */
  offset: number
  /** Its length in the file; more than `end - start` only when the problem is `long`. */
  byteLength: number
  fields: number
  /** An unquoted field has a quote inside, or a quoted one an escape: DuckDB would not read it as we do. */
  isUnusual: boolean
  problem: Problem | undefined
}

/** Why a record is malformed, as the end of the sentence "the row …"; '' when it is not. */
export function malformedReason(
  { problem, fields, byteLength }: RecordView,
  columns: number,
  encoding: string,
): string {
  switch (problem) {
    case 'fields':
      return `has ${fields} ${fields === 1 ? 'field' : 'fields'} instead of ${columns}`
    case 'quote':
      return 'its quoting is broken: text follows a closing quote, or a quote is never closed'
    case 'nul':
      return 'holds a NUL byte'
    case 'utf8':
      return `is not valid ${encoding.replace('utf', 'UTF')}`
    case 'long':
      return `has ${byteLength} bytes, more than the ${LONGEST_RECORD} of the longest record allowed`
    case undefined:
      return ''
  }
}
