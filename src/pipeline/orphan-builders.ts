import { AthenaNamedQuery } from '../resources/athena/named-query.js'
import { AthenaWorkgroup } from '../resources/athena/workgroup.js'
import { CodeBuildProject } from '../resources/codebuild/project.js'
import { Budget } from '../resources/budgets/budget.js'
import { Alarm } from '../resources/cloudwatch/alarm.js'
import { Dashboard } from '../resources/cloudwatch/dashboard.js'
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
import { Bucket } from '../resources/s3/bucket.js'
import { ScheduleGroup } from '../resources/scheduler/schedule-group.js'
import { StateMachine } from '../resources/sfn/state-machine.js'
import { Topic } from '../resources/sns/topic.js'
import { Queue } from '../resources/sqs/queue.js'
import { S3Object } from '../resources/s3/object.js'
import { INGESTION_BUILDERS } from './ingestion-orphans.js'
import { NETWORK_BUILDERS } from './network/orphan-builders.js'
import { none, noPolicy, type Builder } from './orphan-builder.js'

/**
 * How to make a resource from nothing but its tags and its name, able to read and delete itself: what `up` needs for a
 * subnet that the configuration no longer names, and `down` to check and remove what it finds. In the order of deletion:
 * what uses others comes before them. The properties are not looked at by read and delete.
 */
export const BUILDERS: readonly Builder[] = [
  [
    'cloudwatch:dashboard',
    (aws, id, name, options) => new Dashboard(aws, id, name, { body: () => ({}) }, options),
  ],
  [
    'budgets:budget',
    (aws, id, name, options) =>
      new Budget(aws, id, name, { monthlyUsd: 0, thresholds: [], topicArn: none }, options),
  ],
  [
    'cloudwatch:alarm',
    (aws, id, name, options) =>
      new Alarm(
        aws,
        id,
        name,
        {
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
        },
        options,
      ),
  ],
  // Its schedules go with it.
  ['scheduler:schedule-group', (aws, id, name, options) => new ScheduleGroup(aws, id, name, options)],
  [
    'events:rule',
    (aws, id, name, options) =>
      new EventRule(aws, id, name, { pattern: () => ({}), targets: () => [] }, options),
  ],
  ...INGESTION_BUILDERS,
  [
    'states:stateMachine',
    (aws, id, name, options) =>
      new StateMachine(
        aws,
        id,
        name,
        {
          definition: () => '{}',
          roleArn: none,
          logGroupArn: none,
          logLevel: 'ERROR',
          tracing: false,
        },
        options,
      ),
  ],
  [
    'athena:namedquery',
    (aws, id, name, options) =>
      new AthenaNamedQuery(
        aws,
        id,
        name,
        {
          description: '',
          workgroup: aws.names.workgroup,
          database: '',
          sql: '',
        },
        options,
      ),
  ],
  [
    'athena:workgroup',
    (aws, id, name, options) =>
      new AthenaWorkgroup(aws, id, name, { outputLocation: none, keyArn: none, maxScanBytes: 0 }, options),
  ],
  [
    'glue:crawler',
    (aws, id, name, options) =>
      new GlueCrawler(
        aws,
        id,
        name,
        {
          description: '',
          roleArn: none,
          database: none,
          path: none,
          exclusions: [],
          tablePrefix: '',
          tableLevel: 1,
          recrawl: 'everything',
          securityConfiguration: none,
        },
        options,
      ),
  ],
  [
    'glue:job',
    (aws, id, name, options) =>
      new GlueJob(
        aws,
        id,
        name,
        {
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
        },
        options,
      ),
  ],
  [
    's3:object',
    (aws, id, name, options) =>
      new S3Object(
        aws,
        id,
        name,
        { bucket: () => aws.names.bucket('artifacts'), key: name, body: none, contentType: '' },
        options,
      ),
  ],
  [
    'glue:securityConfiguration',
    (aws, id, name, options) => new GlueSecurityConfiguration(aws, id, name, { keyArn: none }, options),
  ],
  [
    'glue:database',
    (aws, id, name, options) =>
      new GlueDatabase(aws, id, name, { description: '', locationUri: none }, { ...options, retain: true }),
  ],
  [
    'ecs:task-definition',
    (aws, id, name, options) =>
      new TaskDefinition(
        aws,
        id,
        name,
        {
          cpu: 0,
          memory: 0,
          ephemeralGiB: 0,
          architecture: 'arm64',
          image: none,
          environment: () => ({}),
          executionRoleArn: none,
          taskRoleArn: none,
          logGroup: none,
        },
        options,
      ),
  ],
  [
    'ecs:cluster',
    (aws, id, name, options) => new Cluster(aws, id, name, { containerInsights: 'disabled' }, options),
  ],
  [
    'codebuild:project',
    (aws, id, name, options) =>
      new CodeBuildProject(
        aws,
        id,
        name,
        {
          description: '',
          architecture: 'arm64',
          serviceRoleArn: none,
          keyArn: none,
          sourceBucket: none,
          repositoryUri: none,
          logGroup: none,
        },
        options,
      ),
  ],
  [
    'ecr:repository',
    (aws, id, name, options) => new Repository(aws, id, name, { keyArn: none, keepImages: 0 }, options),
  ],
  ...NETWORK_BUILDERS,
  [
    'sns:',
    (aws, id, name, options) =>
      new Topic(aws, id, name, { keyArn: none, displayName: '', policy: noPolicy }, options),
  ],
  [
    'sqs:',
    (aws, id, name, options) =>
      new Queue(
        aws,
        id,
        name,
        { keyArn: none, policy: noPolicy, visibilitySeconds: 0, retentionSeconds: 0 },
        options,
      ),
  ],
  [
    'iam:role',
    (aws, id, name, options) =>
      new Role(aws, id, name, { description: '', trust: noPolicy, policy: noPolicy }, options),
  ],
  [
    'logs:log-group',
    (aws, id, name, options) => new LogGroup(aws, id, name, { retentionDays: 1, keyArn: none }, options),
  ],
  [
    's3:',
    (aws, id, name, options) =>
      new Bucket(
        aws,
        id,
        name,
        { encryption: { kind: 's3' }, policy: noPolicy, lifecycle: [] },
        { ...options, retain: isData(id) },
      ),
  ],
  [
    'kms:key',
    (aws, id, name, options) =>
      new KmsKey(
        aws,
        id,
        name,
        {
          alias: `alias/${name}`,
          description: '',
          policy: noPolicy,
          rotationDays: 365,
          deletionDays: 30,
        },
        options,
      ),
  ],
]

/** A bucket of an older configuration may hold data; only what can be made again is not kept. */
function isData(id: string): boolean {
  return id !== 'storage/artifacts'
}
