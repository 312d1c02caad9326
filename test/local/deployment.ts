import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateClusterCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { AwsClients } from '../../src/aws/clients.js'
import { AwsContext } from '../../src/aws/context.js'
import { Names } from '../../src/aws/names.js'
import type { WorkerInput } from '../../src/operate/orchestrator.js'
import { dispatchDefinition } from '../../src/pipeline/state-machines/dispatch.js'
import { workerDefinition } from '../../src/pipeline/state-machines/worker.js'

const CONTAINER_NAME = 'transform'

/** What an orchestrator needs of an environment, deployed on an emulator. */
export class Deployment {
  readonly aws: AwsContext
  readonly raw: string
  #failedQueue = ''
  #alertsQueue = ''

  constructor(endpoint: string) {
    const names = new Names({
      project: 'datapipe',
      env: 'test',
      account: '123456789012',
      region: 'eu-north-1',
      bucketNamespace: 'account-regional',
    })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const clients = new AwsClients({ region: 'eu-north-1', endpoint, credentials })
    this.aws = new AwsContext({ clients, names, emulated: true })
    this.raw = names.bucket('raw')
  }

  async create(): Promise<void> {
    const { clients, names } = this.aws
    const [s3, ecs, sqs, sns, sfn] = [
      clients.of(S3Client),
      clients.of(ECSClient),
      clients.of(SQSClient),
      clients.of(SNSClient),
      clients.of(SFNClient),
    ]
    const location = { LocationConstraint: 'eu-north-1' } as const
    for (const purpose of ['artifacts', 'raw'] as const) {
      const Bucket = names.bucket(purpose)
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: location }))
      const VersioningConfiguration = { Status: 'Enabled' } as const
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
    }
    await clients
      .of(CloudWatchLogsClient)
      .send(new CreateLogGroupCommand({ logGroupName: names.logGroup('ecs') }))
    const { cluster } = await ecs.send(new CreateClusterCommand({ clusterName: names.cluster }))
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: names.taskFamily,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '512',
        memory: '2048',
        containerDefinitions: [
          {
            name: CONTAINER_NAME,
            image: 'transform:v1',
            environment: [
              { name: 'DP_ENV', value: 'test' },
              { name: 'DP_KEY', value: 'overridden' },
            ],
            logConfiguration: {
              logDriver: 'awslogs',
              options: {
                'awslogs-group': names.logGroup('ecs'),
                'awslogs-region': 'eu-north-1',
                'awslogs-stream-prefix': 'transform',
              },
            },
          },
        ],
      }),
    )
    this.#failedQueue = await this.#queue(sqs, names.queue('failed'))
    this.#alertsQueue = await this.#queue(sqs, 'alerts')
    const { TopicArn: topicArn = '' } = await sns.send(new CreateTopicCommand({ Name: names.topic }))
    const Endpoint = names.arn('sqs', 'alerts')
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint }))
    const worker = workerDefinition({
      env: 'test',
      clusterArn: cluster?.clusterArn ?? '',
      taskFamilyArn: names.arn('ecs', `task-definition/${names.taskFamily}`),
      container: CONTAINER_NAME,
      subnetIds: ['subnet-1'],
      securityGroupIds: ['sg-1'],
      assignPublicIp: true,
      failedQueueUrl: this.#failedQueue,
      topicArn,
    })
    const dispatch = dispatchDefinition(names.stateMachineArn('worker'), this.#failedQueue)
    for (const [machine, definition] of [
      ['worker', worker],
      ['dispatch', dispatch],
    ] as const) {
      await sfn.send(
        new CreateStateMachineCommand({
          name: names.stateMachine(machine),
          definition: JSON.stringify(definition),
          roleArn: names.roleArn(`sfn-${machine}`),
        }),
      )
    }
  }

  /** Puts an object into the raw bucket; the input of its worker. */
  async upload(key: string, body = 'a;b\n1;2\n'): Promise<WorkerInput> {
    const { VersionId: versionId = '' } = await this.aws.clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: this.raw, Key: key, Body: body }))
    return { bucket: this.raw, key, versionId, size: body.length, source: 'run' }
  }

  /** The bodies of the messages in the queue of failed files, which are taken out of it. */
  failed(): Promise<unknown[]> {
    return this.#receive(this.#failedQueue)
  }

  /** The messages published to the alerts topic. */
  async alerts(): Promise<{ Message: string; Subject: string }[]> {
    return (await this.#receive(this.#alertsQueue)) as { Message: string; Subject: string }[]
  }

  async #receive(QueueUrl: string): Promise<unknown[]> {
    const { Messages: messages = [] } = await this.aws.clients
      .of(SQSClient)
      .send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
    return messages.map(({ Body }) => JSON.parse(Body ?? '') as unknown)
  }

  async #queue(sqs: SQSClient, QueueName: string): Promise<string> {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }))
    return QueueUrl
  }
}
