import type { AwsRequest } from '../request.js'
import type { Rule } from '../rule.js'

/** By service: the calls that are safe to repeat, and the parameter that says which one it is (spec §1.5). */
const TOKENS: readonly { service: string; actions: readonly string[]; parameter: string }[] = [
  {
    service: 'ec2',
    actions: [
      'CreateFlowLogs',
      'CreateNatGateway',
      'CreateNetworkAcl',
      'CreateRouteTable',
      'CreateVpcEndpoint',
    ],
    parameter: 'ClientToken',
  },
  { service: 'codebuild', actions: ['StartBuild'], parameter: 'idempotencyToken' },
  { service: 'ecs', actions: ['RunTask'], parameter: 'clientToken' },
]

/** A call that is repeated with its token gets the answer of the first time. Comes before all rules that refuse or change. */
export function clientTokens(): Rule[] {
  const answers = new Map<string, string>()
  return TOKENS.map(({ actions, parameter, service }) => {
    const keyOf = ({ action, params }: AwsRequest): string | undefined => {
      const token = params[parameter]
      return typeof token === 'string' && token !== '' ? `${service}:${action}:${token}` : undefined
    }
    return {
      name: 'same client token',
      service,
      actions,
      before(request) {
        const known = answers.get(keyOf(request) ?? '')
        return known === undefined ? undefined : { answer: known }
      },
      after(request, body) {
        const key = keyOf(request)
        if (key !== undefined) answers.set(key, body)
        return body
      },
    }
  })
}
