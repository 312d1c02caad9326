import { expect } from 'chai'
import type { RoleName } from '../../src/aws/names.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { up } from '../../src/operate/provision/up.js'
import { EVERYTHING, RecordedAccount } from '../support/iam-everything.js'
import { ACCOUNT, REGION } from '../support/iam-recording.js'
import { decide, type IamRequest } from '../support/iam-simulator.js'

const { signal } = new AbortController()
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`
const OTHER_ACCOUNT = '999999999999'

describe('the trust of an environment with every option on, judged by a simulator', function () {
  this.timeout(120_000)
  let account: RecordedAccount
  let sent: <T>(service: string, operation: string) => T[]
  let key: string

  before(async () => {
    account = await RecordedAccount.create()
    await account.activateAgent()
    const calls = await account.record(() =>
      up(account.aws, account.environment(EVERYTHING), { signal, onEvent: () => undefined }),
    )
    sent = <T>(service: string, operation: string) =>
      calls
        .filter((call) => call.service === service && call.operation === operation)
        .map(({ input }) => input as T)
    key = arn('kms', `key/${account.facts.aliases.get(account.aws.names.keyAlias) ?? ''}`)
  })
  after(() => account.remove())

  const document = (role: RoleName, operation: string, property: string): PolicyDocument => {
    const found = sent<Record<string, string>>('IAM', operation).find(
      ({ RoleName }) => RoleName === account.aws.names.role(role),
    )
    return JSON.parse(found?.[property] ?? '') as PolicyDocument
  }
  const TRUST: readonly { role: RoleName; service: string; source: string; other: string }[] = [
    {
      role: 'codebuild',
      service: 'codebuild',
      source: arn('codebuild', 'project/dp-sensors-dev-image'),
      other: arn('codebuild', 'project/other'),
    },
    {
      role: 'datasync',
      service: 'datasync',
      source: arn('datasync', 'task/task-1'),
      other: `arn:aws:datasync:us-east-2:${ACCOUNT}:task/task-1`,
    },
    {
      role: 'scheduler',
      service: 'scheduler',
      source: arn('scheduler', 'schedule-group/dp-sensors-dev'),
      other: arn('scheduler', 'schedule-group/default'),
    },
    {
      role: 'scheduler-check',
      service: 'scheduler',
      source: arn('scheduler', 'schedule-group/dp-sensors-dev-monitoring'),
      other: arn('scheduler', 'schedule-group/dp-sensors-dev'),
    },
    ...(['backfill', 'crawl', 'success-check'] as const).map((machine) => ({
      role: `sfn-${machine}` as const,
      service: 'states',
      source: arn('states', `stateMachine:dp-sensors-dev-${machine}`),
      other: arn('states', 'stateMachine:other'),
    })),
  ]
  const assume = async (role: RoleName, principal: string, sourceAccount: string, source: string) => {
    const resourcePolicy = document(role, 'CreateRole', 'AssumeRolePolicyDocument')
    const context = { 'aws:SourceAccount': sourceAccount, 'aws:SourceArn': source }
    const resource = account.aws.names.roleArn(role)
    const asked = { action: 'sts:AssumeRole', resource, context }
    return (await decide({ policies: [], principal, resourcePolicy }, asked)).allowed
  }
  for (const { other, role, service, source } of TRUST) {
    it(`lets only ${service}, for us, become ${role}`, async () => {
      const principal = `${service}.amazonaws.com`
      expect(await assume(role, principal, ACCOUNT, source), 'ours').to.equal(true)
      expect(await assume(role, principal, ACCOUNT, other), 'another resource').to.equal(false)
      const foreign = source.replace(ACCOUNT, OTHER_ACCOUNT)
      expect(await assume(role, principal, OTHER_ACCOUNT, foreign), 'another account').to.equal(false)
      expect(await assume(role, 'lambda.amazonaws.com', ACCOUNT, source), 'another service').to.equal(false)
    })
  }

  it('lets only Glue of this account become the role of crawler and job', async () => {
    const job = arn('glue', 'job/x')
    expect(await assume('glue', 'glue.amazonaws.com', ACCOUNT, job)).to.equal(true)
    expect(await assume('glue', 'glue.amazonaws.com', OTHER_ACCOUNT, job)).to.equal(false)
    expect(await assume('glue', 'lambda.amazonaws.com', ACCOUNT, job)).to.equal(false)
  })

  describe('services that write as themselves', () => {
    const as = async (service: string, policy: string, each: IamRequest) => {
      const resourcePolicy = JSON.parse(policy) as PolicyDocument
      const principal = `${service}.amazonaws.com`
      return (await decide({ policies: [], principal, resourcePolicy }, each)).allowed
    }

    it('let AWS deliver flow logs of this account to the logs bucket, nothing else', async () => {
      const logs = account.aws.names.bucketArn('logs')
      const puts = sent<{ Bucket: string; Policy: string }>('S3', 'PutBucketPolicy')
      const policy = puts.find(({ Bucket }) => logs.endsWith(Bucket))?.Policy ?? ''
      const deliver = (resource: string, from: string, service = 'delivery.logs') =>
        as(service, policy, {
          action: 's3:PutObject',
          resource,
          context: {
            'aws:SourceAccount': from,
            'aws:SourceArn': `arn:aws:logs:${REGION}:${from}:delivery-source:x`,
            's3:x-amz-acl': 'bucket-owner-full-control',
          },
        })
      const object = `${logs}/AWSLogs/${ACCOUNT}/vpcflowlogs/x.log.gz`
      expect(await deliver(object, ACCOUNT)).to.equal(true)
      expect(await deliver(object, OTHER_ACCOUNT)).to.equal(false)
      expect(await deliver(`${logs}/access/raw/x`, ACCOUNT)).to.equal(false)
      expect(await deliver(object, ACCOUNT, 'cloudtrail')).to.equal(false)
    })

    it('let DataSync write the log of our tasks, no other', async () => {
      const [put] = sent<{ policyDocument: string }>('CloudWatchLogs', 'PutResourcePolicy')
      const write = (group: string, from: string) =>
        as('datasync', put?.policyDocument ?? '', {
          action: 'logs:PutLogEvents',
          resource: arn('logs', `log-group:${group}:log-stream:x`),
          context: {
            'aws:SourceAccount': from,
            'aws:SourceArn': `arn:aws:datasync:${REGION}:${from}:task/task-1`,
          },
        })
      expect(await write(account.aws.names.logGroup('datasync'), ACCOUNT)).to.equal(true)
      expect(await write(account.aws.names.logGroup('datasync'), OTHER_ACCOUNT)).to.equal(false)
      expect(await write('/dp/sensors-prod/datasync', ACCOUNT)).to.equal(false)
    })

    it('let alarms and budgets of ours reach the topic, through the key', async () => {
      const { names } = account.aws
      const topic = arn('sns', names.topic)
      const [created] = sent<{ Attributes: { Policy: string } }>('SNS', 'CreateTopic')
      const [{ Policy: keyPolicy } = { Policy: '' }] = sent<{ Policy: string }>('KMS', 'CreateKey')
      const publish = async (service: string, source: string, from = ACCOUNT) => {
        const context = { 'aws:SourceAccount': from, 'aws:SourceArn': source }
        const requests: [string, IamRequest][] = [
          [created?.Attributes.Policy ?? '', { action: 'sns:Publish', resource: topic, context }],
          [keyPolicy, { action: 'kms:GenerateDataKey', resource: key, context }],
        ]
        const verdicts = await Promise.all(requests.map(([policy, each]) => as(service, policy, each)))
        return verdicts.every((verdict) => verdict)
      }
      expect(await publish('cloudwatch', arn('cloudwatch', 'alarm:dp-sensors-dev-failed'))).to.equal(true)
      expect(await publish('cloudwatch', arn('cloudwatch', 'alarm:other'))).to.equal(false)
      expect(await publish('budgets', `arn:aws:budgets::${ACCOUNT}:budget/x`)).to.equal(true)
      const foreign = `arn:aws:budgets::${OTHER_ACCOUNT}:budget/x`
      expect(await publish('budgets', foreign, OTHER_ACCOUNT)).to.equal(false)
    })
  })
})
