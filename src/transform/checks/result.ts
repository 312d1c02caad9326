import { z } from 'zod'

/** What a check found in a file. */
export const checkResultSchema = z.object({
  name: z.string(),
  kind: z.enum(['sql', 'not_null', 'unique', 'row_count', 'freshness']),
  severity: z.enum(['warn', 'reject', 'fail']),
  passed: z.boolean(),
  /** Rows that break it; for a check about the whole file 1 when it does not hold. */
  failed: z.number().int().nonnegative(),
  /** What was found, in words. */
  detail: z.string().optional(),
})

export type CheckResult = z.infer<typeof checkResultSchema>

/** What a check found, in words. */
export function checkMessage({ name, kind, failed, detail }: CheckResult): string {
  if (detail !== undefined) return `"${name}": ${detail}`
  const [rows, repeat] = failed === 1 ? ['row', 'repeats'] : ['rows', 'repeat']
  const what = kind === 'unique' ? ` that ${repeat} an earlier one` : ''
  return `"${name}" does not hold for ${failed} ${rows}${what}`
}
