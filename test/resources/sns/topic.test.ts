import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  SetTopicAttributesCommand,
  SNSClient,
  TagResourceCommand,
} from '@aws-sdk/client-sns'
import { expect } from 'chai'
import { policy } from '../../../src/aws/policy.js'
import { upperTags } from '../../../src/aws/tags.js'
import { Topic } from '../../../src/resources/sns/topic.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'
const ARN = 'arn:aws:sns:us-east-1:111122223333:dp-sensors-dev-alerts'
const document = policy({
  Effect: 'Allow',
  Principal: { Service: 'cloudwatch.amazonaws.com' },
  Action: 'sns:Publish',
  Resource: ARN,
})

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('Topic', () => {
  const sns = suiteMock(SNSClient)
  const op = testOperation()
  const topic = new Topic(testContext(), 'messaging/alerts', 'dp-sensors-dev-alerts', {
    keyArn: () => KEY,
    displayName: 'datapipe sensors/dev',
    policy: () => document,
  })
  const desired = {
    KmsMasterKeyId: KEY,
    DisplayName: 'datapipe sensors/dev',
    Policy: JSON.stringify(document),
  }

  function existing(overrides: Record<string, string | undefined> = {}, tags = topic.tags): void {
    const attributes = Object.entries({ ...desired, ...overrides }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    )
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: Object.fromEntries(attributes) })
    sns.on(ListTagsForResourceCommand).resolves({ Tags: upperTags(tags) })
  }
  const paths = async () => topic.diff((await topic.read())!).map((change) => change.path)

  beforeEach(() => sns.reset())

  it('is absent', async () => {
    sns.on(GetTopicAttributesCommand).rejects(named('NotFoundException'))
    expect(await topic.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired, in two calls', async () => {
    existing()
    const observed = (await topic.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { arn: ARN } })
    expect(topic.diff(observed)).to.deep.equal([])
    expect(sns.calls()).to.have.length(2)
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await topic.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ KmsMasterKeyId: undefined })
    expect(await paths()).to.deep.equal(['keyArn'])
    existing({ DisplayName: '' })
    expect(await paths()).to.deep.equal(['displayName'])
    existing({ Policy: JSON.stringify({ ...document, Statement: [] }) })
    expect(await paths()).to.deep.equal(['policy'])
    existing({}, { ...topic.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('sets only the attribute that differs, waiting for a principal that SNS does not know yet', async () => {
    existing({ Policy: JSON.stringify({ ...document, Statement: [] }) })
    sns
      .on(SetTopicAttributesCommand)
      .rejectsOnce(named('InvalidParameterException', 'Invalid parameter: Policy Error: PrincipalNotFound'))
      .resolves({})
    const observed = (await topic.read())!
    await topic.update(observed, topic.diff(observed), op)
    const [first, second, ...rest] = sns
      .commandCalls(SetTopicAttributesCommand)
      .map((call) => call.args[0].input)
    expect(first).to.deep.equal({
      TopicArn: ARN,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify(document),
    })
    expect(second).to.deep.equal(first)
    expect(rest).to.deep.equal([])
    expect(sns.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('repairs tags alone', async () => {
    existing({}, { ...topic.tags, Name: 'x' })
    const observed = (await topic.read())!
    await topic.update(observed, topic.diff(observed), op)
    expect(sns.commandCalls(TagResourceCommand)[0]!.args[0].input.Tags).to.deep.equal(upperTags(topic.tags))
    expect(sns.commandCalls(SetTopicAttributesCommand)).to.have.length(0)
  })

  it('is created whole: attributes and tags in one call', async () => {
    sns.on(CreateTopicCommand).resolves({ TopicArn: ARN })
    expect(await topic.create(op)).to.deep.equal({ arn: ARN })
    expect(sns.calls().map((call) => call.args[0].input as unknown)).to.deep.equal([
      { Name: topic.name, Attributes: desired, Tags: upperTags(topic.tags) },
    ])
  })

  it('is deleted, waiting for another change to finish', async () => {
    existing()
    const observed = (await topic.read())!
    sns.on(DeleteTopicCommand).rejectsOnce(named('ConcurrentAccessException')).resolves({})
    expect(await topic.delete(observed, op)).to.deep.equal({ status: 'deleted' })
  })
})
