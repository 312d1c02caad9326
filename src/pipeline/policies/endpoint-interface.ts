import type { Names } from '../../aws/names.js'
import { policy, type PolicyDocument, type Statement } from '../../aws/policy.js'
import { executionRolePolicy, taskRolePolicy } from './ecs-roles.js'

/** Where the service is called otherwise in IAM than in its endpoint. */
const IAM_PREFIXES: Record<string, string> = {
  'ecr.api': 'ecr',
  'ecr.dkr': 'ecr',
  monitoring: 'cloudwatch',
  email: 'ses',
}

/**
 * What may leave through the interface endpoint of a service: what the roles of our tasks may do there, from our account.
 * Of a service that they do not call by their roles, added by the configuration: anything, but only from our account. So
 * credentials of another account that got into a task are of no use there.
 * @param service short name as in the endpoint, such as `ecr.api`
 */
export function interfaceEndpointPolicy(names: Names, service: string): PolicyDocument {
  const prefix = IAM_PREFIXES[service] ?? service
  const condition = { StringEquals: { 'aws:PrincipalAccount': names.place.account } }
  // The key matters to the statement about S3 only, whose endpoint is another.
  const granted = [...executionRolePolicy(names).Statement, ...taskRolePolicy(names, '*').Statement]
  const ours = granted.flatMap((statement): Statement[] => {
    const actions = [statement.Action].flat().filter((action) => action.startsWith(`${prefix}:`))
    if (actions.length === 0 || statement.Effect !== 'Allow') return []
    return [
      {
        ...statement,
        Principal: '*',
        Action: actions,
        Condition: {
          ...statement.Condition,
          StringEquals: { ...statement.Condition?.StringEquals, ...condition.StringEquals },
        },
      },
    ]
  })
  if (ours.length > 0) return policy(...ours)
  return policy({
    Sid: 'OurAccount',
    Effect: 'Allow',
    Principal: '*',
    Action: `${prefix}:*`,
    Resource: '*',
    Condition: condition,
  })
}
