import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { normalizePolicy, type PolicyDocument, type Statement } from '../../../aws/policy.js'
import { unlessMissing } from '../../../aws/retry.js'
import { diffPolicy } from '../../policy-diff.js'
import type { Aspect } from './aspect.js'

/**
 * The bucket's own policy, compared by meaning: S3 stores it in its own order.
 *
 * @param emulated put it in the form that moto can live with, see `forEmulator`
 */
export function bucketPolicy(wanted: () => PolicyDocument, emulated: boolean): Aspect {
  const desired = () => (emulated ? forEmulator(wanted()) : wanted())
  return {
    path: 'policy',
    async read({ at, s3 }) {
      const answer = await unlessMissing(s3.send(new GetBucketPolicyCommand(at)), 'NoSuchBucketPolicy')
      return normalizePolicy(answer?.Policy)
    },
    diff: (seen) => diffPolicy('policy', seen, desired()),
    put: ({ at, s3 }) => s3.send(new PutBucketPolicyCommand({ ...at, Policy: JSON.stringify(desired()) })),
  }
}

/**
 * The same policy, worded otherwise. moto takes a condition that does not hold for a denial, even in a Deny, so that a
 * bucket for TLS alone would refuse every object. It compares actions by case, which AWS does not: `S3:*` is there, and
 * passes. And it fails at a principal that is a bare `*` when it looks who may write access logs.
 */
function forEmulator(document: PolicyDocument): PolicyDocument {
  return { ...document, Statement: document.Statement.map(rewordDeny) }
}

function rewordDeny(statement: Statement): Statement {
  if (statement.Effect !== 'Deny' || statement.Condition === undefined) return statement
  return {
    ...statement,
    ...(statement.Principal === '*' ? { Principal: { AWS: '*' } } : {}),
    Action: [statement.Action].flat().map((action) => action.replace(/^s3:/, 'S3:')),
  }
}
