import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { AwsPrefixList } from '../../resources/ec2/prefix-list.js'
import { SecurityGroup } from '../../resources/ec2/security-group.js'
import { SecurityGroupEgress } from '../../resources/ec2/security-group-egress.js'
import type { Rule } from '../../resources/ec2/security-group-rules.js'
import type { AwsResource } from '../../resources/resource.js'
import { ANYWHERE, type Layout } from './layout.js'

function https(peer: Pick<Rule, 'cidr' | 'prefixListId' | 'sourceGroupId'>, description: string): Rule {
  return { protocol: 'tcp', fromPort: 443, toPort: 443, ...peer, description }
}

const toAnywhere = https({ cidr: ANYWHERE }, 'HTTPS to AWS services')

/**
 * The group that tasks are in. In the public subnets it says itself what may leave, and comes after their routes: what
 * starts tasks waits for the group.
 */
export function taskGroup(
  aws: AwsContext,
  environment: Environment,
  { publicRoutes, vpc, vpcId }: Layout,
): SecurityGroup {
  const isPublic = environment.network.egress === 'public'
  return new SecurityGroup(
    aws,
    'network/security-group/task',
    `${aws.names.stem}-task`,
    {
      vpcId,
      description: `datapipe ${environment.name}: transform tasks, no way in`,
      ingress: [],
      ...(isPublic ? { egress: [toAnywhere] } : {}),
    },
    { within: [vpc], dependsOn: isPublic ? [publicRoutes] : [] },
  )
}

/**
 * What tasks in private subnets may reach: everything by HTTPS behind a NAT gateway, only the endpoints and S3 without one
 * (spec §2.7). It changes once the way out is there, and what starts tasks waits for it.
 * @param ways what has to be there first
 * @param endpointGroup undefined in the modes with NAT
 */
export function privateEgress(
  aws: AwsContext,
  group: SecurityGroup,
  ways: readonly AwsResource[],
  endpointGroup: SecurityGroup | undefined,
): { egress: SecurityGroupEgress; prefixList: AwsPrefixList | undefined } {
  const id = 'network/security-group/task/egress'
  if (endpointGroup === undefined) {
    const egress = new SecurityGroupEgress(aws, id, { group, rules: () => [toAnywhere] }, ways)
    return { egress, prefixList: undefined }
  }
  const prefixList = new AwsPrefixList(aws, 'network/prefix-list/s3', 's3')
  const rules = () => [
    https({ sourceGroupId: () => endpointGroup.attributes.groupId }, 'HTTPS to VPC endpoints'),
    https({ prefixListId: () => prefixList.attributes.prefixListId }, 'HTTPS to S3'),
  ]
  return {
    egress: new SecurityGroupEgress(aws, id, { group, rules }, [...ways, endpointGroup, prefixList]),
    prefixList,
  }
}
