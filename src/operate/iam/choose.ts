import { UsageError } from '../../errors.js'
import type { IamPolicyResult } from './policy.js'

/**
 * All documents, or one of them.
 * @param document counted from 1
 * @throws UsageError NO_SUCH_DOCUMENT
 */
export function chooseDocument(result: IamPolicyResult, document: number | undefined): IamPolicyResult {
  if (document === undefined) return result
  const chosen = result.documents[document - 1]
  if (chosen !== undefined) return { ...result, documents: [chosen] }
  throw new UsageError(
    'NO_SUCH_DOCUMENT',
    `There is no document ${document}: the policy for ${result.for} has ${result.documents.length}.`,
    { suggestions: [`Leave --document out, or give a number from 1 to ${result.documents.length}.`] },
  )
}
