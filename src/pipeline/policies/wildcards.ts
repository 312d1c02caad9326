/** A `*` that a policy of datapipe cannot do without. */
export interface Wildcard {
  /** Actions, the last part possibly ending in `*`. */
  actions: readonly string[]
  /**
   * `*`, or the resource part of an ARN after the account, such as `security-group/*`. Parts of ARNs inside something that
   * carries the environment's name (`<bucket>/*`) are no wildcards in this sense.
   */
  resource: string
  /** Why no narrower resource will do. */
  reason: string
  /** What limits it instead; left out when nothing does. */
  limit?: Limit
}

/** A condition that a statement with a wildcard must have. */
export interface Limit {
  /** Beginning of the condition key, after its operator and a space where that matters. */
  key: string
  says: string
}

const OURS: Limit = { key: 'aws:ResourceTag/', says: 'only what carries the tags of this environment' }
const NEW: Limit = { key: 'aws:RequestTag/', says: 'only with the tags of this environment' }
const NOBODYS: Limit = {
  key: 'Null aws:ResourceTag/',
  says: 'only what carries no tags of any environment of datapipe',
}
const NO_NAMES = 'AWS gives it a random id: there is no name to write down'
const LISTS = 'IAM knows no resource for it; it reads'

/**
 * Every wildcard that stays, with its reason: what `datapipe iam policy` prints, what docs/security.md lists, and what the
 * tests hold the policies to.
 */
export const WILDCARDS: readonly Wildcard[] = [
  {
    actions: ['sts:GetCallerIdentity'],
    resource: '*',
    reason: 'IAM knows no resource for it; it tells who we are',
  },
  {
    actions: ['tag:GetResources'],
    resource: '*',
    reason: 'IAM knows no resource for it; it finds what carries our tags',
  },
  { actions: ['iam:ListRoles', 'scheduler:ListScheduleGroups'], resource: '*', reason: LISTS },
  {
    actions: ['scheduler:ListTagsForResource'],
    resource: 'schedule-group/<stem>*',
    reason: 'schedule groups of an earlier configuration; it reads',
  },
  {
    actions: ['iam:ListRoleTags'],
    resource: 'role/<stem>-*',
    reason: 'roles of an earlier configuration; it reads',
  },
  {
    actions: ['iam:RemoveRoleFromInstanceProfile'],
    resource: 'instance-profile/*',
    reason: 'a role cannot be deleted while any instance profile names it, whoever made that',
  },
  {
    actions: ['iam:CreateServiceLinkedRole'],
    resource: 'role/aws-service-role/<service>/*',
    reason: 'AWS chooses the name of its own role',
    limit: { key: 'iam:AWSServiceName', says: 'only for the named service' },
  },
  { actions: ['ec2:Describe*'], resource: '*', reason: LISTS },
  {
    actions: ['ec2:Create*', 'ec2:AllocateAddress', 'ec2:AuthorizeSecurityGroup*'],
    resource: '<type>/*',
    reason: NO_NAMES,
    limit: NEW,
  },
  {
    actions: ['ec2:RevokeSecurityGroup*'],
    resource: 'security-group/*',
    reason:
      "AWS makes the VPC's default security group itself, without tags; datapipe empties it. It can only take rules away",
    limit: NOBODYS,
  },
  {
    actions: ['ec2:ReplaceNetworkAclAssociation'],
    resource: 'network-acl/*',
    reason: "AWS makes the VPC's default network ACL itself, without tags; subnets go back to it",
    limit: NOBODYS,
  },
  { actions: ['ec2:*'], resource: '<type>/*', reason: NO_NAMES, limit: OURS },
  { actions: ['kms:CreateKey'], resource: '*', reason: NO_NAMES, limit: NEW },
  {
    actions: ['kms:TagResource'],
    resource: 'key/*',
    reason: 'a key that is being created carries no tags yet that IAM could ask for',
    limit: NEW,
  },
  { actions: ['kms:*'], resource: 'key/*', reason: NO_NAMES, limit: OURS },
  { actions: ['kms:ListKeys', 'kms:ListAliases'], resource: '*', reason: LISTS },
  { actions: ['logs:Describe*'], resource: '*', reason: LISTS },
  {
    actions: ['logs:PutResourcePolicy', 'logs:DeleteResourcePolicy'],
    resource: '*',
    reason: 'a log resource policy belongs to the account; IAM knows no resource for it',
  },
  {
    actions: [
      'ecs:DescribeTaskDefinition',
      'ecs:ListTaskDefinitions',
      'ecs:ListTaskDefinitionFamilies',
      'ecs:DeregisterTaskDefinition',
    ],
    resource: '*',
    reason: 'ECS knows no resource for them; a deregistered revision goes on working for what runs',
  },
  {
    actions: ['ecs:ListTasks'],
    resource: '*',
    reason: 'its resource is a container instance, and Fargate has none',
    limit: { key: 'ecs:cluster', says: "only this environment's cluster" },
  },
  { actions: ['ecr:GetAuthorizationToken'], resource: '*', reason: 'IAM knows no resource for it' },
  {
    actions: ['glue:CreateCrawler'],
    resource: '*',
    reason: 'IAM knows no resource for it',
    limit: NEW,
  },
  {
    actions: [
      'glue:CreateSecurityConfiguration',
      'glue:GetSecurityConfiguration',
      'glue:DeleteSecurityConfiguration',
    ],
    resource: '*',
    reason: 'security configurations of Glue have no ARN and no tags',
  },
  { actions: ['lakeformation:GetDataLakeSettings'], resource: '*', reason: LISTS },
  {
    actions: ['glue:StartCrawlerSchedule', 'glue:StopCrawlerSchedule'],
    resource: '*',
    reason: 'IAM knows no resource for them; they switch schedules of crawlers on and off, no more',
  },
  { actions: ['athena:ListWorkGroups'], resource: '*', reason: LISTS },
  { actions: ['datasync:List*'], resource: '*', reason: LISTS },
  { actions: ['datasync:Create*'], resource: '*', reason: NO_NAMES, limit: NEW },
  {
    actions: ['datasync:TagResource'],
    resource: '<type>/*',
    reason: 'what is being created carries no tags yet that IAM could ask for',
    limit: NEW,
  },
  { actions: ['datasync:*'], resource: '<type>/*', reason: NO_NAMES, limit: OURS },
  {
    actions: ['datasync:CancelTaskExecution', 'datasync:DescribeTaskExecution'],
    resource: 'task/*/execution/*',
    reason: 'an execution has a random id and does not get the tags of its task',
  },
  {
    actions: ['cloudwatch:ListDashboards', 'cloudwatch:ListMetrics', 'cloudwatch:GetMetricData'],
    resource: '*',
    reason: LISTS,
  },
  {
    actions: ['cloudwatch:PutMetricData'],
    resource: '*',
    reason: 'metrics have no ARN',
    limit: { key: 'cloudwatch:namespace', says: 'only namespaces of datapipe and Glue' },
  },
  {
    actions: ['servicequotas:Get*', 'servicequotas:List*'],
    resource: '*',
    reason: 'limits of the whole account, told by codes; it reads',
  },
  {
    actions: [
      'logs:CreateLogDelivery',
      'logs:CreateLogStream',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutLogEvents',
    ],
    resource: '*',
    reason: 'Step Functions demands it for the log delivery of a state machine',
  },
  { actions: ['xray:Put*', 'xray:Get*'], resource: '*', reason: 'traces have no ARN' },
]

/** Actions that IAM grants on `*` or not at all. A condition may limit them, see `deployer-statements`. */
const ON_EVERYTHING = WILDCARDS.filter(({ resource }) => resource === '*').flatMap(({ actions }) => actions)

/** Whether IAM grants this action on `*` only. */
export function needsEverything(action: string): boolean {
  // The one Describe of EC2 that knows its resource.
  return (
    action !== 'ec2:DescribeVpcAttribute' && ON_EVERYTHING.some((pattern) => actionMatches(pattern, action))
  )
}

export function actionMatches(pattern: string, action: string): boolean {
  return pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : pattern === action
}
