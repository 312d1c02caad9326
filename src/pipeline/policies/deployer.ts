import type { Names } from '../../aws/names.js'
import type { Statement } from '../../aws/policy.js'
import { LEASE_PREFIX } from '../../aws/s3-lease-store.js'
import { Role } from '../../resources/iam/role.js'
import type { AwsResource } from '../../resources/resource.js'
import { RUNS_PREFIX } from '../../transform/layout.js'
import { toStatements } from './deployer-statements.js'
import { dataSyncGrants, ec2Grants, kmsGrants, newAndOurs, type Grant } from './deployer-tagged.js'
import { targetsOf, type Target } from './deployer-targets.js'
import { needsEverything } from './wildcards.js'

export interface DeployerOptions {
  /** ARN of the boundary that every role of the environment must have; then the deployer can make no role without it. */
  permissionsBoundary?: string
}

/** What `up`, `plan`, `status` and `down` call beside what the resources say of themselves. */
const BESIDES = [
  'sts:GetCallerIdentity',
  'tag:GetResources',
  'iam:ListRoles',
  'servicequotas:GetServiceQuota',
  'servicequotas:GetAWSDefaultServiceQuota',
  'ec2:DescribeAvailabilityZones',
  // Schedule groups of an earlier configuration are found by their names.
  'scheduler:ListScheduleGroups',
  // The network is read as a whole, whatever of it is configured.
  'ec2:DescribeAddresses',
  'ec2:DescribeFlowLogs',
  'ec2:DescribeNatGateways',
  'ec2:DescribeNetworkAcls',
  // With an encrypted state machine and bucket (spec §6.10).
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKey',
] as const

/** Which image `datapipe image rollback` chose; without reading it, \`up\` would take it that there is none. */
const IMAGE_PIN = 'config/image-pin.json'

/** Services whose resources have no names. */
const TAGGED = /^(ec2|kms|datasync):/
const WITH_BOUNDARY = ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary']

/**
 * What whoever runs `up`, `plan`, `status` and `down` must be allowed to do: the actions that the resources themselves
 * list, each on this environment's own resources (spec §6.10).
 */
export function deployerStatements(
  names: Names,
  resources: readonly AwsResource[],
  options: DeployerOptions = {},
): Statement[] {
  return toStatements(deployerGrants(names, resources, options))
}

export function deployerGrants(
  names: Names,
  resources: readonly AwsResource[],
  options: DeployerOptions = {},
): Grant[] {
  const environment = resources.flatMap((resource) => targetsOf(names, resource))
  const actions = [...new Set([...resources.flatMap(({ iamActions }) => iamActions), ...BESIDES])]
  const of = (service: string) => actions.filter((action) => action.startsWith(`${service}:`))
  const aliases = environment.map(({ arn }) => arn).filter((arn) => arn.includes(':alias/'))
  return [
    ...ec2Grants(names, of('ec2')),
    ...kmsGrants(names, of('kms'), aliases),
    ...dataSyncGrants(names, of('datasync'), sharedAgents(resources)),
    ...resources.flatMap((resource) =>
      resource.iamActions
        .filter((action) => !TAGGED.test(action) && action !== 'iam:PassRole')
        .flatMap((action) => grantsFor(names, action, resource, environment, options)),
    ),
    ...(actions.includes('iam:PassRole') ? passRoleGrants(names, resources) : []),
    ...besides(names),
  ]
}

function grantsFor(
  names: Names,
  action: string,
  resource: AwsResource,
  environment: readonly Target[],
  { permissionsBoundary }: DeployerOptions,
): Grant[] {
  if (needsEverything(action)) return [{ action, resources: ['*'], ...limit(names, action) }]
  if (action === 'iam:RemoveRoleFromInstanceProfile')
    return [{ action, resources: [global(names, 'instance-profile/*')] }]
  // Called only where a boundary is configured.
  if (action === 'iam:PutRolePermissionsBoundary' && permissionsBoundary === undefined) return []
  const applicable = (targets: readonly Target[]) =>
    targets
      .filter(
        ({ actions, arn }) => arn.split(':')[2] === action.split(':')[0] && (actions?.test(action) ?? true),
      )
      .map(({ arn }) => arn)
  const own = applicable(targetsOf(names, resource))
  // An action on what is not itself: a resource that writes into a log group, or a bucket, of the environment.
  const resources = own.length > 0 ? own : applicable(environment)
  if (resources.length === 0)
    throw new Error(`${resource.type} needs ${action}, and nothing in the environment says on what ARN`)
  return [{ action, resources, ...iamCondition(action, resource, permissionsBoundary) }]
}

/** What narrows an action that works on `*` only. */
function limit(names: Names, action: string): Pick<Grant, 'condition'> {
  if (action === 'ecs:ListTasks') {
    const cluster = names.arn('ecs', `cluster/${names.cluster}`)
    return { condition: { ArnEquals: { 'ecs:cluster': cluster } } }
  }
  return action === 'glue:CreateCrawler' ? { condition: newAndOurs(names) } : {}
}

function iamCondition(
  action: string,
  resource: AwsResource,
  permissionsBoundary: string | undefined,
): Pick<Grant, 'condition'> {
  if (action === 'iam:CreateServiceLinkedRole')
    return { condition: { StringEquals: { 'iam:AWSServiceName': resource.name } } }
  if (permissionsBoundary === undefined || !WITH_BOUNDARY.includes(action)) return {}
  return { condition: { StringEquals: { 'iam:PermissionsBoundary': permissionsBoundary } } }
}

/** Each role to the services that its own trust policy names, and to no other. */
function passRoleGrants(names: Names, resources: readonly AwsResource[]): Grant[] {
  return resources
    .filter((resource) => resource instanceof Role)
    .map((role) => ({
      action: 'iam:PassRole',
      resources: targetsOf(names, role).map(({ arn }) => arn),
      condition: { StringEquals: { 'iam:PassedToService': role.trustedServices } },
    }))
}

/** ARNs of agents that belong to another environment: they carry its tags. */
function sharedAgents(resources: readonly AwsResource[]): string[] {
  return resources
    .filter(({ shared, type }) => shared && type === 'AWS::DataSync::Agent')
    .map(({ expectedPhysicalId }) => expectedPhysicalId)
}

function besides(names: Names): Grant[] {
  const written = [`${LEASE_PREFIX}*`, IMAGE_PIN].map((key) => `${names.bucketArn('artifacts')}/${key}`)
  const everywhere = BESIDES.filter((action) => !TAGGED.test(action))
  return [
    ...everywhere.map((action) => ({ action, resources: ['*'] })),
    // Roles of an earlier configuration are found by their names, and believed by their tags.
    { action: 'iam:ListRoleTags', resources: [global(names, `role/${names.stem}-*`)] },
    {
      action: 'scheduler:ListTagsForResource',
      resources: [names.arn('scheduler', `schedule-group/${names.stem}*`)],
    },
    ...['s3:GetObject', 's3:PutObject', 's3:DeleteObject'].map((action) => ({ action, resources: written })),
    // `status` reads the records of the runs.
    { action: 's3:GetObject', resources: [`${names.bucketArn('transformed')}/${RUNS_PREFIX}/*`] },
  ]
}

function global(names: Names, resource: string): string {
  return `arn:${names.partition}:iam::${names.place.account}:${resource}`
}
