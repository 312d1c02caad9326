import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import {
  DescribeClustersCommand,
  ECSClient,
  ListClustersCommand,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs'
import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge'
import { IAMClient, ListRolePoliciesCommand, ListRolesCommand } from '@aws-sdk/client-iam'
import { DescribeKeyCommand, KMSClient, ListAliasesCommand, ListKeysCommand } from '@aws-sdk/client-kms'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn'
import { ListSubscriptionsCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { snapshotData } from './snapshot-data.js'
import { count, names } from './snapshot-lists.js'
import { snapshotMonitoring } from './snapshot-monitoring.js'
import { snapshotWaysOut } from './snapshot-ways-out.js'

/**
 * Everything in an emulated account that datapipe could have made, counted through the API: kinds with names where names
 * are ours, kinds with counts where AWS makes the ids. Default VPCs and AWS's own aliases are left out.
 */
export async function snapshot(
  endpoint: string,
  region = 'eu-north-1',
): Promise<Record<string, string[] | number>> {
  const config = {
    endpoint,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  }
  const ec2 = new EC2Client(config)
  const vpcs =
    (await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['false'] }] })))
      .Vpcs ?? []
  const inOurs = { Filters: [{ Name: 'vpc-id', Values: ['none', ...vpcs.map(({ VpcId }) => VpcId ?? '')] }] }
  const iam = new IAMClient(config)
  const roles = ((await iam.send(new ListRolesCommand({}))).Roles ?? []).filter(
    ({ Path }) => !Path?.startsWith('/aws-service-role/'),
  )
  const policies = await Promise.all(
    roles.map(
      async ({ RoleName }) =>
        (await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames?.length ?? 0,
    ),
  )
  const kms = new KMSClient(config)
  const keys = await Promise.all(
    ((await kms.send(new ListKeysCommand({}))).Keys ?? []).map(
      async ({ KeyId }) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata,
    ),
  )
  const events = new EventBridgeClient(config)
  const rules = (await events.send(new ListRulesCommand({}))).Rules ?? []
  const targets = await Promise.all(
    rules.map(
      async ({ Name }) =>
        (await events.send(new ListTargetsByRuleCommand({ Rule: Name }))).Targets?.length ?? 0,
    ),
  )
  const ecs = new ECSClient(config)
  // A deleted cluster stays discoverable, INACTIVE.
  const { clusterArns } = await ecs.send(new ListClustersCommand({}))
  const { clusters } = await ecs.send(new DescribeClustersCommand({ clusters: clusterArns }))
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
  return {
    vpcs: vpcs.length,
    subnets: count((await ec2.send(new DescribeSubnetsCommand(inOurs))).Subnets),
    routeTables: count((await ec2.send(new DescribeRouteTablesCommand(inOurs))).RouteTables),
    securityGroups: count((await ec2.send(new DescribeSecurityGroupsCommand(inOurs))).SecurityGroups),
    gateways: count((await ec2.send(new DescribeInternetGatewaysCommand({}))).InternetGateways),
    endpoints:
      (await ec2.send(new DescribeVpcEndpointsCommand({}))).VpcEndpoints?.filter(
        ({ State }) => String(State) !== 'deleted',
      ).length ?? 0,
    buckets: names(
      (await new S3Client(config).send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name),
    ),
    roles: names(roles.map(({ RoleName }) => RoleName)),
    rolePolicies: sum(policies),
    keys: keys.filter((key) => key?.KeyState === 'Enabled').length,
    aliases: names(
      (await kms.send(new ListAliasesCommand({}))).Aliases?.map(({ AliasName }) => AliasName).filter(
        (alias) => !alias?.startsWith('alias/aws/'),
      ),
    ),
    logGroups: names(
      (await new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand({}))).logGroups?.map(
        ({ logGroupName }) => logGroupName,
      ),
    ),
    queues: names(
      (await new SQSClient(config).send(new ListQueuesCommand({}))).QueueUrls?.map((url) =>
        url.split('/').pop(),
      ),
    ),
    topics: names(
      (await new SNSClient(config).send(new ListTopicsCommand({}))).Topics?.map(({ TopicArn }) => TopicArn),
    ),
    subscriptions: count((await new SNSClient(config).send(new ListSubscriptionsCommand({}))).Subscriptions),
    repositories: names(
      (await new ECRClient(config).send(new DescribeRepositoriesCommand({}))).repositories?.map(
        ({ repositoryName }) => repositoryName,
      ),
    ),
    clusters: names(
      clusters?.filter(({ status }) => status === 'ACTIVE').map(({ clusterName }) => clusterName),
    ),
    taskDefinitions: count(
      (await ecs.send(new ListTaskDefinitionsCommand({ status: 'ACTIVE' }))).taskDefinitionArns,
    ),
    stateMachines: names(
      (await new SFNClient(config).send(new ListStateMachinesCommand({}))).stateMachines?.map(
        ({ name }) => name,
      ),
    ),
    rules: names(rules.map(({ Name }) => Name)),
    ruleTargets: sum(targets),
    ...(await snapshotWaysOut(ec2)),
    ...(await snapshotMonitoring(config)),
    ...(await snapshotData(config)),
  }
}

/** What is there in a snapshot: nothing, when everything of ours is gone. */
export function present(seen: Record<string, string[] | number>): Record<string, string[] | number> {
  const entries = Object.entries(seen).filter(([, value]) =>
    typeof value === 'number' ? value > 0 : value.length > 0,
  )
  return Object.fromEntries(entries)
}
