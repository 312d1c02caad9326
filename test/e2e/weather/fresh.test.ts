import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { CreateSubnetCommand, CreateVpcCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { CreateClusterCommand, ECSClient } from '@aws-sdk/client-ecs'
import {
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  GetRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import { CreateKeyCommand, DescribeKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms'
import { CreateStateMachineCommand, DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { CreateQueueCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { retryPropagation } from '../../../src/aws/retry.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { refusal } from '../../support/realism/start.js'
import { testOperation } from '../../support/resource.js'
import { startUnderWeather, type UnderWeather } from '../../support/weather/start.js'
import type { WeatherOptions } from '../../support/weather/weather.js'
import { clientOptions } from './stub.js'

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
const roleArn = 'arn:aws:iam::123456789012:role/worker'

describe('what was just created', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: UnderWeather
  const start = async (options: Partial<WeatherOptions>) => {
    await resetMoto(moto.endpoint)
    aws = await startUnderWeather(moto.endpoint, { seed: 3, rate: 0, freshRate: 1, ...options })
    return clientOptions(aws.endpoint)
  }
  before(async () => {
    moto = await startMoto()
  })
  afterEach(() => aws.stop())
  after(() => moto.stop())

  it('is not found, nor listed, for a while', async () => {
    const options = await start({ kinds: ['unseen'], unseenMs: 60_000 })
    const ec2 = new EC2Client(options)
    const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    const VpcId = vpc?.VpcId ?? ''
    const describe = () => ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }))
    const list = async () => {
      const Filters = [{ Name: 'is-default', Values: ['false'] }]
      return (await ec2.send(new DescribeVpcsCommand({ Filters }))).Vpcs?.map((one) => one.VpcId)
    }
    expect(await refusal(describe())).to.equal('InvalidVpcID.NotFound')
    const subnet = new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' })
    expect(await refusal(ec2.send(subnet))).to.equal('InvalidVpcID.NotFound')
    expect(await list()).to.deep.equal([])

    const kms = new KMSClient(options)
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}))
    const KeyId = key?.KeyId
    expect(await refusal(kms.send(new DescribeKeyCommand({ KeyId })))).to.equal('NotFoundException')
    const iam = new IAMClient(options)
    await iam.send(new CreateRoleCommand({ RoleName: 'worker', AssumeRolePolicyDocument: TRUST }))
    const getRole = () => iam.send(new GetRoleCommand({ RoleName: 'worker' }))
    expect(await refusal(getRole())).to.equal('NoSuchEntityException')
    const sqs = new SQSClient(options)
    await sqs.send(new CreateQueueCommand({ QueueName: 'q' }))
    const getQueue = () => sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }))
    expect(await refusal(getQueue())).to.equal('QueueDoesNotExist')
    const logs = new CloudWatchLogsClient(options)
    await logs.send(new CreateLogGroupCommand({ logGroupName: 'g' }))
    const groups = async () => (await logs.send(new DescribeLogGroupsCommand({}))).logGroups
    expect(await groups()).to.deep.equal([])
    const sfn = new SFNClient(options)
    const definition = JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Succeed' } } })
    const { stateMachineArn } = await sfn.send(
      new CreateStateMachineCommand({ name: 'm', definition, roleArn }),
    )
    const getMachine = () => sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))
    expect(await refusal(getMachine())).to.equal('StateMachineDoesNotExist')

    aws.weather.clear()
    expect((await describe()).Vpcs).to.have.length(1)
    expect(await list()).to.deep.equal([VpcId])
    expect((await groups())?.map(({ logGroupName }) => logGroupName)).to.deep.equal(['g'])
    for (const call of [getRole(), getQueue(), getMachine()])
      expect(await refusal(call)).to.equal('not refused')
  })

  it('is seen when its time has passed', async () => {
    const options = await start({ kinds: ['unseen'], unseenMs: 300 })
    const ec2 = new EC2Client(options)
    const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    await new Promise((resolve) => setTimeout(resolve, 350))
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpc?.VpcId ?? ''] }))
    expect(Vpcs).to.have.length(1)
  })

  it('is refused by those who are to use it, in words that are taken for what they are', async () => {
    const options = await start({ kinds: ['refused-role'], refusals: 3 })
    const iam = new IAMClient(options)
    await iam.send(new CreateRoleCommand({ RoleName: 'worker', AssumeRolePolicyDocument: TRUST }))
    const definition = JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Succeed' } } })
    const sfn = new SFNClient(options)
    const create = () => sfn.send(new CreateStateMachineCommand({ name: 'm', definition, roleArn }))
    expect(await refusal(create())).to.equal('AccessDeniedException')
    await retryPropagation(create, testOperation())

    await iam.send(new CreateRoleCommand({ RoleName: 'reader', AssumeRolePolicyDocument: TRUST }))
    const kms = new KMSClient(options)
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}))
    const Policy = JSON.stringify({ Principal: { AWS: 'arn:aws:iam::123456789012:role/reader' } })
    const put = () => kms.send(new PutKeyPolicyCommand({ KeyId: key?.KeyId, PolicyName: 'default', Policy }))
    expect(await refusal(put())).to.equal('MalformedPolicyDocumentException')
    await retryPropagation(put, testOperation())

    const logs = new CloudWatchLogsClient(options)
    const group = () => logs.send(new CreateLogGroupCommand({ logGroupName: 'g', kmsKeyId: key?.Arn }))
    expect(await refusal(group())).to.equal('AccessDeniedException')
    await retryPropagation(group, testOperation())

    await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'ecs.amazonaws.com' }))
    const cluster = () => new ECSClient(options).send(new CreateClusterCommand({ clusterName: 'c' }))
    expect(await refusal(cluster())).to.equal('InvalidParameterException')
    await retryPropagation(cluster, testOperation())
  })
})
