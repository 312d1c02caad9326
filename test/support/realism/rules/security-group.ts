import { DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2'
import { text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'
import { ec2Of, interfaces, livingEndpoints, where } from './ec2-state.js'

/** A group goes when no interface has it, no endpoint, and no rule of another group names it (spec §2.7). */
export function securityGroupInUse(): Rule {
  return {
    name: 'security group in use',
    service: 'ec2',
    actions: ['DeleteSecurityGroup'],
    async before(request, emulator) {
      const groupId = text(request, 'GroupId')
      const ec2 = ec2Of(emulator, request.region)
      const referring = await Promise.all(
        ['ip-permission.group-id', 'egress.ip-permission.group-id'].map((name) =>
          ec2.send(new DescribeSecurityGroupsCommand(where(name, groupId))),
        ),
      )
      const others = referring.flatMap(({ SecurityGroups: found = [] }) => found)
      const endpoints = await livingEndpoints(ec2)
      return refuseIf(
        [
          ...(await interfaces(ec2, 'group-id', groupId)),
          ...endpoints.filter(({ Groups }) => Groups?.some((group) => group.GroupId === groupId)),
          ...others.filter((group) => group.GroupId !== groupId),
        ],
        'DependencyViolation',
        `resource ${groupId} has a dependent object`,
      )
    },
  }
}
