import { expect } from 'chai'
import type { ApiCall } from '../../src/aws/clients.js'
import type { AwsContext } from '../../src/aws/context.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { configSchema, type Environment } from '../../src/config/schema.js'
import { iamPolicy, type Principal } from '../../src/operate/iam/policy.js'
import { down } from '../../src/operate/provision/down.js'
import { plan } from '../../src/operate/provision/plan.js'
import { status } from '../../src/operate/provision/status.js'
import { up } from '../../src/operate/provision/up.js'
import {
  ACCOUNT,
  NOTHING,
  readFacts,
  recordingContext,
  REGION,
  type Facts,
} from '../support/iam-recording.js'
import { requestsOf } from '../support/iam-requests.js'
import { decideAll, inWords, type IamRequest, type Verdict } from '../support/iam-simulator.js'
import { startMoto, type Moto } from '../support/moto.js'

const TAGS = { 'datapipe:project': 'sensors', 'datapipe:env': 'dev' }
const OTHER_TAGS = { 'datapipe:project': 'sensors', 'datapipe:env': 'prod' }
const prefixed = (prefix: string, tags: Record<string, string>) =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key}`, value]))
const ours = prefixed('aws:ResourceTag', TAGS)
const theirs = prefixed('aws:ResourceTag', OTHER_TAGS)

/** What a change of the configuration, and a change by hand, make `up` repair: updates are called too. */
const CHANGES: object[] = [
  { compute: { logRetentionDays: 90 } },
  { query: { maxScanBytes: 20_000_000_000 }, notify: { email: [] } },
]

describe('the deployer policy, judged by a simulator', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext
  let environment: Environment
  let facts: Facts = NOTHING
  const calls: ApiCall[] = []
  const recorded: Record<'up' | 'plan' | 'status' | 'down', ApiCall[]> = {
    up: [],
    plan: [],
    status: [],
    down: [],
  }
  const request = { signal: new AbortController().signal, onEvent: () => undefined }

  const resolve = (settings: object) =>
    resolveEnvironment(
      configSchema.parse({ project: 'sensors', notify: { email: ['ops@example.com'] }, ...settings }),
      'dev',
    )
  const record = async (name: keyof typeof recorded, action: () => Promise<unknown>) => {
    calls.length = 0
    await action()
    recorded[name].push(...calls)
  }

  before(async () => {
    moto = await startMoto()
    aws = recordingContext(moto.endpoint, calls)
    environment = resolve({})
    await record('up', () => up(aws, environment, request))
    facts = await readFacts(moto.endpoint)
    for (const change of CHANGES) await record('up', () => up(aws, resolve(change), request))
    await record('plan', () => plan(aws, environment, request))
    await record('status', () => status(aws, environment, request))
    await record('down', () => down(aws, environment, { ...request, deleteData: true }))
  })
  after(async () => {
    aws.clients.destroy()
    await moto.stop()
  })

  const documentsFor = (principal: Principal): PolicyDocument[] =>
    iamPolicy(aws, environment, principal).documents.map(({ document }) => document)
  const judge = (principal: Principal, requests: readonly IamRequest[]): Promise<Verdict[]> =>
    decideAll({ policies: documentsFor(principal) }, requests)
  const denied = (verdicts: readonly Verdict[]) => verdicts.filter(({ allowed }) => !allowed).map(inWords)
  const requestsOfAll = (recordedCalls: readonly ApiCall[]) =>
    recordedCalls.filter(isRealCall).flatMap((call) => requestsOf(call, aws.names, facts))

  for (const name of ['up', 'plan', 'status', 'down'] as const) {
    it(`allows every call of ${name}`, async () => {
      const requests = requestsOfAll(recorded[name])
      expect(recorded[name].length).to.be.greaterThan(50)
      const verdicts = await judge('deployer', requests)
      expect(denied(verdicts).join('\n')).to.equal('')
      expect(verdicts.length).to.be.greaterThan(20)
    })
  }

  for (const name of ['plan', 'status'] as const) {
    it(`lets the operator ${name}, too`, async () => {
      expect(denied(await judge('operator', requestsOfAll(recorded[name]))).join('\n')).to.equal('')
    })
  }

  it('lets the operator change nothing of what up and down change', async () => {
    const changing = requestsOfAll([...recorded.up, ...recorded.down]).filter(
      ({ action }) => !/:(Describe|Get|List|GenerateDataKey|Decrypt)/.test(action),
    )
    const verdicts = await judge('operator', changing)
    expect(verdicts.length).to.be.greaterThan(50)
    expect(verdicts.filter(({ allowed }) => allowed).map(inWords)).to.deep.equal([])
  })

  it('denies the same calls on the environment beside', async () => {
    const text = JSON.stringify(requestsOfAll([...recorded.up, ...recorded.down]).filter(isAboutNames))
    // dev-2 begins with the same name, and prod has the same kinds of names.
    for (const env of ['prod', 'dev-2']) {
      const other = text
        .replaceAll('dp-sensors-dev', `dp-sensors-${env}`)
        .replaceAll('dp_sensors_dev', `dp_sensors_${env.replace('-', '_')}`)
        .replaceAll('/dp/sensors-dev/', `/dp/sensors-${env}/`)
      const verdicts = await judge('deployer', JSON.parse(other) as IamRequest[])
      expect(verdicts.length).to.be.greaterThan(100)
      const wrong = verdicts.filter(({ action, allowed }) => allowed && !seesOnly(action)).map(inWords)
      expect(wrong, env).to.deep.equal([])
    }
  })

  it('denies what would reach further', async () => {
    const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`
    const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`
    const { names } = aws
    const neighbours: IamRequest[] = [
      // Another environment's network, by its tags; and what carries none.
      ...['vpc', 'subnet', 'route-table', 'security-group', 'internet-gateway'].flatMap((type) => {
        const action = `ec2:Delete${type === 'route-table' ? 'RouteTable' : type === 'vpc' ? 'Vpc' : type === 'subnet' ? 'Subnet' : type === 'security-group' ? 'SecurityGroup' : 'InternetGateway'}`
        const resource = arn('ec2', `${type}/${type}-1`)
        return [
          { action, resource, context: theirs },
          { action, resource },
        ]
      }),
      {
        action: 'ec2:AuthorizeSecurityGroupIngress',
        resource: arn('ec2', 'security-group/sg-1'),
        context: theirs,
      },
      { action: 'ec2:CreateVpc', resource: arn('ec2', 'vpc/being-created') },
      {
        action: 'ec2:CreateVpc',
        resource: arn('ec2', 'vpc/being-created'),
        context: prefixed('aws:RequestTag', OTHER_TAGS),
      },
      { action: 'ec2:CreateSubnet', resource: arn('ec2', 'vpc/vpc-1'), context: theirs },
      // Making somebody else's ours by tagging it.
      {
        action: 'ec2:CreateTags',
        resource: arn('ec2', 'vpc/vpc-1'),
        context: { ...theirs, ...prefixed('aws:RequestTag', TAGS) },
      },
      {
        action: 'ec2:CreateTags',
        resource: arn('ec2', 'vpc/vpc-1'),
        context: prefixed('aws:RequestTag', TAGS),
      },
      { action: 'ec2:RunInstances', resource: arn('ec2', 'instance/i-1'), context: ours },
      { action: 'ec2:TerminateInstances', resource: arn('ec2', 'instance/i-1'), context: ours },
      // Other keys; and grants that are for no AWS resource.
      ...['Decrypt', 'GenerateDataKey', 'ScheduleKeyDeletion', 'PutKeyPolicy'].flatMap((operation) => [
        { action: `kms:${operation}`, resource: arn('kms', 'key/other'), context: theirs },
        { action: `kms:${operation}`, resource: arn('kms', 'key/other') },
      ]),
      { action: 'kms:CreateGrant', resource: arn('kms', 'key/ours'), context: ours },
      { action: 'kms:CreateKey', resource: '*', context: prefixed('aws:RequestTag', OTHER_TAGS) },
      { action: 'kms:UpdateAlias', resource: arn('kms', 'alias/dp-sensors-prod') },
      // Roles: more rights, other roles, other services.
      {
        action: 'iam:AttachRolePolicy',
        resource: names.roleArn('ecs-task'),
        context: { 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
      { action: 'iam:DeleteRolePermissionsBoundary', resource: names.roleArn('ecs-task') },
      { action: 'iam:PutRolePolicy', resource: role('Administrator') },
      { action: 'iam:CreateRole', resource: role('dp-sensors-prod-ecs-task-eun1') },
      { action: 'iam:CreateRole', resource: role('dp-sensors-dev-mine-eun1') },
      {
        action: 'iam:PassRole',
        resource: role('Administrator'),
        context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      },
      {
        action: 'iam:PassRole',
        resource: names.roleArn('ecs-task'),
        context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      },
      {
        action: 'iam:PassRole',
        resource: names.roleArn('ecs-task'),
        context: { 'iam:PassedToService': 'states.amazonaws.com' },
      },
      {
        action: 'iam:CreateServiceLinkedRole',
        resource: role('aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot'),
        context: { 'iam:AWSServiceName': 'spot.amazonaws.com' },
      },
      { action: 'iam:CreateUser', resource: `arn:aws:iam::${ACCOUNT}:user/me` },
      { action: 'iam:CreateAccessKey', resource: `arn:aws:iam::${ACCOUNT}:user/me` },
      { action: 'sts:AssumeRole', resource: names.roleArn('ecs-task') },
      // Data: what is in the buckets is not the deployer's to read.
      { action: 's3:GetObject', resource: `${names.bucketArn('raw')}/inbox/temperature/a.csv` },
      { action: 's3:PutObject', resource: `${names.bucketArn('transformed')}/temperature/a.parquet` },
      { action: 's3:DeleteBucket', resource: 'arn:aws:s3:::someone-elses' },
      { action: 'glue:DeleteDatabase', resource: arn('glue', 'database/dp_sensors_prod') },
      { action: 'glue:DeleteTable', resource: arn('glue', 'table/dp_sensors_prod/temperature') },
      { action: 'sqs:DeleteQueue', resource: arn('sqs', 'dp-sensors-prod-failed') },
      { action: 'states:DeleteStateMachine', resource: arn('states', 'stateMachine:dp-sensors-prod-worker') },
      { action: 'states:StartExecution', resource: names.stateMachineArn('worker') },
      { action: 'ecs:RunTask', resource: arn('ecs', 'task-definition/dp-sensors-dev-transform:1') },
      {
        action: 'ecs:ListTasks',
        resource: arn('ecs', 'container-instance/dp-sensors-prod/any'),
        context: { 'ecs:cluster': arn('ecs', 'cluster/dp-sensors-prod') },
      },
    ]
    const verdicts = await judge('deployer', neighbours)
    expect(verdicts).to.have.length(neighbours.length)
    expect(verdicts.filter(({ allowed }) => allowed).map(inWords)).to.deep.equal([])
  })

  it('makes no role without the permissions boundary, when there is one', async () => {
    const permissionsBoundary = `arn:aws:iam::${ACCOUNT}:policy/boundary`
    const policies = iamPolicy(aws, resolve({ permissionsBoundary }), 'deployer').documents.map(
      ({ document }) => document,
    )
    const resource = aws.names.roleArn('ecs-task')
    const context = { 'iam:PermissionsBoundary': permissionsBoundary }
    const other = { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' }
    for (const action of ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary']) {
      const verdicts = await decideAll({ policies }, [
        { action, resource, context },
        { action, resource, context: other },
        { action, resource },
      ])
      expect(
        verdicts.map(({ allowed }) => allowed),
        action,
      ).to.deep.equal([true, false, false])
    }
  })
})

/**
 * Calls that only an emulator gets: moto keeps the tags of what it deleted, so datapipe takes them off there (see
 * `aws.emulated` in those classes).
 */
function isRealCall({ operation, service }: ApiCall): boolean {
  return !(operation === 'UntagResource' && (service === 'ECS' || service === 'Glue'))
}

/** Not those that name nothing of the environment: they are the same for every environment. */
function isAboutNames({ action, resource }: IamRequest): boolean {
  return (
    resource !== '*' && /dp[-_]sensors[-_]dev|\/dp\/sensors-dev/.test(resource) && !action.startsWith('sts:')
  )
}

/** Roles and schedule groups of an earlier configuration are found by the beginning of their names. */
function seesOnly(action: string): boolean {
  return action === 'iam:ListRoleTags' || action === 'scheduler:ListTagsForResource'
}
