import type { AwsContext } from '../aws/context.js'
import { policy } from '../aws/policy.js'
import { AthenaNamedQuery } from '../resources/athena/named-query.js'
import { AthenaWorkgroup } from '../resources/athena/workgroup.js'
import { CodeBuildProject } from '../resources/codebuild/project.js'
import { DataSyncAgent } from '../resources/datasync/agent.js'
import { LocationNfs } from '../resources/datasync/location-nfs.js'
import { LocationS3 } from '../resources/datasync/location-s3.js'
import { LocationSmb } from '../resources/datasync/location-smb.js'
import { DataSyncTask } from '../resources/datasync/task.js'
import { Budget } from '../resources/budgets/budget.js'
import { Alarm } from '../resources/cloudwatch/alarm.js'
import { Dashboard } from '../resources/cloudwatch/dashboard.js'
import { ElasticIp } from '../resources/ec2/elastic-ip.js'
import { FlowLog } from '../resources/ec2/flow-log.js'
import { InternetGateway } from '../resources/ec2/internet-gateway.js'
import { NatGateway } from '../resources/ec2/nat-gateway.js'
import { NetworkAcl } from '../resources/ec2/network-acl.js'
import { RouteTable } from '../resources/ec2/route-table.js'
import { SecurityGroup } from '../resources/ec2/security-group.js'
import { Subnet } from '../resources/ec2/subnet.js'
import { VpcEndpoint } from '../resources/ec2/vpc-endpoint.js'
import { Vpc } from '../resources/ec2/vpc.js'
import { Repository } from '../resources/ecr/repository.js'
import { Cluster } from '../resources/ecs/cluster.js'
import { TaskDefinition } from '../resources/ecs/task-definition.js'
import { EventRule } from '../resources/events/rule.js'
import { GlueCrawler } from '../resources/glue/crawler.js'
import { GlueDatabase } from '../resources/glue/database.js'
import { GlueJob } from '../resources/glue/job.js'
import { GlueSecurityConfiguration } from '../resources/glue/security-configuration.js'
import { Role } from '../resources/iam/role.js'
import { KmsKey } from '../resources/kms/key.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { Bucket } from '../resources/s3/bucket.js'
import { ScheduleGroup } from '../resources/scheduler/schedule-group.js'
import { StateMachine } from '../resources/sfn/state-machine.js'
import { Topic } from '../resources/sns/topic.js'
import { Queue } from '../resources/sqs/queue.js'

type Build = (aws: AwsContext, id: string, name: string) => AwsResource

const none = () => ''
const noPolicy = () => policy()

/**
 * How to make a resource from nothing but its tags and its name, able to read and delete itself: what `up` needs for a
 * subnet that the configuration no longer names, and `down` to check and remove what it finds. In the order of deletion:
 * what uses others comes before them. The properties are not looked at by read and delete.
 */
export const BUILDERS: readonly (readonly [kind: string, build: Build])[] = [
  ['cloudwatch:dashboard', (aws, id, name) => new Dashboard(aws, id, name, { body: () => ({}) })],
  [
    'budgets:budget',
    (aws, id, name) => new Budget(aws, id, name, { monthlyUsd: 0, thresholds: [], topicArn: none }),
  ],
  [
    'cloudwatch:alarm',
    (aws, id, name) =>
      new Alarm(aws, id, name, {
        description: '',
        namespace: '',
        metric: '',
        dimensions: {},
        statistic: 'Sum',
        periodSeconds: 60,
        evaluationPeriods: 1,
        threshold: 0,
        comparison: 'GreaterThanThreshold',
        actions: () => [],
      }),
  ],
  // Its schedules go with it.
  ['scheduler:schedule-group', (aws, id, name) => new ScheduleGroup(aws, id, name)],
  [
    'events:rule',
    (aws, id, name) => new EventRule(aws, id, name, { pattern: () => ({}), targets: () => [] }),
  ],
  [
    'datasync:task',
    (aws, id, name) =>
      new DataSyncTask(aws, id, name, {
        sourceArn: none,
        destinationArn: none,
        logGroupArn: none,
        include: [],
        exclude: [],
        schedule: undefined,
        verify: 'none',
        bytesPerSecond: undefined,
        report: undefined,
      }),
  ],
  ['datasync:location', dataSyncLocation],
  ['datasync:agent', (aws, id, name) => new DataSyncAgent(aws, id, name)],
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
    'athena:namedquery',
    (aws, id, name) =>
      new AthenaNamedQuery(aws, id, name, {
        description: '',
        workgroup: aws.names.workgroup,
        database: '',
        sql: '',
      }),
  ],
  [
    'athena:workgroup',
    (aws, id, name) =>
      new AthenaWorkgroup(aws, id, name, { outputLocation: none, keyArn: none, maxScanBytes: 0 }),
  ],
  [
    'glue:crawler',
    (aws, id, name) =>
      new GlueCrawler(aws, id, name, {
        description: '',
        roleArn: none,
        database: none,
        path: none,
        exclusions: [],
        tablePrefix: '',
        tableLevel: 1,
        recrawl: 'everything',
        securityConfiguration: none,
      }),
  ],
  [
    'glue:job',
    (aws, id, name) =>
      new GlueJob(aws, id, name, {
        description: '',
        roleArn: none,
        scriptLocation: none,
        workerType: 'G.1X',
        workers: 2,
        flex: false,
        timeoutMinutes: 1,
        maxConcurrentRuns: 1,
        securityConfiguration: none,
        tempDir: none,
        arguments: {},
      }),
  ],
  [
    'glue:securityConfiguration',
    (aws, id, name) => new GlueSecurityConfiguration(aws, id, name, { keyArn: none }),
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
  [
    'codebuild:project',
    (aws, id, name) =>
      new CodeBuildProject(aws, id, name, {
        description: '',
        architecture: 'arm64',
        serviceRoleArn: none,
        keyArn: none,
        sourceBucket: none,
        repositoryUri: none,
        logGroup: none,
      }),
  ],
  ['ecr:repository', (aws, id, name) => new Repository(aws, id, name, { keyArn: none, keepImages: 0 })],
  ['ec2:vpc-flow-log', (aws, id, name) => new FlowLog(aws, id, name, { vpcId: none, bucketArn: none })],
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
    'ec2:natgateway',
    (aws, id, name) => new NatGateway(aws, id, name, { subnetId: none, allocationId: none }),
  ],
  ['ec2:elastic-ip', (aws, id, name) => new ElasticIp(aws, id, name)],
  [
    'ec2:network-acl',
    (aws, id, name) =>
      new NetworkAcl(aws, id, name, { vpcId: none, ingress: [], egress: [], subnetIds: () => [] }),
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

/** The ARN of a location does not say its kind; its id does. */
function dataSyncLocation(aws: AwsContext, id: string, name: string): AwsResource {
  const server = { host: '', path: '', version: 'AUTOMATIC', agentArns: () => [] } as const
  if (id.endsWith('/nfs')) return new LocationNfs(aws, id, name, server)
  if (id.endsWith('/smb')) {
    const secret = { arn: '', roleArn: '' }
    return new LocationSmb(aws, id, name, { ...server, user: '', domain: undefined, secret })
  }
  return new LocationS3(aws, id, name, { bucket: '', path: '', roleArn: '' })
}

/** A bucket of an older configuration may hold data; only what can be made again is not kept. */
function isData(id: string): boolean {
  return id !== 'storage/artifacts'
}
