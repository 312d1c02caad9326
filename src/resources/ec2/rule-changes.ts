import { CreateTagsCommand, type EC2Client, type SecurityGroupRule } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { directionOf } from './rule-set.js'
import {
  authorizeRule,
  describeRule,
  observedRuleKey,
  revokeRule,
  ruleKey,
  type Direction,
  type Rule,
} from './security-group-rules.js'
import { present, tagSpecifications } from './tagged.js'

/** The rules of one direction of one group, and what new ones are tagged with. */
export interface GroupRules {
  client: EC2Client
  aws: AwsContext
  groupId: string
  direction: Direction
  tags: Tags
}

/** Adds one rule; that it exists already is fine. */
export function addRule({ aws, client, direction, groupId, tags }: GroupRules, rule: Rule): Promise<void> {
  return authorizeRule(
    client,
    aws.region,
    groupId,
    direction,
    rule,
    tagSpecifications('security-group-rule', tags),
  )
}

/**
 * Makes the rules of a group those that are wanted. First what is missing, then what is too much: nothing that is wanted
 * stops working in between.
 * @param seen all rules of the group, in both directions
 */
export async function putRules(
  rules: GroupRules,
  seen: readonly SecurityGroupRule[],
  wanted: readonly Rule[],
): Promise<void> {
  const known = new Map(
    seen
      .filter((rule) => directionOf(rule) === rules.direction)
      .map((rule) => [observedRuleKey(rule), rule] as const),
  )
  const keys = new Set(wanted.map(ruleKey))
  for (const rule of wanted) {
    const there = known.get(ruleKey(rule))
    if (there === undefined) await addRule(rules, rule)
    else await putDetails(rules, rule, there)
  }
  for (const [key, rule] of known) {
    if (!keys.has(key)) await revokeRule(rules.client, rule)
  }
}

async function putDetails(
  { aws, client, direction, groupId, tags }: GroupRules,
  rule: Rule,
  seen: SecurityGroupRule,
): Promise<void> {
  if (seen.Description !== rule.description) await describeRule(client, groupId, direction, rule)
  if (aws.owns(fromTagList(seen.Tags))) return
  const ruleId = present(seen.SecurityGroupRuleId, 'SecurityGroupRuleId')
  await client.send(new CreateTagsCommand({ Resources: [ruleId], Tags: upperTags(tags) }))
}
