import { DescribeSubnetsCommand, DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs'
import { CreateMultipartUploadCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { InterruptedError } from '../../src/errors.js'
import { Operator } from '../support/realism/environment.js'
import { startStrictAws, type Started } from '../support/realism/start.js'
import type { DeletionOptions } from '../support/realism/deletion-rules.js'
import { present, snapshot } from '../support/snapshot.js'

/** What holds these goes by itself, and that is waited for. */
const IN_USE = ['DeleteSecurityGroup', 'DeleteSubnet', 'DetachInternetGateway'].map(
  (action) => `${action}: DependencyViolation`,
)

describe('the order of deletion, in an environment that is not at rest', function () {
  this.timeout(180_000)
  let aws: Started
  let operator: Operator

  const start = async (options: DeletionOptions) => {
    aws = await startStrictAws(options)
    operator = new Operator(aws.endpoint)
  }
  afterEach(() => aws.stop())

  const refusals = () => [...new Set(aws.refused.map(({ action, code }) => `${action}: ${code}`))].sort()
  const expectNothingLeft = async () => {
    expect(present(await snapshot(aws.emulator))).to.deep.equal({})
  }

  it('waits for the interface of a task that it stopped, and for nothing else', async () => {
    await start({ lingering: 2 })
    await operator.up('')
    await operator.as('', async ({ clients, names }) => {
      const ec2 = clients.of(EC2Client)
      const tagged = { Filters: [{ Name: 'tag:Name', Values: [`${names.stem}-public-a`] }] }
      const { Subnets: subnets = [] } = await ec2.send(new DescribeSubnetsCommand(tagged))
      const named = { Filters: [{ Name: 'group-name', Values: [`${names.stem}-task`] }] }
      const { SecurityGroups: groups = [] } = await ec2.send(new DescribeSecurityGroupsCommand(named))
      const ecs = clients.of(ECSClient)
      const { tags, taskDefinition } = await ecs.send(
        new DescribeTaskDefinitionCommand({ taskDefinition: names.taskFamily, include: ['TAGS'] }),
      )
      // moto starts nothing whose container does not say how much memory it has.
      const { taskDefinition: runnable } = await ecs.send(
        new RegisterTaskDefinitionCommand({
          family: names.taskFamily,
          networkMode: 'awsvpc',
          requiresCompatibilities: ['FARGATE'],
          cpu: '1024',
          memory: '2048',
          tags,
          containerDefinitions: taskDefinition?.containerDefinitions?.map((one) => ({ ...one, memory: 512 })),
        }),
      )
      const { tasks } = await ecs.send(
        new RunTaskCommand({
          cluster: names.cluster,
          taskDefinition: runnable?.taskDefinitionArn,
          launchType: 'FARGATE',
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: subnets.map(({ SubnetId }) => SubnetId ?? ''),
              securityGroups: groups.map(({ GroupId }) => GroupId ?? ''),
              assignPublicIp: 'ENABLED',
            },
          },
        }),
      )
      expect(tasks).to.have.length(1)
      const s3 = clients.of(S3Client)
      const Bucket = names.bucket('raw')
      await s3.send(new PutObjectCommand({ Bucket, Key: 'inbox/a.csv', Body: 'a\n1\n' }))
      await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'inbox/b.csv' }))
    })
    const gone = await operator.down('')
    expect(gone).to.deep.include({ verifiedEmpty: true, leftovers: [] })
    expect(refusals()).not.to.deep.equal([])
    expect(IN_USE).to.include.members(refusals())
    await expectNothingLeft()
  })

  it('goes on where a down was interrupted while its NAT gateway was being deleted', async () => {
    const config = 'network: { egress: nat }\n'
    await start({ pace: { looks: 1000, ms: 1500 } })
    await operator.up(config)
    const interrupt = new AbortController()
    aws.onCall = (call) => {
      if (call === 'ec2:DeleteNatGateway')
        setTimeout(() => {
          interrupt.abort()
        }, 50)
    }
    let stopped: unknown
    await operator.down(config, interrupt.signal).catch((error: unknown) => (stopped = error))
    expect(stopped).to.be.instanceOf(InterruptedError)
    aws.onCall = undefined
    expect(refusals(), 'by then').to.deep.equal([])
    const gone = await operator.down(config)
    expect(gone).to.deep.include({ verifiedEmpty: true, leftovers: [] })
    expect([...IN_USE, 'ReleaseAddress: AuthFailure']).to.include.members(refusals())
    await expectNothingLeft()
  })

  it('moves a network to other addresses, and to another size and way out with it', async () => {
    await start({})
    await operator.up('network: { egress: nat-per-az, zones: 3, flowLogs: s3, networkAcls: true }\n')
    const config = 'network: { egress: nat, cidr: 10.77.0.0/16, flowLogs: s3, networkAcls: true }\n'
    const moved = await operator.up(config)
    expect(moved.changes.replaced).to.be.greaterThan(0)
    expect(moved.changes.deleted).to.be.greaterThan(0)
    expect((await operator.up(config)).changes).to.deep.include({ replaced: 0, created: 0, deleted: 0 })
    expect(refusals()).to.deep.equal([])
  })
})
