import type { PolicyDocument } from '../../aws/policy.js'
import { DatapipeError } from '../../errors.js'

/** Characters without white space, of all inline policies of a role together (spec §6). */
export const INLINE_LIMIT = 10_240
/** 2,048 unless the quota was raised, and it cannot be raised beyond this (spec §6); in between IAM decides. */
export const TRUST_LIMIT = 4096

/**
 * The policy as IAM takes it.
 *
 * @throws DatapipeError POLICY_TOO_LARGE before IAM is asked, with what is too large and by how much
 */
export function policyText(document: PolicyDocument, what: string, limit: number): string {
  const text = JSON.stringify(document)
  const size = text.replace(/\s/g, '').length
  if (size <= limit) return text
  throw new DatapipeError(
    'POLICY_TOO_LARGE',
    `The ${what} has ${size.toLocaleString('en-US')} characters; IAM allows ${limit.toLocaleString('en-US')}.`,
    { suggestions: ['Fewer datasets in one environment make it shorter: split them over two environments.'] },
  )
}
