import type { SecurityGroupRule } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList } from '../../aws/tags.js'
import { observedRuleKey, ruleKey, type Direction, type Rule } from './security-group-rules.js'

/** What of a rule can differ while it stays the same rule. */
export interface RuleDetails {
  description: string | undefined
  /** Carries the tags of this project and environment. */
  tagged: boolean
}

/** The rules of one direction by what makes them the same rule to AWS. */
export type RuleSet = Record<string, RuleDetails>

export function directionOf(rule: SecurityGroupRule): Direction {
  return rule.IsEgress === true ? 'egress' : 'ingress'
}

export function observedRules(
  rules: readonly SecurityGroupRule[],
  direction: Direction,
  aws: AwsContext,
): RuleSet {
  return Object.fromEntries(
    rules
      .filter((rule) => directionOf(rule) === direction)
      .map((rule) => [
        observedRuleKey(rule),
        { description: rule.Description, tagged: aws.owns(fromTagList(rule.Tags)) },
      ]),
  )
}

/** The wanted rules, and `null` for each that is there and not wanted. */
export function wantedRules(
  observed: RuleSet,
  wanted: readonly Rule[],
  aws: AwsContext,
): Record<string, RuleDetails | null> {
  const unwanted = Object.keys(observed).map((key) => [key, null] as const)
  return Object.fromEntries<RuleDetails | null>([
    ...unwanted,
    ...wanted.map((rule) => {
      const key = ruleKey(rule)
      // Emulators forget the descriptions of rules whose peer is a group or a prefix list.
      const forgotten = aws.emulated && key in observed && observed[key]?.description === undefined
      return [key, { description: forgotten ? undefined : rule.description, tagged: true }] as const
    }),
  ])
}
