/**
 * What a kind of resource holds on to, so that it has to be gone first. Kinds as in the builders; what is not mentioned
 * uses nothing, or only what outlives it anyway.
 */
export const USES: Readonly<Record<string, readonly string[]>> = {
  'cloudwatch:dashboard': ['cloudwatch:alarm'],
  'budgets:budget': ['sns:', 'kms:key'],
  'cloudwatch:alarm': ['events:rule', 'states:stateMachine', 'sns:', 'sqs:'],
  'scheduler:schedule-group': ['states:stateMachine', 'sqs:', 'iam:role'],
  'events:rule': ['states:stateMachine', 'sqs:', 'iam:role'],
  'datasync:task': ['datasync:location', 'logs:resource-policy', 'logs:log-group', 's3:', 'iam:role'],
  'datasync:location': ['datasync:agent', 's3:', 'iam:role'],
  'logs:resource-policy': ['logs:log-group'],
  // While the role is there, the next run knows that it has to look for agents.
  'datasync:agent': ['iam:role'],
  'states:stateMachine': [
    'glue:crawler',
    'ecs:task-definition',
    'ecs:cluster',
    'ec2:security-group',
    'ec2:subnet',
    'sns:',
    'sqs:',
    'logs:log-group',
    'iam:role',
    's3:',
  ],
  'athena:namedquery': ['athena:workgroup', 'glue:database'],
  'athena:workgroup': ['s3:', 'kms:key'],
  'glue:crawler': ['glue:securityConfiguration', 'glue:database', 'iam:role', 's3:'],
  'glue:job': ['glue:securityConfiguration', 's3:object', 'logs:log-group', 'iam:role', 's3:'],
  // As with agents: it has no tags, and is looked for where the role is.
  'glue:securityConfiguration': ['iam:role', 'kms:key'],
  's3:object': ['iam:role', 's3:'],
  'glue:database': ['s3:'],
  'ecs:task-definition': ['ecr:repository', 'logs:log-group', 'iam:role', 's3:'],
  'ecs:cluster': ['ec2:security-group', 'ec2:subnet'],
  'codebuild:project': ['ecr:repository', 'logs:log-group', 'iam:role', 's3:'],
  'ecr:repository': ['kms:key'],
  'ec2:vpc-flow-log': ['ec2:vpc', 's3:'],
  'ec2:vpc-endpoint': ['ec2:security-group', 'ec2:route-table', 'ec2:subnet', 'ec2:vpc'],
  // Its deletion takes the routes to it away, in tables that are still there.
  'ec2:natgateway': ['ec2:elastic-ip', 'ec2:route-table', 'ec2:subnet', 'ec2:internet-gateway', 'ec2:vpc'],
  // The internet gateway does not let go while a public address is mapped to the VPC (spec §2.4).
  'ec2:elastic-ip': ['ec2:internet-gateway'],
  'ec2:network-acl': ['ec2:subnet', 'ec2:vpc'],
  'ec2:security-group': ['ec2:route-table', 'ec2:vpc'],
  'ec2:route-table': ['ec2:subnet', 'ec2:internet-gateway', 'ec2:vpc'],
  'ec2:subnet': ['ec2:vpc'],
  'ec2:internet-gateway': ['ec2:vpc'],
  'sns:': ['kms:key'],
  'sqs:': ['kms:key'],
  'iam:role': ['kms:key'],
  'logs:log-group': ['kms:key'],
  's3:': ['kms:key'],
}

/** Kinds that live in the VPC: they go first where it is replaced. */
export function livesInVpc(kind: string): boolean {
  return USES[kind]?.includes('ec2:vpc') === true
}

/** Kinds that are deleted one after the other: rules of one security group name another. */
export const ONE_BY_ONE: ReadonlySet<string> = new Set(['ec2:security-group'])
