import type { Names } from '../../src/aws/names.js'
import { fromTagList } from '../../src/aws/tags.js'
import type { Facts } from './iam-recording.js'
import { requestTags, resourceTags } from './iam-requests.js'
import type { Input } from './iam-requests-named.js'
import type { IamRequest } from './iam-simulator.js'

/** Resource type of IAM by the beginning of an id. */
const TYPES: Readonly<Record<string, string>> = {
  vpc: 'vpc',
  subnet: 'subnet',
  igw: 'internet-gateway',
  rtb: 'route-table',
  sg: 'security-group',
  vpce: 'vpc-endpoint',
  nat: 'natgateway',
  eipalloc: 'elastic-ip',
  acl: 'network-acl',
  fl: 'vpc-flow-log',
}

/** What a call names without being authorised on it. */
const NOT_ASKED: Readonly<Record<string, readonly string[]>> = {
  CreateRoute: ['GatewayId', 'NatGatewayId'],
  RevokeSecurityGroupEgress: ['SecurityGroupRuleIds'],
  RevokeSecurityGroupIngress: ['SecurityGroupRuleIds'],
  ReplaceRoute: ['GatewayId', 'NatGatewayId'],
}

/** A call of EC2 is authorised on everything that it creates, by the tags it gives, and on everything it names. */
export function ec2Requests(operation: string, input: Input, names: Names, facts: Facts): IamRequest[] {
  const action = `ec2:${operation}`
  if (operation.startsWith('Describe') && operation !== 'DescribeVpcAttribute')
    return [{ action, resource: '*' }]
  const specifications = (input.TagSpecifications ?? []) as { ResourceType: string; Tags: [] }[]
  const created = specifications.flatMap(({ ResourceType: type, Tags: tags }): IamRequest[] => {
    const resource = names.arn('ec2', `${type}/being-created`)
    const context = requestTags(fromTagList(tags))
    return [
      { action, resource, context },
      { action: 'ec2:CreateTags', resource, context: { ...context, 'ec2:CreateAction': operation } },
    ]
  })
  const existing = idsIn(input, operation)
    .flatMap((id) => facts.associations.get(id) ?? [id])
    .map((id) => {
      const type = TYPES[id.slice(0, id.lastIndexOf('-'))]
      if (type === undefined) throw new Error(`${operation}: what is ${id}?`)
      return { action, resource: names.arn('ec2', `${type}/${id}`), context: resourceTags(facts, id) }
    })
  const requests = [...created, ...existing, ...implied(operation, input)]
  if (requests.length === 0) throw new Error(`${action} names nothing: ${JSON.stringify(input)}`)
  return requests
}

/** What EC2 does elsewhere as whoever asks (spec §2.9). */
function implied(operation: string, input: Input): IamRequest[] {
  if (operation === 'DeleteFlowLogs') return [{ action: 'logs:DeleteLogDelivery', resource: '*' }]
  if (operation === 'CreateFlowLogs') {
    const resource = (input.LogDestination as string).split('/')[0] ?? ''
    return [
      { action: 'logs:CreateLogDelivery', resource: '*' },
      ...['s3:GetBucketPolicy', 's3:PutBucketPolicy'].map((action) => ({ action, resource })),
    ]
  }
  return []
}

function idsIn(input: Input, operation: string): string[] {
  const skipped = NOT_ASKED[operation] ?? []
  return Object.entries(input)
    .filter(([key]) => /Ids?$|^Resources$/.test(key) && !key.includes('Zone') && !skipped.includes(key))
    .flatMap(([, value]) => value as string | string[])
}
