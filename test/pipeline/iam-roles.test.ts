import { expect } from 'chai'
import type { RoleName } from '../../src/aws/names.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { Deployed } from '../support/iam-deployed.js'
import { machineRequests, type Machine } from '../support/iam-integrations.js'
import { ACCOUNT, REGION } from '../support/iam-recording.js'
import { decide, decideAll, inWords, type IamRequest, type Verdict } from '../support/iam-simulator.js'

interface CreatedMachine {
  name: string
  definition: string
  roleArn: string
}

const OTHER_ACCOUNT = '999999999999'
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`
const allowed = (verdicts: readonly Verdict[]) =>
  verdicts
    .filter((each) => each.allowed)
    .map(inWords)
    .join('\n')
const denied = (verdicts: readonly Verdict[]) =>
  verdicts
    .filter((each) => !each.allowed)
    .map(inWords)
    .join('\n')

describe('the roles of services, judged by a simulator', function () {
  this.timeout(120_000)
  let deployed: Deployed
  let key: string

  before(async () => {
    deployed = await Deployed.create({})
    key = arn('kms', `key/${deployed.facts.aliases.get(deployed.aws.names.keyAlias) ?? ''}`)
  })
  after(() => deployed.remove())

  const judge = (role: RoleName, requests: readonly IamRequest[]) =>
    decideAll({ policies: [deployed.rolePolicy(role)] }, requests)
  const machines = () =>
    deployed.sent<CreatedMachine>('SFN', 'CreateStateMachine').map(({ definition, name, roleArn }) => ({
      machine: JSON.parse(definition) as Machine,
      arn: arn('states', `stateMachine:${name}`),
      role: roleArn.split('/').at(-1) ?? '',
      name,
    }))
  const policyOf = (roleName: string) => {
    const sent = deployed.sent<{ RoleName: string; PolicyDocument: string }>('IAM', 'PutRolePolicy')
    const found = sent.find(({ RoleName }) => RoleName === roleName)
    return JSON.parse(found?.PolicyDocument ?? '{}') as PolicyDocument
  }

  it('let every state machine do what its own definition says', async () => {
    expect(machines().map(({ name }) => name)).to.include.members([
      'dp-sensors-dev-worker',
      'dp-sensors-dev-dispatch',
    ])
    for (const { arn: machineArn, machine, name, role } of machines()) {
      const requests = machineRequests(machine, machineArn, deployed.aws.names, deployed.facts)
      const verdicts = await decideAll({ policies: [policyOf(role)] }, requests)
      expect(denied(verdicts), name).to.equal('')
      expect(verdicts.length, name).to.be.greaterThan(7)
    }
  })

  it('deny the worker everything beside its task, its queue and its topic', async () => {
    const { names } = deployed.aws
    const cluster = arn('ecs', `cluster/${names.cluster}`)
    const family = arn('ecs', `task-definition/${names.taskFamily}:1`)
    const neighbours: IamRequest[] = [
      {
        action: 'ecs:RunTask',
        resource: arn('ecs', 'task-definition/dp-sensors-prod-transform:1'),
        context: { 'ecs:cluster': cluster },
      },
      { action: 'ecs:RunTask', resource: family, context: { 'ecs:cluster': arn('ecs', 'cluster/default') } },
      { action: 'ecs:StopTask', resource: arn('ecs', 'task/dp-sensors-prod/1') },
      { action: 'ecs:TagResource', resource: arn('ecs', `task/${names.cluster}/1`) },
      { action: 'ecs:RegisterTaskDefinition', resource: family },
      {
        action: 'iam:PassRole',
        resource: names.roleArn('sfn-worker'),
        context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      },
      {
        action: 'iam:PassRole',
        resource: names.roleArn('ecs-task'),
        context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      },
      { action: 'events:PutRule', resource: arn('events', `rule/${names.rule}`) },
      { action: 'events:DeleteRule', resource: arn('events', 'rule/StepFunctionsGetEventsForECSTaskRule') },
      { action: 'sqs:SendMessage', resource: arn('sqs', names.queue('events-dlq')) },
      { action: 'sqs:SendMessage', resource: arn('sqs', 'dp-sensors-prod-failed') },
      { action: 'sqs:ReceiveMessage', resource: arn('sqs', names.queue('failed')) },
      { action: 'sns:Publish', resource: arn('sns', 'dp-sensors-prod-alerts') },
      { action: 'states:StartExecution', resource: names.stateMachineArn('worker') },
      { action: 's3:GetObject', resource: `${names.bucketArn('raw')}/inbox/a.csv` },
      { action: 'kms:Decrypt', resource: key },
      { action: 'kms:Decrypt', resource: key, context: { 'kms:ViaService': `s3.${REGION}.amazonaws.com` } },
      {
        action: 'kms:Decrypt',
        resource: key,
        context: { 'kms:EncryptionContext:aws:states:stateMachineArn': names.stateMachineArn('dispatch') },
      },
    ]
    const verdicts = await judge('sfn-worker', neighbours)
    expect(allowed(verdicts)).to.equal('')
    expect(verdicts).to.have.length(neighbours.length)
  })

  it('let the dispatcher and the rule start the one machine that is theirs', async () => {
    const { names } = deployed.aws
    const start = (resource: string): IamRequest => ({ action: 'states:StartExecution', resource })
    const others = [
      arn('states', 'stateMachine:dp-sensors-prod-worker'),
      arn('states', 'stateMachine:dp-sensors-prod-dispatch'),
    ]
    const [worker, dispatch] = [names.stateMachineArn('worker'), names.stateMachineArn('dispatch')]
    expect(allowed(await judge('sfn-dispatch', [worker, dispatch, ...others].map(start)))).to.equal(
      inWords(start(worker)),
    )
    expect(allowed(await judge('events', [worker, dispatch, ...others].map(start)))).to.equal(
      inWords(start(dispatch)),
    )
    const further: IamRequest[] = [
      { action: 'states:StopExecution', resource: arn('states', 'execution:dp-sensors-dev-worker:x') },
      { action: 'states:DeleteStateMachine', resource: worker },
      { action: 'iam:PassRole', resource: names.roleArn('ecs-task') },
      { action: 'sqs:SendMessage', resource: arn('sqs', names.queue('events-dlq')) },
      { action: 'sqs:ReceiveMessage', resource: arn('sqs', names.queue('failed')) },
      { action: 'kms:Decrypt', resource: key },
    ]
    for (const role of ['sfn-dispatch', 'events'] as const)
      expect(allowed(await judge(role, further)), role).to.equal('')
    const [target] = deployed.sent<{ Targets: { Arn: string; RoleArn: string }[] }>(
      'EventBridge',
      'PutTargets',
    )
    expect(target?.Targets[0]).to.include({ Arn: dispatch, RoleArn: names.roleArn('events') })
  })

  it('let Fargate pull this image and write this log, no other', async () => {
    const { names } = deployed.aws
    const group = names.logGroup('ecs')
    const needed: IamRequest[] = [
      { action: 'ecr:GetAuthorizationToken', resource: '*' },
      ...['BatchCheckLayerAvailability', 'GetDownloadUrlForLayer', 'BatchGetImage'].map((operation) => ({
        action: `ecr:${operation}`,
        resource: arn('ecr', `repository/${names.repository}`),
      })),
      ...['CreateLogStream', 'PutLogEvents'].map((operation) => ({
        action: `logs:${operation}`,
        resource: arn('logs', `log-group:${group}:log-stream:transform/transform/1`),
      })),
    ]
    // CreateLogStream is authorised on the group.
    needed[4] = { action: 'logs:CreateLogStream', resource: arn('logs', `log-group:${group}:*`) }
    expect(denied(await judge('ecs-exec', needed))).to.equal('')
    const neighbours: IamRequest[] = [
      { action: 'ecr:BatchGetImage', resource: arn('ecr', 'repository/dp-sensors-prod-transform') },
      { action: 'ecr:PutImage', resource: arn('ecr', `repository/${names.repository}`) },
      { action: 'logs:PutLogEvents', resource: arn('logs', 'log-group:/dp/sensors-prod/ecs:log-stream:x') },
      { action: 'logs:CreateLogGroup', resource: arn('logs', `log-group:${group}`) },
      { action: 's3:GetObject', resource: `${names.bucketArn('raw')}/inbox/a.csv` },
      { action: 'kms:Decrypt', resource: key },
    ]
    expect(allowed(await judge('ecs-exec', neighbours))).to.equal('')
  })

  const TRUST: readonly { role: RoleName; service: string; source: string; other: string }[] = [
    {
      role: 'ecs-task',
      service: 'ecs-tasks',
      source: 'ecs:REGION:ACCOUNT:task/dp-sensors-dev/1',
      other: 'ecs:us-east-2:ACCOUNT:task/x/1',
    },
    {
      role: 'ecs-exec',
      service: 'ecs-tasks',
      source: 'ecs:REGION:ACCOUNT:task/dp-sensors-dev/1',
      other: 'ecs:us-east-2:ACCOUNT:task/x/1',
    },
    {
      role: 'sfn-worker',
      service: 'states',
      source: 'states:REGION:ACCOUNT:stateMachine:dp-sensors-dev-worker',
      other: 'states:REGION:ACCOUNT:stateMachine:other',
    },
    {
      role: 'sfn-dispatch',
      service: 'states',
      source: 'states:REGION:ACCOUNT:stateMachine:dp-sensors-dev-dispatch',
      other: 'states:REGION:ACCOUNT:stateMachine:other',
    },
    {
      role: 'events',
      service: 'events',
      source: 'events:REGION:ACCOUNT:rule/dp-sensors-dev-object-created',
      other: 'events:REGION:ACCOUNT:rule/other',
    },
  ]
  for (const { other, role, service, source } of TRUST) {
    it(`lets only ${service}, for us, become ${role}`, async () => {
      const fill = (text: string, account = ACCOUNT) =>
        `arn:aws:${text.replace('REGION', REGION).replace('ACCOUNT', account)}`
      const assume = (principal: string, account: string, sourceArn: string) =>
        decide(
          { policies: [], principal, resourcePolicy: deployed.trustPolicy(role) },
          {
            action: 'sts:AssumeRole',
            resource: deployed.aws.names.roleArn(role),
            context: { 'aws:SourceAccount': account, 'aws:SourceArn': sourceArn },
          },
        ).then((verdict) => verdict.allowed)
      const principal = `${service}.amazonaws.com`
      expect(await assume(principal, ACCOUNT, fill(source)), 'ours').to.equal(true)
      expect(await assume(principal, ACCOUNT, fill(other)), 'another resource').to.equal(false)
      expect(await assume(principal, OTHER_ACCOUNT, fill(source, OTHER_ACCOUNT)), 'another account').to.equal(
        false,
      )
      expect(await assume('lambda.amazonaws.com', ACCOUNT, fill(source)), 'another service').to.equal(false)
      expect(await assume(`arn:aws:iam::${ACCOUNT}:user/someone`, ACCOUNT, fill(source)), 'a user').to.equal(
        false,
      )
    })
  }

  it('let EventBridge put what it could not deliver into its queue, encrypted', async () => {
    const { names } = deployed.aws
    const queues = deployed.sent<{ QueueName: string; Attributes: { Policy: string } }>('SQS', 'CreateQueue')
    const queuePolicy =
      queues.find(({ QueueName }) => QueueName === names.queue('events-dlq'))?.Attributes.Policy ?? ''
    const [{ Policy: keyPolicy } = { Policy: '' }] = deployed.sent<{ Policy: string }>('KMS', 'CreateKey')
    const send = (action: string, resource: string, document: string, rule: string) =>
      decide(
        {
          policies: [],
          principal: 'events.amazonaws.com',
          resourcePolicy: JSON.parse(document) as PolicyDocument,
        },
        {
          action,
          resource,
          context: { 'aws:SourceAccount': ACCOUNT, 'aws:SourceArn': arn('events', `rule/${rule}`) },
        },
      ).then((verdict) => verdict.allowed)
    const queue = arn('sqs', names.queue('events-dlq'))
    expect(await send('sqs:SendMessage', queue, queuePolicy, names.rule)).to.equal(true)
    expect(await send('sqs:SendMessage', queue, queuePolicy, 'dp-sensors-prod-object-created')).to.equal(
      false,
    )
    expect(await send('sqs:ReceiveMessage', queue, queuePolicy, names.rule)).to.equal(false)
    for (const action of ['kms:GenerateDataKey', 'kms:Decrypt']) {
      expect(await send(action, key, keyPolicy, names.rule), action).to.equal(true)
      expect(await send(action, key, keyPolicy, 'other'), action).to.equal(false)
    }
    expect(await send('kms:ScheduleKeyDeletion', key, keyPolicy, names.rule)).to.equal(false)
  })

  it('let CloudWatch encrypt the logs of this environment, no other', async () => {
    const { names } = deployed.aws
    const [{ Policy: keyPolicy } = { Policy: '' }] = deployed.sent<{ Policy: string }>('KMS', 'CreateKey')
    const encrypt = (group: string, principal = `logs.${REGION}.amazonaws.com`) =>
      decide(
        { policies: [], principal, resourcePolicy: JSON.parse(keyPolicy) as PolicyDocument },
        {
          action: 'kms:GenerateDataKey',
          resource: key,
          context: { 'kms:EncryptionContext:aws:logs:arn': arn('logs', `log-group:${group}`) },
        },
      ).then((verdict) => verdict.allowed)
    for (const purpose of ['ecs', 'worker', 'dispatch'] as const)
      expect(await encrypt(names.logGroup(purpose)), purpose).to.equal(true)
    expect(await encrypt('/dp/sensors-prod/ecs')).to.equal(false)
    expect(await encrypt('/aws/vendedlogs/states/dp-sensors-prod-worker')).to.equal(false)
    expect(await encrypt(names.logGroup('ecs'), 'logs.us-east-2.amazonaws.com')).to.equal(false)
  })
})
