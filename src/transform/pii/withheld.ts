import { literal } from '../sql.js'

/** In place of a value that a message would quote. */
export const WITHHELD = '(withheld)'

const CONSTANT = /^'(?:[^']|'')*'$/

/** SQL: the reason of a rule without a value. Of a reason that is computed and has no such form, only the column is left. */
export function withheldReason({
  column,
  reason,
  withheld,
}: {
  column: string
  reason: string
  withheld?: string
}): string {
  return withheld ?? (CONSTANT.test(reason) ? reason : literal(`${column}: ${WITHHELD} is not allowed`))
}

/**
 * A record that could not be converted, without what its reason quotes of it.
 * @param columns names that may be told, since they are of the table
 */
export function withheldRefusal<T extends { reason: string; column: string | null }>(
  refusal: T,
  columns: readonly string[],
): T {
  const { column, reason } = refusal
  return {
    ...refusal,
    column: column !== null && columns.includes(column) ? column : null,
    reason: reason.replace(/"[^]*"/, WITHHELD).replace(/: [^]*$/, `: ${WITHHELD}`),
  }
}
