import {
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2'
import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'
import { ec2Of, hasInternetGateway, interfaces, livingEndpoints, where } from './ec2-state.js'

/** A VPC goes when nothing is in it but what AWS put there itself (spec §2.2). */
export function vpcInUse(): Rule {
  return {
    name: 'VPC in use',
    service: 'ec2',
    actions: ['DeleteVpc'],
    async before(request, emulator) {
      const vpcId = text(request, 'VpcId')
      const ec2 = ec2Of(emulator, request.region)
      const inVpc = where('vpc-id', vpcId)
      const { Subnets: subnets = [] } = await ec2.send(new DescribeSubnetsCommand(inVpc))
      const { SecurityGroups: groups = [] } = await ec2.send(new DescribeSecurityGroupsCommand(inVpc))
      const { RouteTables: tables = [] } = await ec2.send(new DescribeRouteTablesCommand(inVpc))
      const { NetworkAcls: acls = [] } = await ec2.send(new DescribeNetworkAclsCommand(inVpc))
      return refuseIf(
        [
          ...subnets,
          ...groups.filter(({ GroupName }) => GroupName !== 'default'),
          ...tables.filter(({ Associations }) => Associations?.some(({ Main }) => Main) !== true),
          ...acls.filter(({ IsDefault }) => IsDefault !== true),
          ...(await livingEndpoints(ec2, vpcId)),
          ...(await interfaces(ec2, 'vpc-id', vpcId)),
          ...((await hasInternetGateway(ec2, vpcId)) ? ['gateway'] : []),
        ],
        'DependencyViolation',
        `The vpc '${vpcId}' has dependencies and cannot be deleted.`,
      )
    },
  }
}
