import { CloudWatchLogsClient, UntagLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateSubnetCommand, DeleteSubnetCommand, EC2Client } from '@aws-sdk/client-ec2'
import { DeleteRuleCommand, EventBridgeClient, RemoveTargetsCommand } from '@aws-sdk/client-eventbridge'
import { DeleteRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam'
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms'
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns'
import { CreateQueueCommand, DeleteQueueCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { kmsTags, TAG, upperTags } from '../../src/aws/tags.js'
import { AppliedNote } from '../../src/operate/drift/applied.js'
import type { DriftItem, DriftState } from '../../src/operate/drift/differences.js'
import type { DriftResult } from '../../src/operate/drift/drift.js'
import { renderDrift } from '../../src/ui/drift.js'
import { Account, type Ran } from '../support/ownership/account.js'
import { environmentOf } from '../support/properties/world.js'
import pc from 'picocolors'

const SETTINGS = { project: 'sensors' }
const LONGER = { ...SETTINGS, compute: { logRetentionDays: 365 } }

describe('drift', function () {
  this.timeout(180_000)

  let account: Account
  const environment = environmentOf(SETTINGS)
  const edited = environmentOf(LONGER)
  before(async () => {
    account = await Account.open()
  })
  after(() => account.close())

  const states = ({ result }: Ran<DriftResult>): Record<string, DriftState> =>
    Object.fromEntries((result?.drift ?? []).map(({ id, state }) => [id, state]))
  const itemOf = ({ result }: Ran<DriftResult>, id: string): DriftItem => {
    const found = result?.drift.find((item) => item.id === id)
    if (found === undefined) throw new Error(`${id} is no drift`)
    return found
  }
  /** What a person sees: data on stdout, advice on stderr. */
  const said = ({ result }: Ran<DriftResult>) => {
    const out: string[] = []
    const info: string[] = []
    renderDrift(result!, 'dev', {
      out: (text) => out.push(text),
      info: (text) => info.push(text),
      colors: pc.createColors(false),
    })
    return { out: out.join('\n'), info: info.join('\n') }
  }

  it('says that there is nothing to drift before the first up', async () => {
    const { error, writes } = await account.drift(environment)
    expect(error).to.include({ code: 'ENVIRONMENT_NOT_UP', exitCode: 1 })
    expect(writes).to.deep.equal([])
  })

  it('is nothing after an up: nothing on stdout, nothing written, no lease looked at', async () => {
    expect((await account.up(environment)).error).to.equal(undefined)
    const ran = await account.drift(environment)
    expect(ran.result).to.deep.include({ drift: [], notCompared: [], kept: [] })
    expect(ran.result!.baseline).to.include({
      kind: 'last-up',
      unfinishedSince: null,
      configurationChanged: false,
    })
    expect(ran.writes).to.deep.equal([])
    const keys = ran.calls.flatMap(({ input }) => (input as { Key?: string }).Key ?? [])
    expect(keys).to.include('locks/dev.applied.json').and.not.include('locks/dev.json')
    const { info, out } = said(ran)
    expect(out).to.equal('')
    expect(info).to.match(/^dev: no drift\. 37 resources are as the `up` of .* left them\.$/)
  })

  it('is not what was only edited in datapipe.yaml', async () => {
    const ran = await account.drift(edited)
    expect(ran.result).to.deep.include({ drift: [] })
    expect(ran.result!.baseline).to.include({ kind: 'last-up', configurationChanged: true })
    expect(said(ran).info).to.contain('`datapipe plan` shows')
    const plan = await account.plan(edited)
    expect(plan.result!.changes.updated).to.be.greaterThan(0)
  })

  it('names each thing that was changed by hand, as what it is, and nothing that follows from it', async () => {
    const aws = account.context()
    const { names } = aws
    const sqs = aws.clients.of(SQSClient)
    const iam = aws.clients.of(IAMClient)
    const TopicArn = names.arn('sns', names.topic)
    const byHand = { AttributeName: 'DisplayName', AttributeValue: 'by hand' }
    await aws.clients.of(SNSClient).send(new SetTopicAttributesCommand({ TopicArn, ...byHand }))
    const RoleName = names.role('ecs-task')
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: PolicyNames[0] }))
    await aws.clients
      .of(CloudWatchLogsClient)
      .send(new UntagLogGroupCommand({ logGroupName: names.logGroup('ecs'), tags: [TAG.project] }))
    const events = aws.clients.of(EventBridgeClient)
    const gone = { Rule: names.rule, Ids: ['dispatch'] }
    await events.send(new RemoveTargetsCommand(gone))
    await events.send(new DeleteRuleCommand({ Name: names.rule, Force: true }))
    const tagged = (id: string) => aws.tags(id, 'copied')
    await sqs.send(new CreateQueueCommand({ QueueName: 'a-copy', tags: tagged('messaging/failed') }))
    await sqs.send(new CreateQueueCommand({ QueueName: 'left-over', tags: tagged('messaging/old') }))

    const ran = await account.drift(environment)
    expect(states(ran)).to.deep.equal({
      'security/role/ecs-task': 'changed',
      'compute/logs': 'foreign',
      'messaging/alerts': 'changed',
      'messaging/failed': 'duplicate',
      'messaging/old': 'orphan',
      'orchestration/rule': 'deleted',
    })
    const topic = itemOf(ran, 'messaging/alerts')
    expect(topic).to.deep.equal({
      id: 'messaging/alerts',
      type: 'AWS::SNS::Topic',
      state: 'changed',
      physicalId: TopicArn,
      differences: [{ path: 'displayName', expected: topic.differences[0]?.expected, found: 'by hand' }],
      detail: null,
    })
    expect(topic.differences[0]?.expected).to.be.a('string').and.not.equal('by hand')
    expect(itemOf(ran, 'messaging/failed')).to.deep.equal({
      id: 'messaging/failed',
      type: 'AWS::SQS::Queue',
      state: 'duplicate',
      physicalId: names.arn('sqs', 'a-copy'),
      differences: [],
      detail: 'It carries the tags of messaging/failed, and is something else.',
    })
    expect(itemOf(ran, 'compute/logs').physicalId).to.equal(names.logGroup('ecs'))
    expect(itemOf(ran, 'security/role/ecs-task').differences.every(({ found }) => found === null)).to.equal(
      true,
    )
    expect(ran.writes).to.deep.equal([])
    const { out } = said(ran)
    expect(out).to.match(/displayName: expected .*, found "by hand"/)
    expect(out).to.match(/dev: 6 resources not as the `up` of/)

    const plan = await account.plan(environment)
    expect(plan.warnings.join()).to.contain(
      `${names.arn('sqs', 'a-copy')} carries the tags of messaging/failed`,
    )
  })

  it('ends with the next up, except what is double', async () => {
    expect((await account.up(environment)).error).to.include({ code: 'FOREIGN_RESOURCE' })
    expect(states(await account.drift(environment))).to.have.property('compute/logs', 'foreign')
    const { error } = await account.up(environment, ['compute/logs'])
    expect(error).to.equal(undefined)
    expect(states(await account.drift(environment))).to.deep.equal({ 'messaging/failed': 'duplicate' })
    const sqs = account.context().clients.of(SQSClient)
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'a-copy' }))
    await sqs.send(new DeleteQueueCommand({ QueueUrl }))
    expect(states(await account.drift(environment))).to.deep.equal({})
  })

  it('notices a second key, which nobody would meet while the alias leads to the first', async () => {
    const aws = account.context()
    const kms = aws.clients.of(KMSClient)
    const Tags = kmsTags(aws.tags('security/key', 'copied'))
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({ Tags }))
    const ran = await account.drift(environment)
    expect(states(ran)).to.deep.equal({ 'security/key': 'duplicate' })
    expect(itemOf(ran, 'security/key').physicalId).to.equal(key?.Arn)
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key?.KeyId }))
    expect(states(await account.drift(environment))).to.deep.equal({})
  })

  it('says what is behind something double, that it could not compare', async () => {
    const aws = account.context()
    const ec2 = aws.clients.of(EC2Client)
    const vpc = (await account.resources(environment)).find(({ id }) => id === 'network/vpc')!
    const seen = await vpc.read({ signal: new AbortController().signal, waiting: () => undefined })
    const id = 'network/subnet/public/a'
    const TagSpecifications = [{ ResourceType: 'subnet' as const, Tags: upperTags(aws.tags(id, 'copied')) }]
    const created = await ec2.send(
      new CreateSubnetCommand({ VpcId: seen!.physicalId, CidrBlock: '10.20.255.0/24', TagSpecifications }),
    )
    const ran = await account.drift(environment)
    expect(states(ran)).to.deep.equal({ [id]: 'duplicate' })
    expect((await account.up(environment)).error).to.include({ code: 'DUPLICATE_RESOURCE' })
    expect(itemOf(ran, id).detail!.match(/subnet-\w+/g)).to.have.length(2)
    expect(ran.result!.notCompared).to.include('network/routes/public').and.not.include('network/vpc')
    expect(said(ran).out).to.contain('Not compared, because of that: network/')
    await ec2.send(new DeleteSubnetCommand({ SubnetId: created.Subnet?.SubnetId }))
    expect(states(await account.drift(environment))).to.deep.equal({})
  })

  describe('where the note of the last up is not what it was', () => {
    const noteOf = (settings: typeof environment) => new AppliedNote(account.context(), settings, undefined)
    const remove = (key: string) => {
      const aws = account.context()
      return aws.clients
        .of(S3Client)
        .send(new DeleteObjectCommand({ Bucket: aws.names.bucket('artifacts'), Key: key }))
    }
    before(async () => {
      expect((await account.down(environment, true)).error).to.equal(undefined)
      expect((await account.up(environment)).error).to.equal(undefined)
    })

    it('says that an up with other settings was under way, until one is done', async () => {
      await noteOf(edited).begin()
      const ran = await account.drift(edited)
      expect(ran.result!.baseline).to.include({ kind: 'last-up', configurationChanged: true })
      expect(said(ran).info).to.contain('is not known to have ended')
      await account.up(edited)
      const { result } = await account.drift(edited)
      expect(result!.baseline).to.include({ unfinishedSince: null, configurationChanged: false })
      expect(states(await account.drift(environment))).to.deep.equal({})
    })

    it('compares with datapipe.yaml where there is none, and says so', async () => {
      await remove('locks/dev.applied.json')
      const ran = await account.drift(environment)
      expect(ran.result!.baseline).to.deep.equal({ kind: 'configuration' })
      expect(new Set(Object.values(states(ran)))).to.deep.equal(new Set(['changed']))
      expect(said(ran).info).to.contain('cannot be told from changes by hand')
      expect((await account.drift(edited)).result!.drift).to.deep.equal([])
    })

    it('is noted again by an up that changes nothing, and not written twice', async () => {
      const first = await account.up(edited)
      const second = await account.up(edited)
      const puts = ({ writes }: Ran<unknown>) => writes.filter((call) => call === 'S3 PutObject').length
      // The lease is written in any case.
      expect(puts(first) - puts(second)).to.equal(1)
      expect((await account.drift(edited)).result!.baseline).to.include({ kind: 'last-up' })
    })

    it('is not touched by an up that touches nothing', async () => {
      const aws = account.context()
      await aws.clients
        .of(CloudWatchLogsClient)
        .send(new UntagLogGroupCommand({ logGroupName: aws.names.logGroup('ecs'), tags: [TAG.project] }))
      expect((await account.up(environment)).error).to.include({ code: 'FOREIGN_RESOURCE' })
      expect((await account.drift(edited)).result!.baseline).to.include({ unfinishedSince: null })
    })
  })
})
