import { paginateDescribeSecurityGroups, type EC2Client, type SecurityGroupRule } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList } from '../../aws/tags.js'
import type { Holder } from './holders.js'
import { collect } from './pages.js'
import { listRules, revokeRule } from './security-group-rules.js'
import { filter, present } from './tagged.js'

/** A rule of another group that names a group as its peer; while there is one, that group cannot be deleted. */
interface Reference {
  rule: SecurityGroupRule
  groupName: string
  owned: boolean
}

/** Revokes the rules of our other groups that refer to this one, so that groups that refer to each other can be deleted (spec §1.9). */
export async function releaseReferences(client: EC2Client, groupId: string, aws: AwsContext): Promise<void> {
  for (const reference of await references(client, groupId, aws)) {
    if (reference.owned) await revokeRule(client, reference.rule)
  }
}

/** The rules of groups that are not ours: not touched, but named. */
export async function foreignReferences(
  client: EC2Client,
  groupId: string,
  aws: AwsContext,
): Promise<Holder[]> {
  const all = await references(client, groupId, aws)
  return all
    .filter((reference) => !reference.owned)
    .map(({ groupName, rule }) => ({
      description: `rule ${rule.SecurityGroupRuleId ?? ''} of security group ${rule.GroupId ?? ''} (${groupName})`,
      passing: false,
    }))
}

async function references(client: EC2Client, groupId: string, aws: AwsContext): Promise<Reference[]> {
  // Filters of one call must all match, so each direction needs its own.
  const found = await Promise.all(
    ['ip-permission.group-id', 'egress.ip-permission.group-id'].map((name) =>
      collect(
        paginateDescribeSecurityGroups({ client }, { Filters: [filter(name, groupId)] }),
        (page) => page.SecurityGroups,
      ),
    ),
  )
  const others = new Map(
    found
      .flat()
      .map((group) => [present(group.GroupId, 'GroupId'), group] as const)
      .filter(([otherId]) => otherId !== groupId),
  )
  const rules = await listRules(client, [...others.keys()])
  return rules
    .filter((rule) => rule.ReferencedGroupInfo?.GroupId === groupId)
    .map((rule) => {
      const group = others.get(rule.GroupId ?? '')
      return {
        rule,
        groupName: group?.GroupName ?? '',
        owned: aws.owns(fromTagList(group?.Tags)),
      }
    })
}
