import { AthenaClient, GetWorkGroupCommand } from '@aws-sdk/client-athena'
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import {
  CloudWatchLogsClient,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { BatchGetProjectsCommand, CodeBuildClient } from '@aws-sdk/client-codebuild'
import { DataSyncClient, ListAgentsCommand } from '@aws-sdk/client-datasync'
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs'
import { DeleteRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { DeleteDatabaseCommand, GlueClient } from '@aws-sdk/client-glue'
import { DeleteRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api'
import { DeleteBucketCommand, HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { DeleteScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { SFNClient, UpdateStateMachineCommand } from '@aws-sdk/client-sfn'
import { DeleteTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { expect } from 'chai'
import { translateAwsError } from '../../../src/aws/errors.js'
import { isAwsError } from '../../../src/aws/retry.js'
import type { FaultKind } from '../../support/weather/kinds.js'
import type { WeatherOptions } from '../../support/weather/weather.js'
import { clientOptions, startCounting, type Executed } from './stub.js'

type Options = ReturnType<typeof clientOptions>
const S3 = (options: Options) => new S3Client(options)

/** One call to each service. */
const CALLS: Record<string, (options: Options) => Promise<unknown>> = {
  ec2: (options) => new EC2Client(options).send(new DescribeVpcsCommand({})),
  s3: (options) => S3(options).send(new ListBucketsCommand({})),
  iam: (options) => new IAMClient(options).send(new DeleteRoleCommand({ RoleName: 'r' })),
  sts: (options) => new STSClient(options).send(new GetCallerIdentityCommand({})),
  sns: (options) => new SNSClient(options).send(new DeleteTopicCommand({ TopicArn: 'arn:aws:sns:x:1:t' })),
  sqs: (options) => new SQSClient(options).send(new ListQueuesCommand({})),
  kms: (options) => new KMSClient(options).send(new ListKeysCommand({})),
  states: (options) =>
    new SFNClient(options).send(new UpdateStateMachineCommand({ stateMachineArn: 'a', definition: '{}' })),
  ecs: (options) => new ECSClient(options).send(new ListClustersCommand({})),
  ecr: (options) => new ECRClient(options).send(new DescribeRepositoriesCommand({})),
  logs: (options) => new CloudWatchLogsClient(options).send(new DescribeLogGroupsCommand({})),
  events: (options) => new EventBridgeClient(options).send(new DeleteRuleCommand({ Name: 'r' })),
  glue: (options) => new GlueClient(options).send(new DeleteDatabaseCommand({ Name: 'd' })),
  athena: (options) => new AthenaClient(options).send(new GetWorkGroupCommand({ WorkGroup: 'w' })),
  scheduler: (options) => new SchedulerClient(options).send(new DeleteScheduleGroupCommand({ Name: 'g' })),
  tagging: (options) => new ResourceGroupsTaggingAPIClient(options).send(new GetResourcesCommand({})),
  monitoring: (options) => new CloudWatchClient(options).send(new DescribeAlarmsCommand({})),
  codebuild: (options) => new CodeBuildClient(options).send(new BatchGetProjectsCommand({ names: ['p'] })),
  datasync: (options) => new DataSyncClient(options).send(new ListAgentsCommand({})),
}

const expectErrors = (seen: Record<string, string>, exceptions: Record<string, string>, usual: string) => {
  const wanted = Object.keys(CALLS).map((service) => [service, exceptions[service] ?? usual])
  expect(seen).to.deep.equal(Object.fromEntries(wanted))
}

describe('weather, as the clients of the SDK see it', function () {
  this.timeout(60_000)
  let aws: Executed

  const start = async (kind: FaultKind, options: Partial<WeatherOptions> = {}) => {
    aws = await startCounting('', { seed: 1, rate: 1, kinds: [kind], ...options })
  }
  afterEach(() => aws.stop())

  const failed = async (call: Promise<unknown>): Promise<Error> => {
    try {
      await call
    } catch (error) {
      if (error instanceof Error) return error
    }
    throw new Error('the call did not fail')
  }
  const all = async (tell: (error: Error) => string, attempts = 1) => {
    const seen = Object.entries(CALLS).map(async ([service, call]) => {
      const error = await failed(call(clientOptions(aws.endpoint, attempts)))
      return [service, tell(error)] as const
    })
    return Object.fromEntries(await Promise.all(seen))
  }

  it('throttles each service in its own words, and the SDK tries again', async () => {
    await start('throttled')
    const names = await all(({ name }) => name, 2)
    expectErrors(
      names,
      {
        ec2: 'RequestLimitExceeded',
        s3: 'SlowDown',
        iam: 'Throttling',
        sts: 'Throttling',
        sns: 'Throttling',
        sqs: 'RequestThrottled',
        monitoring: 'Throttling',
        athena: 'TooManyRequestsException',
        tagging: 'ThrottledException',
      },
      'ThrottlingException',
    )
    const tried = Object.keys(CALLS).map(
      (service) => aws.weather.injected.filter(({ call }) => call.startsWith(`${service}:`)).length,
    )
    expect(new Set(tried)).to.deep.equal(new Set([2]))
    expect(aws.executed()).to.equal(0)
  })

  it('says throttled, whatever the service calls it, in the words of datapipe', async () => {
    await start('throttled')
    expectErrors(await all((error) => translateAwsError(error)?.code ?? error.name), {}, 'THROTTLED')
  })

  it('fails with the error of a server, before or after the call was executed', async () => {
    await start('server-error')
    const status = (error: Error) =>
      String((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode)
    expect(new Set(Object.values(await all(status)))).to.deep.equal(new Set(['500', '503']))
    expect(aws.executed()).to.equal(0)
    await aws.stop()
    await start('server-error-after')
    expectErrors(
      await all(({ name }) => name),
      {
        ec2: 'InternalError',
        s3: 'InternalError',
        iam: 'ServiceFailureException',
        sns: 'InternalErrorException',
        kms: 'KMSInternalException',
        ecs: 'ServerException',
        ecr: 'ServerException',
        events: 'InternalException',
        glue: 'InternalServiceException',
        athena: 'InternalServerException',
        scheduler: 'InternalServerException',
        tagging: 'InternalServiceException',
        monitoring: 'InternalServiceFault',
        datasync: 'InternalException',
      },
      'InternalFailure',
    )
    expect(aws.executed()).to.equal(Object.keys(CALLS).length)
  })

  it('ends the session, which is no reason to try again', async () => {
    await start('expired', { rate: 0 })
    aws.weather.expireAfter(1)
    expectErrors(await all((error) => translateAwsError(error)?.code ?? error.name, 3), {}, 'EXPIRED_TOKEN')
    expect(aws.weather.injected).to.have.length(Object.keys(CALLS).length)
    aws.weather.clear()
    await new STSClient(clientOptions(aws.endpoint)).send(new GetCallerIdentityCommand({}))
  })

  it('cannot say in an answer to HEAD that the session ended', async () => {
    await start('expired', { rate: 0 })
    aws.weather.expireAfter(1)
    const error = await failed(S3(clientOptions(aws.endpoint)).send(new HeadBucketCommand({ Bucket: 'b' })))
    expect(translateAwsError(error)?.code).to.equal('REFUSED_WITHOUT_REASON')
  })

  it('lets two changes meet, where the service says that they may', async () => {
    await start('conflict')
    const met = async (call: Promise<unknown>, name: string) => {
      const error = await failed(call)
      expect(error.name).to.equal(name)
      expect(isAwsError(error, 'Concurrent*', 'Operation*', 'Conflict*')).to.equal(true)
    }
    const options = clientOptions(aws.endpoint)
    const call = (service: string) => CALLS[service]!(options)
    await met(S3(options).send(new DeleteBucketCommand({ Bucket: 'b' })), 'OperationAborted')
    await met(call('iam'), 'ConcurrentModificationException')
    await met(call('sns'), 'ConcurrentAccessException')
    await met(call('events'), 'ConcurrentModificationException')
    await met(call('glue'), 'ConcurrentModificationException')
    await met(call('states'), 'ConflictException')
    await met(call('scheduler'), 'ConflictException')
    const remove = new DeleteLogGroupCommand({ logGroupName: 'g' })
    await met(new CloudWatchLogsClient(options).send(remove), 'OperationAbortedException')
    // Reading meets nothing.
    await S3(options).send(new ListBucketsCommand({}))
  })
})
