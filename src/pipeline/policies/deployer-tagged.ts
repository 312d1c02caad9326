import type { Names } from '../../aws/names.js'
import type { Statement } from '../../aws/policy.js'
import { TAG } from '../../aws/tags.js'
import { needsEverything } from './wildcards.js'

/** One action on some resources: what statements are put together from. */
export interface Grant {
  action: string
  resources: readonly string[]
  condition?: Statement['Condition']
}

type Condition = NonNullable<Statement['Condition']>

const tagsAre = (names: Names, prefix: 'aws:ResourceTag' | 'aws:RequestTag'): Condition => ({
  StringEquals: {
    [`${prefix}/${TAG.project}`]: names.place.project,
    [`${prefix}/${TAG.env}`]: names.place.env,
  },
})

/** Only what carries the tags of this environment. */
export const ours = (names: Names): Condition => tagsAre(names, 'aws:ResourceTag')

/** Only what is created with the tags of this environment. */
export const newAndOurs = (names: Names): Condition => tagsAre(names, 'aws:RequestTag')

/** What carries no tags of any environment. */
const nobodys: Condition = {
  Null: { [`aws:ResourceTag/${TAG.project}`]: 'true', [`aws:ResourceTag/${TAG.env}`]: 'true' },
}

/** What each call of EC2 that creates something creates. */
const EC2_CREATES: Readonly<Record<string, string>> = {
  AllocateAddress: 'elastic-ip',
  CreateFlowLogs: 'vpc-flow-log',
  CreateInternetGateway: 'internet-gateway',
  CreateNatGateway: 'natgateway',
  CreateNetworkAcl: 'network-acl',
  CreateRouteTable: 'route-table',
  CreateSecurityGroup: 'security-group',
  CreateSubnet: 'subnet',
  CreateVpc: 'vpc',
  CreateVpcEndpoint: 'vpc-endpoint',
  AuthorizeSecurityGroupEgress: 'security-group-rule',
  AuthorizeSecurityGroupIngress: 'security-group-rule',
}

/** They need nothing that exists. */
const EC2_ROOTS: readonly string[] = ['AllocateAddress', 'CreateInternetGateway', 'CreateVpc']

/** What AWS makes with a VPC carries no tags: its default security group and its default network ACL. */
const EC2_UNTAGGED: Readonly<Record<string, string>> = {
  RevokeSecurityGroupEgress: 'security-group',
  RevokeSecurityGroupIngress: 'security-group',
  ReplaceNetworkAclAssociation: 'network-acl',
}

/** EC2 knows no names: what exists must carry our tags, what is created must get them (spec §1.3). */
export function ec2Grants(names: Names, actions: readonly string[]): Grant[] {
  const creating = actions.map(operationOf).filter((operation) => operation in EC2_CREATES)
  // Together: none of them creates what another one does, and only what is created carries tags of the request.
  const all = creating.map((operation) => names.arn('ec2', `${EC2_CREATES[operation] ?? ''}/*`))
  return actions.flatMap((action): Grant[] => {
    const operation = operationOf(action)
    if (needsEverything(action)) return [{ action, resources: ['*'] }]
    const untagged = EC2_UNTAGGED[operation]
    return [
      ...(creating.includes(operation) ? [{ action, resources: all, condition: newAndOurs(names) }] : []),
      ...(EC2_ROOTS.includes(operation) ? [] : [{ action, resources: all, condition: ours(names) }]),
      ...(untagged === undefined
        ? []
        : [{ action, resources: [names.arn('ec2', `${untagged}/*`)], condition: nobodys }]),
      ...(operation === 'CreateTags' ? [whileCreating(names, creating, all)] : []),
    ]
  })
}

function whileCreating(names: Names, creating: readonly string[], resources: readonly string[]): Grant {
  const { StringEquals: tags } = newAndOurs(names)
  return {
    action: 'ec2:CreateTags',
    resources,
    condition: { StringEquals: { ...tags, 'ec2:CreateAction': [...creating].sort() } },
  }
}

/**
 * KMS knows names of aliases only. CreateKey with tags is authorised as TagResource on a key that has no tags yet, so that
 * one goes by the tags it is to get.
 * @param aliases ARNs
 */
export function kmsGrants(names: Names, actions: readonly string[], aliases: readonly string[]): Grant[] {
  const keys = [names.arn('kms', 'key/*')]
  return actions.flatMap((action): Grant[] => {
    const onKeys: Grant = { action, resources: keys, condition: ours(names) }
    if (action === 'kms:CreateKey') return [{ action, resources: ['*'], condition: newAndOurs(names) }]
    if (needsEverything(action)) return [{ action, resources: ['*'] }]
    if (action === 'kms:TagResource') return [onKeys, { ...onKeys, condition: newAndOurs(names) }]
    // Both ends of an alias are asked for.
    if (action.endsWith('Alias')) return [onKeys, { action, resources: aliases }]
    if (action === 'kms:CreateGrant')
      return [{ ...onKeys, condition: { ...ours(names), Bool: { 'kms:GrantIsForAWSResource': 'true' } } }]
    return [onKeys]
  })
}

const DATASYNC_KINDS = ['agent', 'location', 'task']

/** What uses an agent, or looks at it. */
const USES_AGENT = /^datasync:(DescribeAgent|(Create|Update)Location(Nfs|Smb)|CreateTask)$/

/**
 * DataSync has display names only. An execution is part of a task, but does not get its tags, and nobody can tag what a schedule
 * starts.
 * @param sharedAgents ARNs of agents with the tags of another environment, named in the configuration
 */
export function dataSyncGrants(
  names: Names,
  actions: readonly string[],
  sharedAgents: readonly string[] = [],
): Grant[] {
  const all = DATASYNC_KINDS.map((kind) => names.arn('datasync', `${kind}/*`))
  return actions.flatMap((action): Grant[] => {
    if (action.startsWith('datasync:List') && action !== 'datasync:ListTagsForResource')
      return [{ action, resources: ['*'] }]
    if (/^datasync:(Cancel|Describe)TaskExecution$/.test(action))
      return [{ action, resources: [names.arn('datasync', 'task/*/execution/*')] }]
    const existing = { action, resources: all, condition: ours(names) }
    const shared: Grant[] =
      sharedAgents.length > 0 && USES_AGENT.test(action) ? [{ action, resources: sharedAgents }] : []
    if (action.startsWith('datasync:Create')) {
      return [{ action, resources: ['*'], condition: newAndOurs(names) }, existing, ...shared]
    }
    // CreateX with tags is authorised as TagResource on what has none yet.
    return action === 'datasync:TagResource'
      ? [existing, { ...existing, condition: newAndOurs(names) }]
      : [existing, ...shared]
  })
}

function operationOf(action: string): string {
  return action.slice(action.indexOf(':') + 1)
}
