import { z } from 'zod'

const severity = z
  .enum(['warn', 'reject', 'fail'])
  .describe('warn: reported; reject: the rows are rejected; fail: nothing of the file is published.')
const column = z.string().min(1)
const count = z.number().int().nonnegative()
const duration = z.string().regex(/^\d+(m|h|d)$/, 'must be a duration such as 90m, 36h or 7d')
const name = z.string().min(1).optional().describe('What reports call the check.')

/** About single rows: those that break it can be rejected. */
const rowCheck = z.union([
  z.strictObject({
    sql: z.string().min(1).describe('A SQL predicate over the columns.'),
    name,
    severity: severity.default('reject'),
  }),
  z.strictObject({
    not_null: z.union([column, z.array(column).min(1)]),
    name,
    severity: severity.default('reject'),
  }),
  z.strictObject({
    unique: z
      .union([column, z.array(column).min(1)])
      .describe('Within one file; of equal rows the first is kept.'),
    name,
    severity: severity.default('reject'),
  }),
])

/** About a file as a whole. */
const fileCheck = z.union([
  z.strictObject({
    row_count: z.strictObject({ min: count.optional(), max: count.optional() }),
    name,
    severity: severity.exclude(['reject']).default('fail'),
  }),
  z.strictObject({
    freshness: z.strictObject({
      column,
      within: duration.describe('The newest value may be so much older than the file.'),
    }),
    name,
    severity: severity.exclude(['reject']).default('warn'),
  }),
])

/** A check of a dataset; a text alone is a SQL predicate that every row must fulfil. */
export const checkSchema = z.union([z.string().min(1), rowCheck, fileCheck])

export type CheckConfig = z.infer<typeof checkSchema>

/** What reports call a check: its name, or what it says. */
export function checkTitle(check: CheckConfig): string {
  if (typeof check === 'string') return check
  if (check.name !== undefined) return check.name
  if ('sql' in check) return check.sql
  if ('not_null' in check) return `not_null(${[check.not_null].flat().join(', ')})`
  if ('unique' in check) return `unique(${[check.unique].flat().join(', ')})`
  if ('row_count' in check) return 'row_count'
  return `freshness(${check.freshness.column})`
}
