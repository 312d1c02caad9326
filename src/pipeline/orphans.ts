import { parseArn } from '../aws/arn.js'
import type { AwsContext } from '../aws/context.js'
import { policy } from '../aws/policy.js'
import { AthenaWorkgroup } from '../resources/athena/workgroup.js'
import { InternetGateway } from '../resources/ec2/internet-gateway.js'
import { RouteTable } from '../resources/ec2/route-table.js'
import { SecurityGroup } from '../resources/ec2/security-group.js'
import { Subnet } from '../resources/ec2/subnet.js'
import { VpcEndpoint } from '../resources/ec2/vpc-endpoint.js'
import { Vpc } from '../resources/ec2/vpc.js'
import { Repository } from '../resources/ecr/repository.js'
import { Cluster } from '../resources/ecs/cluster.js'
import { TaskDefinition } from '../resources/ecs/task-definition.js'
import { EventRule } from '../resources/events/rule.js'
import { GlueDatabase } from '../resources/glue/database.js'
import { Role } from '../resources/iam/role.js'
import { KmsKey } from '../resources/kms/key.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { Bucket } from '../resources/s3/bucket.js'
import { StateMachine } from '../resources/sfn/state-machine.js'
import { Topic } from '../resources/sns/topic.js'
import { Queue } from '../resources/sqs/queue.js'
import type { InventoryItem } from './inventory.js'

type Build = (aws: AwsContext, id: string, name: string) => AwsResource

const none = () => ''
const noPolicy = () => policy()

/**
 * How to make a resource from nothing but its tags and its name, able to read and delete itself: what `up` needs for a
 * subnet that the configuration no longer names, and `down` to check and remove what it finds. In the order of deletion:
 * what uses others comes before them. The properties are not looked at by read and delete.
 */
const BUILDERS: readonly (readonly [kind: string, build: Build])[] = [
  [
    'events:rule',
    (aws, id, name) => new EventRule(aws, id, name, { pattern: () => ({}), targets: () => [] }),
  ],
  [
    'states:stateMachine',
    (aws, id, name) =>
      new StateMachine(aws, id, name, {
        definition: () => '{}',
        roleArn: none,
        logGroupArn: none,
        logLevel: 'ERROR',
        tracing: false,
      }),
  ],
  [
    'athena:workgroup',
    (aws, id, name) =>
      new AthenaWorkgroup(aws, id, name, { outputLocation: none, keyArn: none, maxScanBytes: 0 }),
  ],
  [
    'glue:database',
    (aws, id, name) =>
      new GlueDatabase(aws, id, name, { description: '', locationUri: none }, { retain: true }),
  ],
  [
    'ecs:task-definition',
    (aws, id, name) =>
      new TaskDefinition(aws, id, name, {
        cpu: 0,
        memory: 0,
        ephemeralGiB: 0,
        architecture: 'arm64',
        image: none,
        environment: () => ({}),
        executionRoleArn: none,
        taskRoleArn: none,
        logGroup: none,
      }),
  ],
  ['ecs:cluster', (aws, id, name) => new Cluster(aws, id, name, { containerInsights: 'disabled' })],
  ['ecr:repository', (aws, id, name) => new Repository(aws, id, name, { keyArn: none, keepImages: 0 })],
  [
    'ec2:vpc-endpoint',
    (aws, id, name) =>
      new VpcEndpoint(aws, id, name, {
        vpcId: none,
        service: 's3',
        kind: 'gateway',
        routeTableIds: () => [],
        policy: noPolicy,
      }),
  ],
  [
    'ec2:security-group',
    (aws, id, name) =>
      new SecurityGroup(aws, id, name, { vpcId: none, description: '', ingress: [], egress: [] }),
  ],
  [
    'ec2:route-table',
    (aws, id, name) => new RouteTable(aws, id, name, { vpcId: none, routes: [], subnetIds: () => [] }),
  ],
  ['ec2:subnet', (aws, id, name) => new Subnet(aws, id, name, { vpcId: none, cidr: '', zoneId: '' })],
  ['ec2:internet-gateway', (aws, id, name) => new InternetGateway(aws, id, name, { vpcId: none })],
  ['ec2:vpc', (aws, id, name) => new Vpc(aws, id, name, { cidr: '' })],
  ['sns:', (aws, id, name) => new Topic(aws, id, name, { keyArn: none, displayName: '', policy: noPolicy })],
  [
    'sqs:',
    (aws, id, name) =>
      new Queue(aws, id, name, { keyArn: none, policy: noPolicy, visibilitySeconds: 0, retentionSeconds: 0 }),
  ],
  [
    'iam:role',
    (aws, id, name) => new Role(aws, id, name, { description: '', trust: noPolicy, policy: noPolicy }),
  ],
  ['logs:log-group', (aws, id, name) => new LogGroup(aws, id, name, { retentionDays: 1, keyArn: none })],
  [
    's3:',
    (aws, id, name) =>
      new Bucket(
        aws,
        id,
        name,
        { encryption: { kind: 's3' }, policy: noPolicy, lifecycle: [] },
        { retain: isData(id) },
      ),
  ],
  [
    'kms:key',
    (aws, id, name) =>
      new KmsKey(aws, id, name, {
        alias: `alias/${name}`,
        description: '',
        policy: noPolicy,
        rotationDays: 365,
        deletionDays: 30,
      }),
  ],
]

/** A bucket of an older configuration may hold data; only what can be made again is not kept. */
function isData(id: string): boolean {
  return id !== 'storage/artifacts'
}

/** The resource behind an item of the inventory, or undefined when it is of a kind that datapipe does not make. */
export function resourceOf(aws: AwsContext, item: InventoryItem): AwsResource | undefined {
  return BUILDERS[rankOf(item)]?.[1](aws, item.id, item.tags.Name ?? parseArn(item.arn).name)
}

/** What carries our tags but is in no graph: left over from an earlier configuration. Ordered for deletion. */
export function orphansOf(
  aws: AwsContext,
  items: readonly InventoryItem[],
  known: readonly AwsResource[],
): AwsResource[] {
  const ids = new Set(known.map((resource) => resource.id))
  const orphans = new Map<string, AwsResource>()
  for (const item of [...items].sort((a, b) => rankOf(a) - rankOf(b))) {
    const resource = ids.has(item.id) ? undefined : resourceOf(aws, item)
    if (resource !== undefined) orphans.set(resource.id, resource)
  }
  return [...orphans.values()]
}

function rankOf(item: InventoryItem): number {
  const { kind, service } = parseArn(item.arn)
  return BUILDERS.findIndex(([key]) => key === `${service}:${kind}`)
}
