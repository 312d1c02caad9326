import { policy, type PolicyDocument, type Statement } from '../../aws/policy.js'

/** Characters of a managed policy, white space not counted (IAM quota). */
export const MANAGED_POLICY_LIMIT = 6144

/** Characters as IAM counts them: without white space. */
export function policyCharacters(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length
}

/**
 * Statements in as many documents as IAM needs to take them, in order. A statement that fits in no document of its own is
 * divided by its actions, which means the same.
 */
export function toDocuments(
  statements: readonly Statement[],
  limit = MANAGED_POLICY_LIMIT,
): PolicyDocument[] {
  const documents: Statement[][] = [[]]
  for (const statement of statements.flatMap((each) => divided(each, limit))) {
    const current = documents.at(-1) ?? []
    if (current.length > 0 && policyCharacters(policy(...current, statement)) > limit)
      documents.push([statement])
    else current.push(statement)
  }
  return documents.map((each) => policy(...each))
}

function divided(statement: Statement, limit: number): Statement[] {
  const actions = [statement.Action].flat()
  if (actions.length < 2 || policyCharacters(policy(statement)) <= limit) return [statement]
  const middle = Math.ceil(actions.length / 2)
  return [actions.slice(0, middle), actions.slice(middle)].flatMap((half, index) =>
    divided(
      {
        ...statement,
        ...(statement.Sid === undefined ? {} : { Sid: `${statement.Sid}${index === 0 ? 'a' : 'b'}` }),
        Action: half,
      },
      limit,
    ),
  )
}
