import { AthenaClient, CreateWorkGroupCommand } from '@aws-sdk/client-athena'
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'
import { CreateClusterCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { EventBridgeClient, PutRuleCommand } from '@aws-sdk/client-eventbridge'
import {
  CreateCrawlerCommand,
  CreateDatabaseCommand,
  CreateJobCommand,
  CreateSecurityConfigurationCommand,
  GlueClient,
} from '@aws-sdk/client-glue'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateScheduleCommand, CreateScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { AwsContext } from '../../../src/aws/context.js'
import type { AwsResource } from '../../../src/resources/resource.js'

/** Makes one that has the name of ours, and nothing else of it. */
type Make = (aws: AwsContext, resource: AwsResource) => Promise<unknown>

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
/** An emulator that has one without any tags can list none any more. */
const THEIRS = [{ key: 'owner', value: 'them' }]
const role = (aws: AwsContext) => `arn:aws:iam::${aws.account}:role/theirs`

/** How somebody else makes a thing of each type whose name AWS keeps unique, with no tags at all. */
export const FOREIGN: Readonly<Record<string, Make>> = {
  'AWS::S3::Bucket': async ({ clients, region }, { name: Bucket }) => {
    const s3 = clients.of(S3Client)
    const LocationConstraint = region as 'eu-north-1'
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'theirs.txt', Body: 'precious' }))
  },
  'AWS::IAM::Role': ({ clients }, { name: RoleName }) =>
    clients.of(IAMClient).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST })),
  'AWS::KMS::Alias': async ({ clients }, { name: AliasName }) => {
    const kms = clients.of(KMSClient)
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}))
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key?.KeyId }))
  },
  'AWS::ECR::Repository': ({ clients }, { name: repositoryName }) =>
    clients.of(ECRClient).send(new CreateRepositoryCommand({ repositoryName })),
  'AWS::ECS::Cluster': ({ clients }, { name: clusterName }) =>
    clients.of(ECSClient).send(new CreateClusterCommand({ clusterName, tags: THEIRS })),
  'AWS::ECS::TaskDefinition': ({ clients }, { name: family }) =>
    clients.of(ECSClient).send(
      new RegisterTaskDefinitionCommand({
        family,
        tags: THEIRS,
        containerDefinitions: [{ name: 'theirs', image: 'theirs', memory: 128 }],
      }),
    ),
  'AWS::StepFunctions::StateMachine': (aws, { name }) =>
    aws.clients.of(SFNClient).send(
      new CreateStateMachineCommand({
        name,
        roleArn: role(aws),
        definition: JSON.stringify({ StartAt: 'Theirs', States: { Theirs: { Type: 'Succeed' } } }),
      }),
    ),
  'AWS::Logs::LogGroup': ({ clients }, { name: logGroupName }) =>
    clients.of(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName })),
  'AWS::SQS::Queue': ({ clients }, { name: QueueName }) =>
    clients.of(SQSClient).send(new CreateQueueCommand({ QueueName })),
  'AWS::SNS::Topic': ({ clients }, { name: Name }) =>
    clients.of(SNSClient).send(new CreateTopicCommand({ Name })),
  'AWS::Glue::Database': ({ clients }, { name: Name }) =>
    clients.of(GlueClient).send(new CreateDatabaseCommand({ DatabaseInput: { Name } })),
  'AWS::Glue::Crawler': (aws, { name: Name }) =>
    aws.clients.of(GlueClient).send(
      new CreateCrawlerCommand({
        Name,
        Role: role(aws),
        Targets: { S3Targets: [{ Path: 's3://theirs/' }] },
      }),
    ),
  'AWS::Glue::Job': (aws, { name: Name }) =>
    aws.clients.of(GlueClient).send(
      new CreateJobCommand({
        Name,
        Role: role(aws),
        Command: { Name: 'glueetl', ScriptLocation: 's3://theirs/job.py' },
      }),
    ),
  'AWS::Glue::SecurityConfiguration': ({ clients }, { name: Name }) =>
    clients.of(GlueClient).send(
      new CreateSecurityConfigurationCommand({
        Name,
        EncryptionConfiguration: { S3Encryption: [{ S3EncryptionMode: 'SSE-S3' }] },
      }),
    ),
  'AWS::Athena::WorkGroup': ({ clients }, { name: Name }) =>
    clients.of(AthenaClient).send(new CreateWorkGroupCommand({ Name })),
  'AWS::Events::Rule': ({ clients }, { name: Name }) =>
    clients.of(EventBridgeClient).send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(1 day)' })),
  'AWS::Scheduler::ScheduleGroup': ({ clients }, { name: Name }) =>
    clients.of(SchedulerClient).send(new CreateScheduleGroupCommand({ Name })),
  'AWS::Scheduler::Schedule': (aws, { expectedPhysicalId, name: Name }) =>
    aws.clients.of(SchedulerClient).send(
      new CreateScheduleCommand({
        Name,
        GroupName: expectedPhysicalId.split('/').at(-2),
        ScheduleExpression: 'rate(1 day)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: aws.names.arn('sqs', 'theirs'), RoleArn: role(aws) },
      }),
    ),
  'AWS::CloudWatch::Alarm': ({ clients }, { name: AlarmName }) =>
    clients.of(CloudWatchClient).send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace: 'Theirs',
        MetricName: 'Theirs',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    ),
}

/** Types with a name for which there is no foreign one to make, and why. */
export const NEVER_FOREIGN: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Dashboard': 'the emulator keeps no tags of it',
  'AWS::Budgets::Budget': 'the emulator keeps no tags of it',
  'AWS::IAM::ServiceLinkedRole': 'belongs to the account, whoever made it',
  'AWS::Logs::ResourcePolicy': 'has no tags: its name alone says whose it is',
}
