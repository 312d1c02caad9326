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
  /** An unquoted field has a quote inside. */
  looseQuote: boolean
  problem: Problem | undefined
}
