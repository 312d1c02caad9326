import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
} from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { policy } from '../../../src/aws/policy.js'
import { Queue } from '../../../src/resources/sqs/queue.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'
const URL = 'https://sqs.us-east-1.amazonaws.com/111122223333/dp-sensors-dev-failed'
const ARN = 'arn:aws:sqs:us-east-1:111122223333:dp-sensors-dev-failed'
const document = policy({
  Sid: 'TlsOnly',
  Effect: 'Deny',
  Principal: '*',
  Action: 'sqs:*',
  Resource: ARN,
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
})

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('Queue', () => {
  const sqs = suiteMock(SQSClient)
  const op = testOperation()
  const queue = new Queue(testContext(), 'messaging/failed', 'dp-sensors-dev-failed', {
    keyArn: () => KEY,
    policy: () => document,
    visibilitySeconds: 300,
    retentionSeconds: 1_209_600,
  })
  const desired = {
    KmsMasterKeyId: KEY,
    KmsDataKeyReusePeriodSeconds: '300',
    MessageRetentionPeriod: '1209600',
    VisibilityTimeout: '300',
    Policy: JSON.stringify(document),
  }

  function existing(overrides: Partial<typeof desired> = {}, tags = queue.tags): void {
    sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: URL })
    sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ...desired, ...overrides } })
    sqs.on(ListQueueTagsCommand).resolves({ Tags: tags })
  }
  const paths = async () => queue.diff((await queue.read())!).map((change) => change.path)

  beforeEach(() => sqs.reset())

  it('is absent, under either name of the error', async () => {
    sqs.on(GetQueueUrlCommand).rejects(named('QueueDoesNotExist'))
    expect(await queue.read()).to.equal(undefined)
    sqs.on(GetQueueUrlCommand).rejects(named('AWS.SimpleQueueService.NonExistentQueue'))
    expect(await queue.read()).to.equal(undefined)
  })

  it('is absent when only its name is still known', async () => {
    existing()
    sqs.on(GetQueueAttributesCommand).rejects(named('QueueDoesNotExist'))
    sqs.on(ListQueueTagsCommand).rejects(named('QueueDoesNotExist'))
    expect(await queue.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired, however the policy is written', async () => {
    const [statement] = document.Statement
    existing({
      Policy: JSON.stringify({ Statement: [{ ...statement, Action: ['sqs:*'] }], Version: '2012-10-17' }),
    })
    const observed = (await queue.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { arn: ARN, url: URL } })
    expect(queue.diff(observed)).to.deep.equal([])
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await queue.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ VisibilityTimeout: '30' })
    expect(queue.diff((await queue.read())!)).to.deep.equal([
      { path: 'visibilitySeconds', from: 30, to: 300, replaces: false },
    ])
    existing({ MessageRetentionPeriod: '60' })
    expect(await paths()).to.deep.equal(['retentionSeconds'])
    existing({ KmsMasterKeyId: undefined, KmsDataKeyReusePeriodSeconds: undefined })
    expect(await paths()).to.deep.equal(['keyArn', 'keyReuseSeconds'])
    existing({ Policy: undefined })
    expect(await paths()).to.deep.equal(['policy'])
    existing({}, { ...queue.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('sees a condition that was added to the only statement of its policy', async () => {
    const [statement] = document.Statement
    existing({
      Policy: JSON.stringify(
        policy({
          ...statement!,
          Condition: { ...statement!.Condition, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
        }),
      ),
    })
    expect(await paths()).to.deep.equal(['policy'])
  })

  it('sets attributes only, or tags only', async () => {
    existing({ VisibilityTimeout: '30' })
    let observed = (await queue.read())!
    await queue.update(observed, queue.diff(observed), op)
    expect(sqs.commandCalls(SetQueueAttributesCommand)[0]!.args[0].input).to.deep.equal({
      QueueUrl: URL,
      Attributes: desired,
    })
    expect(sqs.commandCalls(TagQueueCommand)).to.have.length(0)
    sqs.resetHistory()
    existing({}, { ...queue.tags, Name: 'x' })
    observed = (await queue.read())!
    await queue.update(observed, queue.diff(observed), op)
    expect(sqs.commandCalls(TagQueueCommand)[0]!.args[0].input).to.deep.equal({
      QueueUrl: URL,
      Tags: queue.tags,
    })
    expect(sqs.commandCalls(SetQueueAttributesCommand)).to.have.length(0)
  })

  it('waits for a name that SQS has not freed yet and for a principal that it does not know yet', async () => {
    sqs
      .on(CreateQueueCommand)
      .rejectsOnce(named('QueueDeletedRecently', 'You must wait 60 seconds after deleting a queue'))
      .rejectsOnce(named('InvalidAttributeValue', 'Invalid value for the parameter Policy.'))
      .resolves({ QueueUrl: URL })
    expect(await queue.create(op)).to.deep.equal({ arn: ARN, url: URL })
    expect(sqs.commandCalls(CreateQueueCommand)[2]!.args[0].input).to.deep.equal({
      QueueName: queue.name,
      Attributes: desired,
      tags: queue.tags,
    })
  })

  it('waits until its name is not found any more', async () => {
    existing()
    const observed = (await queue.read())!
    sqs.resetHistory()
    sqs.on(DeleteQueueCommand).resolves({})
    sqs.on(GetQueueUrlCommand).resolvesOnce({ QueueUrl: URL }).rejects(named('QueueDoesNotExist'))
    expect(await queue.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(sqs.commandCalls(GetQueueUrlCommand)).to.have.length(2)
  })

  it('is absent when it is gone already', async () => {
    existing()
    const observed = (await queue.read())!
    sqs.on(DeleteQueueCommand).rejects(named('QueueDoesNotExist'))
    expect(await queue.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
