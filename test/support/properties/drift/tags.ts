import { AthenaClient, TagResourceCommand as TagAthena } from '@aws-sdk/client-athena'
import { CloudWatchClient, TagResourceCommand as TagCloudWatch } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, TagResourceCommand as TagLogs } from '@aws-sdk/client-cloudwatch-logs'
import { CreateTagsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { ECRClient, TagResourceCommand as TagEcr } from '@aws-sdk/client-ecr'
import { DescribeTaskDefinitionCommand, ECSClient, TagResourceCommand as TagEcs } from '@aws-sdk/client-ecs'
import { EventBridgeClient, TagResourceCommand as TagEvents } from '@aws-sdk/client-eventbridge'
import { GlueClient, TagResourceCommand as TagGlue } from '@aws-sdk/client-glue'
import { IAMClient, TagRoleCommand } from '@aws-sdk/client-iam'
import { KMSClient, TagResourceCommand as TagKms } from '@aws-sdk/client-kms'
import { GetBucketTaggingCommand, PutBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3'
import { SchedulerClient, TagResourceCommand as TagScheduler } from '@aws-sdk/client-scheduler'
import { SFNClient, TagResourceCommand as TagSfn } from '@aws-sdk/client-sfn'
import { SNSClient, TagResourceCommand as TagSns } from '@aws-sdk/client-sns'
import { GetQueueUrlCommand, SQSClient, TagQueueCommand } from '@aws-sdk/client-sqs'
import { TAG } from '../../../../src/aws/tags.js'
import { drift, type Drift } from '../drift.js'
import type { World } from '../world.js'

/** Gives one tag of a resource another value. */
export interface Tagged {
  id: string
  /** What is wrong once the tag that says whose it is reads otherwise: found by its name, or not found at all. */
  found: 'by name' | 'by tags'
  tag: (world: World, key: string, value: string) => Promise<unknown>
}

const named = (
  id: string,
  tag: (world: World, physicalId: string, Tags: { Key: string; Value: string }[]) => Promise<unknown>,
): Tagged => ({
  id,
  found: 'by name',
  tag: (world, Key, Value) => tag(world, world.id(id), [{ Key, Value }]),
})

const ec2 = (id: string): Tagged => ({
  id,
  found: 'by tags',
  tag: (world, Key, Value) =>
    world
      .client(EC2Client)
      .send(new CreateTagsCommand({ Resources: [world.id(id)], Tags: [{ Key, Value }] })),
})

const glue = (id: string, kind: string): Tagged =>
  named(id, (world, name, [tag]) =>
    world.client(GlueClient).send(
      new TagGlue({
        ResourceArn: world.aws.names.arn('glue', `${kind}/${name}`),
        TagsToAdd: { [tag?.Key ?? '']: tag?.Value ?? '' },
      }),
    ),
  )

/** One resource of each kind that carries tags in an emulator. */
export const TAGGED: readonly Tagged[] = [
  {
    id: 'security/key',
    found: 'by tags',
    tag: (world, TagKey, TagValue) =>
      world
        .client(KMSClient)
        .send(new TagKms({ KeyId: world.id('security/key'), Tags: [{ TagKey, TagValue }] })),
  },
  named('security/role/events', (world, RoleName, Tags) =>
    world.client(IAMClient).send(new TagRoleCommand({ RoleName, Tags })),
  ),
  named('storage/raw', async (world, Bucket, [tag]) => {
    const s3 = world.client(S3Client)
    const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand({ Bucket }))
    const others = TagSet.filter(({ Key }) => Key !== tag?.Key)
    return s3.send(
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: { TagSet: [...others, ...(tag === undefined ? [] : [tag])] },
      }),
    )
  }),
  ...[
    'network/vpc',
    'network/subnet/private/b',
    'network/internet-gateway',
    'network/address/nat/b',
    'network/routes/private/b',
    'network/nat/b',
    'network/security-group/endpoints',
    'network/endpoint/secretsmanager',
    'network/acl/private',
    'network/flow-log',
  ].map(ec2),
  named('messaging/failed', async (world, _arn, [tag]) => {
    const sqs = world.client(SQSClient)
    const { QueueUrl } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: world.aws.names.queue('failed') }),
    )
    return sqs.send(new TagQueueCommand({ QueueUrl, Tags: { [tag?.Key ?? '']: tag?.Value ?? '' } }))
  }),
  named('messaging/alerts', (world, ResourceArn, Tags) =>
    world.client(SNSClient).send(new TagSns({ ResourceArn, Tags })),
  ),
  named('compute/repository', (world, name, tags) =>
    world
      .client(ECRClient)
      .send(new TagEcr({ resourceArn: world.aws.names.arn('ecr', `repository/${name}`), tags })),
  ),
  named('compute/logs', (world, name, [tag]) =>
    world.client(CloudWatchLogsClient).send(
      new TagLogs({
        resourceArn: world.aws.names.arn('logs', `log-group:${name}`),
        tags: { [tag?.Key ?? '']: tag?.Value ?? '' },
      }),
    ),
  ),
  named('compute/cluster', (world, name, [tag]) =>
    world.client(ECSClient).send(
      new TagEcs({
        resourceArn: world.aws.names.arn('ecs', `cluster/${name}`),
        tags: [{ key: tag?.Key, value: tag?.Value }],
      }),
    ),
  ),
  named('compute/task-definition', async (world, _arn, [tag]) => {
    const ecs = world.client(ECSClient)
    const { taskDefinition: newest } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: world.aws.names.taskFamily }),
    )
    const tags = [{ key: tag?.Key, value: tag?.Value }]
    return ecs.send(new TagEcs({ resourceArn: newest?.taskDefinitionArn, tags }))
  }),
  glue('catalog/database', 'database'),
  named('catalog/workgroup', (world, name, Tags) =>
    world
      .client(AthenaClient)
      .send(new TagAthena({ ResourceARN: world.aws.names.arn('athena', `workgroup/${name}`), Tags })),
  ),
  glue('catalog/crawler', 'crawler'),
  named('orchestration/worker', (world, resourceArn, [tag]) =>
    world.client(SFNClient).send(new TagSfn({ resourceArn, tags: [{ key: tag?.Key, value: tag?.Value }] })),
  ),
  glue('spark/job', 'job'),
  named('orchestration/rule', (world, name, Tags) =>
    world
      .client(EventBridgeClient)
      .send(new TagEvents({ ResourceARN: world.aws.names.arn('events', `rule/${name}`), Tags })),
  ),
  named('schedule/group', (world, ResourceArn, Tags) =>
    world.client(SchedulerClient).send(new TagScheduler({ ResourceArn, Tags })),
  ),
  named('monitoring/alarm/rule-failed', (world, ResourceARN, Tags) =>
    world.client(CloudWatchClient).send(new TagCloudWatch({ ResourceARN, Tags })),
  ),
]

/** Somebody gives things a name of his own. */
export const tagsDrift: Drift[] = TAGGED.map(({ id, tag }) =>
  drift(id, 'tags.Name', (world) => tag(world, 'Name', 'by hand')),
)

/** Somebody gives things a logical id of his own: the ones with a name of ours are still found by it. */
export const idTagsDrift: Drift[] = TAGGED.filter(({ found }) => found === 'by name').map(({ id, tag }) =>
  drift(id, `tags.${TAG.id}`, (world) => tag(world, TAG.id, 'by hand')),
)
