import { expect } from 'chai'
import type { ApiCall } from '../../src/aws/clients.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { MANAGED_POLICY_LIMIT } from '../../src/operate/iam/documents.js'
import { iamPolicy, type Principal } from '../../src/operate/iam/policy.js'
import { down } from '../../src/operate/provision/down.js'
import { plan } from '../../src/operate/provision/plan.js'
import { status } from '../../src/operate/provision/status.js'
import { up } from '../../src/operate/provision/up.js'
import { CHANGED, EVERYTHING, RecordedAccount } from '../support/iam-everything.js'
import { ACCOUNT, REGION } from '../support/iam-recording.js'
import { requestsOf } from '../support/iam-requests.js'
import { decideAll, inWords, type IamRequest, type Verdict } from '../support/iam-simulator.js'

const request = { signal: new AbortController().signal, onEvent: () => undefined }
type Step = 'up' | 'unchanged' | 'plan' | 'status' | 'changed' | 'down'
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`
const global = (service: string, resource: string) => `arn:aws:${service}::${ACCOUNT}:${resource}`
const denied = (verdicts: readonly Verdict[]) =>
  verdicts
    .filter(({ allowed }) => !allowed)
    .map(inWords)
    .join('\n')
const allowed = (verdicts: readonly Verdict[]) =>
  verdicts
    .filter((verdict) => verdict.allowed)
    .map(inWords)
    .join('\n')
const THEIRS = { 'aws:ResourceTag/datapipe:project': 'sensors', 'aws:ResourceTag/datapipe:env': 'prod' }

describe('the policies for an environment with every option on, judged by a simulator', function () {
  this.timeout(240_000)
  let account: RecordedAccount
  const recorded = {} as Record<Step, ApiCall[]>

  before(async () => {
    account = await RecordedAccount.create()
    const { aws } = account
    const everything = account.environment(EVERYTHING)
    const changed = account.environment(CHANGED)
    await account.activateAgent()
    recorded.up = await account.record(() => up(aws, everything, request))
    recorded.unchanged = await account.record(() => up(aws, everything, request))
    recorded.plan = await account.record(() => plan(aws, everything, request))
    recorded.status = await account.record(() => status(aws, everything, request))
    recorded.changed = await account.record(() => up(aws, changed, request))
    account.datasync.startTask()
    recorded.down = await account.record(() => down(aws, changed, { ...request, deleteData: true }))
  })
  after(() => account.remove())

  /** A changed configuration is deployed with the policies of before and after. */
  const policiesFor = (principal: Principal, ...settings: object[]): PolicyDocument[] =>
    settings.flatMap((each) =>
      iamPolicy(account.aws, account.environment(each), principal).documents.map(({ document }) => document),
    )
  const requests = (...steps: Step[]) =>
    steps.flatMap((step) =>
      recorded[step].flatMap((call) => requestsOf(call, account.aws.names, account.facts)),
    )

  for (const step of ['up', 'unchanged', 'plan', 'status'] as const) {
    it(`let the deployer make every call of ${step}`, async () => {
      const verdicts = await decideAll({ policies: policiesFor('deployer', EVERYTHING) }, requests(step))
      expect(denied(verdicts)).to.equal('')
      expect(verdicts.length).to.be.greaterThan(200)
    })
  }

  it('let the deployer change something in every part, and switch the way out', async () => {
    const caller = { policies: policiesFor('deployer', EVERYTHING, CHANGED) }
    expect(denied(await decideAll(caller, requests('changed')))).to.equal('')
    const called = new Set(recorded.changed.map(({ operation }) => operation))
    const updates = ['UpdateBudget', 'UpdateCrawler', 'UpdateJob', 'UpdateSchedule', 'UpdateTask']
    const further = ['UpdateLocationSmb', 'UpdateNamedQuery', 'UpdateProject', 'UpdateStateMachine']
    expect([...called]).to.include.members([...updates, ...further, 'CreateVpcEndpoint', 'DeleteNatGateway'])
  })

  it('let the deployer take it all down', async () => {
    const verdicts = await decideAll({ policies: policiesFor('deployer', CHANGED) }, requests('down'))
    expect(denied(verdicts)).to.equal('')
    expect(recorded.down.map(({ operation }) => operation)).to.include.members([
      'CancelTaskExecution',
      'DeleteAgent',
      'DeleteBudget',
      'DeleteCrawler',
      'DeleteJob',
      'DeleteNamedQuery',
      'DeleteProject',
      'DeleteSecurityConfiguration',
    ])
  })

  it('hand every role to the service that it is for', () => {
    const passed = requests('up').filter(({ action }) => action === 'iam:PassRole')
    const services = new Set(passed.map(({ context }) => context?.['iam:PassedToService']))
    const expected = ['codebuild', 'datasync', 'ecs-tasks', 'events', 'glue', 'scheduler', 'states']
    expect([...services].sort()).to.deep.equal(expected.map((name) => `${name}.amazonaws.com`))
  })

  it('let the operator plan and look, and change nothing of what up and down change', async () => {
    const caller = { policies: policiesFor('operator', EVERYTHING) }
    expect(denied(await decideAll(caller, requests('plan', 'status')))).to.equal('')
    const reads = /:(BatchGet|Describe|Get|List|View)/
    const key = /^kms:(Decrypt|GenerateDataKey)$/
    const changing = requests('up', 'changed', 'down').filter(
      ({ action }) => !reads.test(action) && !key.test(action),
    )
    const verdicts = await decideAll(caller, changing)
    expect(verdicts.length).to.be.greaterThan(200)
    expect(allowed(verdicts)).to.equal('')
  })

  for (const env of ['prod', 'dev-2']) {
    it(`deny the same calls on ${env}, beside it`, async () => {
      const { tags } = account.facts
      const foreign = requests('up', 'changed', 'down')
        .filter(isAboutUs)
        .map((each) => beside(each, env))
      const verdicts = await decideAll({ policies: policiesFor('deployer', EVERYTHING) }, foreign)
      expect(verdicts.length).to.be.greaterThan(300)
      expect(tags.size).to.be.greaterThan(30)
      const wrong = verdicts.filter((verdict) => verdict.allowed && !SEES_OR_RETURNS.test(verdict.action))
      expect(wrong.map(inWords).join('\n')).to.equal('')
    })
  }

  it('deny what would reach further', async () => {
    const { names } = account.aws
    const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`
    const pass = (resource: string, service: string): IamRequest => ({
      action: 'iam:PassRole',
      resource,
      context: { 'iam:PassedToService': `${service}.amazonaws.com` },
    })
    const neighbours: IamRequest[] = [
      // Roles of others, and ours to others.
      pass(role('Administrator'), 'codebuild'),
      pass(role('Administrator'), 'glue'),
      pass(role('dp-sensors-prod-datasync-eun1'), 'datasync'),
      pass(names.roleArn('datasync'), 'glue'),
      pass(names.roleArn('codebuild'), 'lambda'),
      pass(names.roleArn('glue'), 'ecs-tasks'),
      pass(names.roleArn('scheduler'), 'states'),
      // Other buckets, keys, queues, tables, secrets.
      { action: 's3:PutBucketPolicy', resource: 'arn:aws:s3:::someone-elses' },
      { action: 's3:DeleteObjectVersion', resource: 'arn:aws:s3:::someone-elses/a' },
      { action: 'kms:PutKeyPolicy', resource: arn('kms', 'key/other'), context: THEIRS },
      { action: 'sqs:PurgeQueue', resource: arn('sqs', 'dp-sensors-prod-failed') },
      { action: 'sqs:ReceiveMessage', resource: arn('sqs', names.queue('failed')) },
      { action: 'glue:DeleteTable', resource: arn('glue', 'table/other/temperature') },
      { action: 'secretsmanager:GetSecretValue', resource: EVERYTHING.datasync.location.secretArn },
      // What costs, or runs code with a role.
      { action: 'glue:StartJobRun', resource: arn('glue', `job/${names.sparkJob}`) },
      { action: 'glue:UpdateJob', resource: arn('glue', 'job/other') },
      { action: 'glue:DeleteCrawler', resource: arn('glue', 'crawler/other') },
      { action: 'codebuild:StartBuild', resource: arn('codebuild', 'project/other') },
      { action: 'codebuild:UpdateProject', resource: arn('codebuild', 'project/dp-sensors-dev-image2') },
      { action: 'logs:GetLogEvents', resource: arn('logs', 'log-group:other:log-stream:x') },
      { action: 'ecr:PutImage', resource: arn('ecr', `repository/${names.repository}`) },
      { action: 'ecr:BatchDeleteImage', resource: arn('ecr', 'repository/other') },
      { action: 'scheduler:CreateSchedule', resource: arn('scheduler', 'schedule/default/other') },
      { action: 'scheduler:DeleteScheduleGroup', resource: arn('scheduler', 'schedule-group/default') },
      { action: 'budgets:ModifyBudget', resource: global('budgets', 'budget/other') },
      { action: 'cloudwatch:DeleteDashboards', resource: global('cloudwatch', 'dashboard/other') },
      { action: 'cloudwatch:DeleteAlarms', resource: arn('cloudwatch', 'alarm:other') },
      { action: 'athena:DeleteWorkGroup', resource: arn('athena', 'workgroup/primary') },
      { action: 'athena:DeleteNamedQuery', resource: arn('athena', 'workgroup/primary') },
      // DataSync: others' things, and new things without our tags.
      ...['agent', 'location', 'task'].map((kind) => ({
        action: `datasync:Delete${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
        resource: arn('datasync', `${kind}/other`),
        context: THEIRS,
      })),
      { action: 'datasync:StartTaskExecution', resource: arn('datasync', 'task/other'), context: THEIRS },
      { action: 'datasync:CreateAgent', resource: '*' },
      { action: 'datasync:CreateLocationS3', resource: '*' },
      // Making somebody else's ours by tagging it.
      { action: 'datasync:TagResource', resource: arn('datasync', 'task/other') },
      { action: 'ec2:CreateTags', resource: arn('ec2', 'natgateway/nat-1'), context: THEIRS },
      { action: 'ec2:DeleteNatGateway', resource: arn('ec2', 'natgateway/nat-1'), context: THEIRS },
      { action: 'ec2:ReleaseAddress', resource: arn('ec2', 'elastic-ip/eipalloc-1'), context: THEIRS },
      { action: 'ec2:DeleteVpcEndpoints', resource: arn('ec2', 'vpc-endpoint/vpce-1'), context: THEIRS },
      { action: 'ec2:DeleteNetworkAcl', resource: arn('ec2', 'network-acl/acl-1'), context: THEIRS },
      { action: 'ec2:DeleteFlowLogs', resource: arn('ec2', 'vpc-flow-log/fl-1'), context: THEIRS },
    ]
    const verdicts = await decideAll({ policies: policiesFor('deployer', EVERYTHING) }, neighbours)
    expect(allowed(verdicts)).to.equal('')
    expect(verdicts).to.have.length(neighbours.length)
  })

  it('make none of its roles without the permissions boundary, when there is one', async () => {
    const permissionsBoundary = `arn:aws:iam::${ACCOUNT}:policy/boundary`
    const policies = policiesFor('deployer', { ...EVERYTHING, permissionsBoundary })
    const roles = requests('up').filter(({ action }) => action === 'iam:CreateRole')
    expect(roles.length).to.be.greaterThan(10)
    const withBoundary = (boundary?: string) =>
      roles.map(({ action, context, resource }) => ({
        action,
        resource,
        context: {
          ...context,
          ...(boundary === undefined ? {} : { 'iam:PermissionsBoundary': boundary }),
        },
      }))
    expect(denied(await decideAll({ policies }, withBoundary(permissionsBoundary)))).to.equal('')
    expect(allowed(await decideAll({ policies }, withBoundary()))).to.equal('')
    const other = 'arn:aws:iam::aws:policy/AdministratorAccess'
    expect(allowed(await decideAll({ policies }, withBoundary(other)))).to.equal('')
  })

  it('lets an agent of another environment be used where the configuration names it, not changed', async () => {
    const agent = arn('datasync', 'agent/agent-0123456789abcdef0')
    const shared = { ...EVERYTHING, datasync: { ...EVERYTHING.datasync, agent } }
    const on = (operation: string): IamRequest => ({
      action: `datasync:${operation}`,
      resource: agent,
      context: THEIRS,
    })
    const caller = { policies: policiesFor('deployer', shared) }
    expect(denied(await decideAll(caller, [on('DescribeAgent'), on('CreateTask')]))).to.equal('')
    expect(allowed(await decideAll(caller, [on('DeleteAgent'), on('UpdateAgent')]))).to.equal('')
    const without = { policies: policiesFor('deployer', EVERYTHING) }
    expect(allowed(await decideAll(without, [on('DescribeAgent'), on('CreateTask')]))).to.equal('')
  })

  it('fit into managed policies, of which a role takes ten, and explain every wildcard', () => {
    for (const principal of ['deployer', 'operator', 'upload'] as const) {
      for (const settings of [EVERYTHING, CHANGED]) {
        const { documents, wildcards } = iamPolicy(account.aws, account.environment(settings), principal)
        expect(documents.length, principal).to.be.at.most(10)
        for (const { characters, name } of documents)
          expect(characters, name).to.be.at.most(MANAGED_POLICY_LIMIT)
        const unexplained = wildcards.filter(({ reason }) => reason === '')
        expect(unexplained, principal).to.deep.equal([])
      }
    }
  })

  it('are judged by a table that knows every call, or says so', () => {
    const { names } = account.aws
    const look = (service: string, operation: string, input: object) => () =>
      requestsOf({ service, operation, input }, names, account.facts)
    expect(look('Lambda', 'CreateFunction', { FunctionName: 'x' })).to.throw(
      'What does lambda:CreateFunction',
    )
    expect(look('DataSync', 'UpdateTaskExecution', {})).to.throw('What does datasync:UpdateTaskExecution')
    expect(look('Glue', 'GetJob', {})).to.throw('What does glue:GetJob')
    const Role = names.roleArn('glue')
    expect(look('SNS', 'Publish', { TopicArn: arn('sns', names.topic), Role })).to.throw('Which service gets')
  })

  it('notice a call that IAM does not know', async () => {
    const call = { service: 'Glue', operation: 'InventJob', input: { Name: 'x' } }
    const asked = requestsOf(call, account.aws.names, account.facts)
    const error = await decideAll({ policies: [] }, asked).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(Error)
  })
})

/** What reads by the beginning of names, or gives a subnet back to the ACL that AWS made: it carries no tags. */
const SEES_OR_RETURNS =
  /^(iam:ListRoleTags|scheduler:ListTagsForResource|ec2:ReplaceNetworkAclAssociation|iam:RemoveRoleFromInstanceProfile)$/

/** Those that name the environment, or go by its tags. */
function isAboutUs({ action, context, resource }: IamRequest): boolean {
  // There is one catalog for all.
  if (action.startsWith('sts:') || resource.endsWith(':catalog')) return false
  const tagged = Object.keys(context ?? {}).some((key) =>
    /^aws:(Resource|Request)Tag\/datapipe:env$/.test(key),
  )
  return /dp[-_]sensors[-_]dev|\/dp\/sensors-dev/.test(resource) || tagged
}

function beside(each: IamRequest, env: string): IamRequest {
  const text = JSON.stringify(each)
    .replaceAll('dp-sensors-dev', `dp-sensors-${env}`)
    .replaceAll('dp_sensors_dev', `dp_sensors_${env.replace('-', '_')}`)
    .replaceAll('/dp/sensors-dev/', `/dp/sensors-${env}/`)
    .replaceAll('Tag/datapipe:env":"dev"', `Tag/datapipe:env":"${env}"`)
  return JSON.parse(text) as IamRequest
}
