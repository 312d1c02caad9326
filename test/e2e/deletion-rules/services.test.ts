import {
  AthenaClient,
  CreateNamedQueryCommand,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
} from '@aws-sdk/client-athena'
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  CreateLocationS3Command,
  CreateTaskCommand,
  DataSyncClient,
  DeleteLocationCommand,
  DeleteTaskCommand,
} from '@aws-sdk/client-datasync'
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  CreateSecurityGroupCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DeleteSubnetCommand,
  DetachInternetGatewayCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2'
import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  ECRClient,
  PutImageCommand,
} from '@aws-sdk/client-ecr'
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  type AwsVpcConfiguration,
} from '@aws-sdk/client-ecs'
import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  CreateScheduleGroupCommand,
  DeleteScheduleGroupCommand,
  GetScheduleGroupCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler'
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  SFNClient,
} from '@aws-sdk/client-sfn'
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { Emulator } from '../../support/realism/emulator.js'
import { refusal, startStrictAws, type Started } from '../../support/realism/start.js'

describe('the double of AWS refuses', function () {
  this.timeout(120_000)
  let aws: Started
  let clients: Emulator
  const of: Emulator['client'] = (constructor) => clients.client(constructor, 'eu-north-1')

  before(async () => {
    aws = await startStrictAws({ pace: { looks: 1 }, queueNameRefusals: 1, lingering: 1 })
    clients = new Emulator(aws.endpoint)
  })
  after(async () => {
    clients.destroy()
    await aws.stop()
  })

  it('a role that still has a policy, or is in an instance profile', async () => {
    const iam = of(IAMClient, '')
    const RoleName = 'busy'
    const service = { Service: 'ecs-tasks.amazonaws.com' }
    const trust = [{ Effect: 'Allow', Principal: service, Action: 'sts:AssumeRole' }]
    const document = (Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }))
    const PolicyDocument = document([{ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }])
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }))
    const remove = () => refusal(iam.send(new DeleteRoleCommand({ RoleName })))
    expect(await remove()).to.equal('DeleteConflictException')
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'all' }))
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'profile' }))
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'profile', RoleName }))
    expect(await remove()).to.equal('DeleteConflictException')
  })

  it('a bucket with versions, delete markers or uploads', async () => {
    const s3 = of(S3Client, '')
    const Bucket = 'full'
    const CreateBucketConfiguration = { LocationConstraint: 'eu-north-1' } as const
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }))
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    const remove = () => refusal(s3.send(new DeleteBucketCommand({ Bucket })))
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }))
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
    expect(await remove()).to.equal('BucketNotEmpty')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId }))
    expect(await remove(), 'with a delete marker').to.equal('BucketNotEmpty')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: marker.VersionId }))
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'b' }))
    expect(await remove(), 'with an upload').to.equal('BucketNotEmpty')
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'b', UploadId }))
    expect(await remove()).to.equal('not refused')
  })

  it('the name of a queue that was deleted a moment ago', async () => {
    const sqs = of(SQSClient, '')
    const create = () => sqs.send(new CreateQueueCommand({ QueueName: 'short' }))
    const { QueueUrl } = await create()
    await sqs.send(new DeleteQueueCommand({ QueueUrl }))
    expect(await refusal(create())).to.equal('QueueDeletedRecently')
    expect(await refusal(create())).to.equal('not refused')
  })

  it('what a running task holds, and for a while what a stopped one held', async () => {
    const ec2 = of(EC2Client, '')
    const ecs = of(ECSClient, '')
    const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    const VpcId = vpc?.VpcId ?? ''
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }))
    const { Subnet: subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.1.0/24' }))
    const SubnetId = subnet?.SubnetId ?? ''
    const { GroupId = '' } = await ec2.send(
      new CreateSecurityGroupCommand({ VpcId, GroupName: 'task', Description: 'task' }),
    )
    const { InternetGateway: gateway } = await ec2.send(new CreateInternetGatewayCommand({}))
    const attachment = { VpcId, InternetGatewayId: gateway?.InternetGatewayId }
    await ec2.send(new AttachInternetGatewayCommand(attachment))
    await ecs.send(new CreateClusterCommand({ clusterName: 'busy' }))
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'task',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
        containerDefinitions: [{ name: 'main', image: 'none', memory: 512 }],
      }),
    )
    const awsvpcConfiguration = {
      subnets: [SubnetId],
      securityGroups: [GroupId],
      assignPublicIp: 'ENABLED',
    } satisfies AwsVpcConfiguration
    const { tasks } = await ecs.send(
      new RunTaskCommand({
        cluster: 'busy',
        taskDefinition: 'task',
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration },
      }),
    )
    const deletions = async () => [
      await refusal(ec2.send(new DetachInternetGatewayCommand(attachment))),
      await refusal(ec2.send(new DeleteSubnetCommand({ SubnetId }))),
      await refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId }))),
    ]
    const removeCluster = () => refusal(ecs.send(new DeleteClusterCommand({ cluster: 'busy' })))
    expect(await removeCluster()).to.equal('ClusterContainsTasksException')
    const held = 'DependencyViolation'
    expect(await deletions()).to.deep.equal([held, held, held])
    await ecs.send(new StopTaskCommand({ cluster: 'busy', task: tasks?.[0]?.taskArn }))
    expect(await removeCluster()).to.equal('not refused')
    expect(await deletions()).to.deep.equal([held, 'not refused', 'not refused'])
    expect(await refusal(ec2.send(new DetachInternetGatewayCommand(attachment)))).to.equal('not refused')
  })

  it('a repository with images, unless forced', async () => {
    const ecr = of(ECRClient, '')
    const repositoryName = 'images'
    await ecr.send(new CreateRepositoryCommand({ repositoryName }))
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
    const imageManifest = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { digest: 'sha256:00' },
      layers: [],
    })
    await ecr.send(new PutImageCommand({ repositoryName, imageTag: 'one', imageManifest }))
    const remove = (force: boolean) =>
      refusal(ecr.send(new DeleteRepositoryCommand({ repositoryName, force })))
    expect([await remove(false), await remove(true)]).to.deep.equal([
      'RepositoryNotEmptyException',
      'not refused',
    ])
  })

  it('a workgroup with queries, unless they go too', async () => {
    const athena = of(AthenaClient, '')
    await athena.send(new CreateWorkGroupCommand({ Name: 'group', Configuration: {} }))
    const query = { Name: 'one', Database: 'default', QueryString: 'select 1', WorkGroup: 'group' }
    await athena.send(new CreateNamedQueryCommand(query))
    const remove = (RecursiveDeleteOption?: boolean) =>
      refusal(athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'group', RecursiveDeleteOption })))
    expect([await remove(), await remove(true)]).to.deep.equal(['InvalidRequestException', 'not refused'])
  })

  it('a rule with targets', async () => {
    const events = of(EventBridgeClient, '')
    await events.send(new PutRuleCommand({ Name: 'rule', ScheduleExpression: 'rate(1 day)' }))
    const Arn = 'arn:aws:sqs:eu-north-1:123456789012:none'
    await events.send(new PutTargetsCommand({ Rule: 'rule', Targets: [{ Id: 'one', Arn }] }))
    expect(await refusal(events.send(new DeleteRuleCommand({ Name: 'rule' })))).to.equal(
      'ValidationException',
    )
  })

  it('the name of a schedule group or a state machine that is being deleted', async () => {
    const scheduler = of(SchedulerClient, '')
    const Name = 'group'
    const createGroup = () => refusal(scheduler.send(new CreateScheduleGroupCommand({ Name })))
    const seeGroup = async () => (await scheduler.send(new GetScheduleGroupCommand({ Name }))).State
    await createGroup()
    await scheduler.send(new DeleteScheduleGroupCommand({ Name }))
    expect([await createGroup(), await seeGroup()]).to.deep.equal(['ConflictException', 'DELETING'])
    expect([await refusal(seeGroup()), await createGroup()]).to.deep.equal([
      'ResourceNotFoundException',
      'not refused',
    ])

    const sfn = of(SFNClient, '')
    const roleArn = 'arn:aws:iam::123456789012:role/any'
    const definition = JSON.stringify({ StartAt: 'End', States: { End: { Type: 'Succeed' } } })
    const create = () => sfn.send(new CreateStateMachineCommand({ name: 'machine', roleArn, definition }))
    const { stateMachineArn } = await create()
    const see = async () => (await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).status
    await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }))
    expect([await refusal(create()), await see()]).to.deep.equal(['StateMachineDeleting', 'DELETING'])
    expect([await refusal(see()), await refusal(create())]).to.deep.equal([
      'StateMachineDoesNotExist',
      'not refused',
    ])
  })

  it('a location that a task copies from', async () => {
    const datasync = of(DataSyncClient, '')
    const location = async (name: string) => {
      const { LocationArn } = await datasync.send(
        new CreateLocationS3Command({
          S3BucketArn: `arn:aws:s3:::${name}`,
          S3Config: { BucketAccessRoleArn: 'arn:aws:iam::123456789012:role/any' },
        }),
      )
      return LocationArn ?? ''
    }
    const from = await location('from')
    const { TaskArn } = await datasync.send(
      new CreateTaskCommand({ SourceLocationArn: from, DestinationLocationArn: await location('to') }),
    )
    const remove = () => refusal(datasync.send(new DeleteLocationCommand({ LocationArn: from })))
    expect(await remove()).to.equal('InvalidRequestException')
    await datasync.send(new DeleteTaskCommand({ TaskArn }))
    expect(await remove()).to.equal('not refused')
  })

  it('the use of a key in its waiting period', async () => {
    const kms = of(KMSClient, '')
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}))
    const logs = of(CloudWatchLogsClient, '')
    const create = (logGroupName: string) =>
      refusal(logs.send(new CreateLogGroupCommand({ logGroupName, kmsKeyId: key?.Arn })))
    expect(await create('/before')).to.equal('not refused')
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key?.KeyId, PendingWindowInDays: 7 }))
    expect(await create('/after')).to.equal('InvalidParameterException')
  })
})
