import { expect } from 'chai'
import type { RoleName } from '../../src/aws/names.js'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { up } from '../../src/operate/provision/up.js'
import { REPORT_PREFIX } from '../../src/pipeline/policies/datasync.js'
import { EVERYTHING, RecordedAccount } from '../support/iam-everything.js'
import { machineRequests, type Machine } from '../support/iam-integrations.js'
import { ACCOUNT, REGION } from '../support/iam-recording.js'
import { decideAll, inWords, type IamRequest } from '../support/iam-simulator.js'

const { signal } = new AbortController()
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`
const all = (service: string, operations: readonly string[], resource: string): IamRequest[] =>
  operations.map((operation) => ({ action: `${service}:${operation}`, resource }))

describe('the roles of an environment with every option on, judged by a simulator', function () {
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
  const through = (service: string): IamRequest['context'] => ({
    'kms:ViaService': `${service}.${REGION}.amazonaws.com`,
  })
  const use = (
    operations: readonly string[],
    context?: IamRequest['context'],
    resource = key,
  ): IamRequest[] =>
    all('kms', operations, resource).map((each) => (context === undefined ? each : { ...each, context }))
  const judge = async (role: RoleName, requests: readonly IamRequest[]) => {
    const verdicts = await decideAll(
      { policies: [document(role, 'PutRolePolicy', 'PolicyDocument')] },
      requests,
    )
    expect(verdicts).to.have.length(requests.length)
    return {
      allowed: verdicts.filter(({ allowed }) => allowed).map(inWords),
      denied: verdicts.filter(({ allowed }) => !allowed).map(inWords),
    }
  }
  const expectAllowed = async (role: RoleName, requests: readonly IamRequest[]) => {
    expect((await judge(role, requests)).denied.join('\n')).to.equal('')
  }
  const expectDenied = async (role: RoleName, requests: readonly IamRequest[]) => {
    expect((await judge(role, requests)).allowed.join('\n')).to.equal('')
  }

  it('let every state machine do what its own definition says, and none what another does', async () => {
    const { facts } = account
    const { names } = account.aws
    interface Created {
      name: string
      definition: string
      roleArn: string
    }
    const machines = sent<Created>('SFN', 'CreateStateMachine').map(({ definition, name, roleArn }) => {
      const machineArn = arn('states', `stateMachine:${name}`)
      return {
        name,
        role: roleArn.split('/').at(-1) ?? '',
        requests: machineRequests(JSON.parse(definition) as Machine, machineArn, names, facts),
      }
    })
    const wanted = ['worker', 'dispatch', 'backfill', 'crawl', 'success-check'] as const
    expect(machines.map(({ name }) => name)).to.have.members(wanted.map((name) => names.stateMachine(name)))
    const policies = new Map(
      sent<{ RoleName: string; PolicyDocument: string }>('IAM', 'PutRolePolicy').map((put) => [
        put.RoleName,
        JSON.parse(put.PolicyDocument) as PolicyDocument,
      ]),
    )
    for (const { name, requests, role } of machines) {
      const policy = policies.get(role)
      const verdicts = await decideAll({ policies: policy === undefined ? [] : [policy] }, requests)
      expect(
        verdicts
          .filter(({ allowed }) => !allowed)
          .map(inWords)
          .join('\n'),
        name,
      ).to.equal('')
      for (const other of machines.filter((each) => each.name !== name)) {
        const shared = new Set(other.requests.map((each) => JSON.stringify(each)))
        const theirs = policies.get(other.role)
        const own = requests.filter((each) => !shared.has(JSON.stringify(each)) && !COMMON.test(each.action))
        const elsewhere = await decideAll({ policies: theirs === undefined ? [] : [theirs] }, own)
        // A child of the backfill looks at the worker as the worker's own callers do.
        expect(
          elsewhere
            .filter(({ allowed }) => allowed)
            .map(inWords)
            .join('\n'),
          `${other.name} as ${name}`,
        ).to.equal('')
      }
    }
  })

  it('deny the machines what is beside', async () => {
    const { names } = account.aws
    const raw = names.bucketArn('raw')
    await expectDenied('sfn-backfill', [
      { action: 's3:GetObject', resource: `${raw}/elsewhere/a.csv` },
      { action: 's3:DeleteObject', resource: `${raw}/inbox/a.csv` },
      { action: 's3:PutObject', resource: `${names.bucketArn('artifacts')}/config/datasets.json` },
      { action: 's3:ListBucket', resource: raw, context: { 's3:prefix': '' } },
      { action: 'states:StartExecution', resource: names.stateMachineArn('dispatch') },
      { action: 'states:RedriveExecution', resource: arn('states', 'execution:dp-sensors-dev-worker:x') },
      {
        action: 'states:DescribeMapRun',
        resource: arn('states', 'mapRun:dp-sensors-prod-backfill/Objects:x'),
      },
      { action: 'ecs:RunTask', resource: arn('ecs', `task-definition/${names.taskFamily}:1`) },
      ...use(['Decrypt'], through('sqs')),
    ])
    await expectDenied('sfn-crawl', [
      { action: 'glue:StartCrawler', resource: arn('glue', 'crawler/dp-sensors-prod-crawler') },
      { action: 'glue:UpdateCrawler', resource: arn('glue', `crawler/${names.crawler}`) },
      { action: 'glue:StartJobRun', resource: arn('glue', `job/${names.sparkJob}`) },
      { action: 'iam:PassRole', resource: names.roleArn('glue') },
    ])
    await expectDenied('sfn-success-check', [
      { action: 'states:StartExecution', resource: names.stateMachineArn('worker') },
      { action: 'states:ListExecutions', resource: names.stateMachineArn('dispatch') },
      { action: 'sns:Publish', resource: arn('sns', 'dp-sensors-prod-alerts') },
      { action: 'sns:Subscribe', resource: arn('sns', names.topic) },
    ])
  })

  it('let each schedule start its one machine, and leave word where that fails', async () => {
    const { names } = account.aws
    const start = (machine: 'backfill' | 'success-check' | 'worker'): IamRequest => ({
      action: 'states:StartExecution',
      resource: names.stateMachineArn(machine),
    })
    const queue = arn('sqs', names.queue('events-dlq'))
    const word: IamRequest[] = [
      { action: 'sqs:SendMessage', resource: queue },
      ...use(['GenerateDataKey', 'Decrypt'], through('sqs')),
    ]
    await expectAllowed('scheduler', [start('backfill'), ...word])
    await expectAllowed('scheduler-check', [start('success-check'), ...word])
    const further: IamRequest[] = [
      start('worker'),
      { action: 'sqs:ReceiveMessage', resource: queue },
      { action: 'sqs:SendMessage', resource: arn('sqs', names.queue('failed')) },
      ...use(['Decrypt']),
    ]
    await expectDenied('scheduler', [start('success-check'), ...further])
    await expectDenied('scheduler-check', [start('backfill'), ...further])
    interface Created {
      Name: string
      Target: { Arn: string; RoleArn: string }
    }
    const targets = sent<Created>('Scheduler', 'CreateSchedule').map(({ Target }) => [
      Target.Arn,
      Target.RoleArn,
    ])
    expect(targets).to.have.deep.members([
      [names.stateMachineArn('backfill'), names.roleArn('scheduler')],
      [names.stateMachineArn('success-check'), names.roleArn('scheduler-check')],
    ])
  })

  it('let the build read its bundle, push one image and write one log', async () => {
    const { names } = account.aws
    const repository = arn('ecr', `repository/${names.repository}`)
    const bundle = `${names.bucketArn('artifacts')}/source/x.zip`
    const stream = arn('logs', `log-group:${names.codeBuildLogGroup}:log-stream:x`)
    const push = ['BatchCheckLayerAvailability', 'InitiateLayerUpload', 'UploadLayerPart']
    await expectAllowed('codebuild', [
      { action: 'ecr:GetAuthorizationToken', resource: '*' },
      ...all('ecr', [...push, 'CompleteLayerUpload', 'PutImage'], repository),
      ...all('s3', ['GetObject', 'GetObjectVersion'], bundle),
      ...all('logs', ['CreateLogStream', 'PutLogEvents'], stream),
      ...use(['Decrypt'], through('s3')),
    ])
    await expectDenied('codebuild', [
      ...all('ecr', ['BatchDeleteImage', 'DeleteRepository', 'SetRepositoryPolicy'], repository),
      { action: 'ecr:PutImage', resource: arn('ecr', 'repository/dp-sensors-prod-transform') },
      { action: 's3:PutObject', resource: bundle },
      { action: 's3:GetObject', resource: `${names.bucketArn('artifacts')}/config/datasets.json` },
      { action: 's3:GetObject', resource: `${names.bucketArn('raw')}/inbox/a.csv` },
      { action: 'logs:PutLogEvents', resource: arn('logs', 'log-group:other:log-stream:x') },
      ...use(['Decrypt'], through('s3'), arn('kms', 'key/other')),
      { action: 'iam:PassRole', resource: names.roleArn('ecs-task') },
      { action: 'codebuild:StartBuild', resource: arn('codebuild', `project/${names.imageProject}`) },
    ])
  })

  it('let DataSync write into the inbox and its reports, and read the one password', async () => {
    const { names } = account.aws
    const { secretArn, secretKeyArn } = EVERYTHING.datasync.location
    const raw = names.bucketArn('raw')
    const object = `${raw}/inbox/temperature/a.csv`
    const report = `${names.bucketArn('artifacts')}/${REPORT_PREFIX}/x.json`
    const writes = ['PutObject', 'AbortMultipartUpload', 'ListMultipartUploadParts']
    const reads = ['GetObject', 'GetObjectTagging', 'PutObjectTagging']
    await expectAllowed('datasync', [
      ...all('s3', ['GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'], raw),
      ...all('s3', [...writes, ...reads], object),
      ...all('s3', writes, report),
      ...use(['GenerateDataKey', 'Decrypt', 'Encrypt'], through('s3')),
      { action: 'secretsmanager:GetSecretValue', resource: secretArn },
      ...use(['Decrypt'], through('secretsmanager'), secretKeyArn),
    ])
    await expectDenied('datasync', [
      ...all('s3', ['DeleteObject', 'DeleteObjectVersion'], object),
      { action: 's3:PutObject', resource: `${raw}/elsewhere/a.csv` },
      { action: 's3:PutObject', resource: `${names.bucketArn('artifacts')}/config/datasets.json` },
      { action: 's3:GetObject', resource: `${names.bucketArn('transformed')}/temperature/a.parquet` },
      { action: 's3:PutBucketPolicy', resource: raw },
      {
        action: 'secretsmanager:GetSecretValue',
        resource: secretArn.replace(':secret:files', ':secret:other'),
      },
      { action: 'secretsmanager:PutSecretValue', resource: secretArn },
      ...use(['Decrypt'], undefined, secretKeyArn),
      ...use(['Decrypt'], through('s3'), secretKeyArn),
      ...use(['Decrypt', 'Encrypt']),
    ])
  })

  it('let crawler and Spark job work on this catalog and these buckets', async () => {
    const { names } = account.aws
    const table = arn('glue', `table/${names.database}/temperature`)
    const log = arn('logs', 'log-group:/aws-glue/jobs/x:log-stream:y')
    const reads = ['GetTable', 'GetTables', 'GetPartitions', 'BatchGetPartition']
    const [raw, transformed, artifacts] = [
      names.bucketArn('raw'),
      names.bucketArn('transformed'),
      names.bucketArn('artifacts'),
    ]
    await expectAllowed('glue', [
      ...all(
        'glue',
        [...reads, 'CreateTable', 'UpdateTable', 'BatchCreatePartition', 'UpdatePartition'],
        table,
      ),
      { action: 'glue:GetDatabase', resource: arn('glue', `database/${names.database}`) },
      { action: 'glue:GetDatabase', resource: arn('glue', 'database/default') },
      { action: 'glue:GetSecurityConfiguration', resource: '*' },
      { action: 's3:GetObject', resource: `${raw}/inbox/temperature/a.csv` },
      { action: 's3:GetObjectVersion', resource: `${raw}/inbox/temperature/a.csv` },
      ...all('s3', ['GetObject', 'PutObject', 'DeleteObject'], `${transformed}/temperature/a.parquet`),
      { action: 's3:GetObject', resource: `${artifacts}/scripts/transform.py` },
      ...all('s3', ['GetObject', 'PutObject'], `${artifacts}/spark-temp/x`),
      ...all('logs', ['CreateLogStream', 'PutLogEvents'], log),
      { action: 'logs:AssociateKmsKey', resource: arn('logs', 'log-group:/aws-glue/jobs/x') },
      { action: 'cloudwatch:PutMetricData', resource: '*', context: { 'cloudwatch:namespace': 'Glue' } },
      ...use(['Decrypt', 'Encrypt', 'GenerateDataKey']),
    ])
    await expectDenied('glue', [
      { action: 'glue:UpdateTable', resource: arn('glue', 'table/dp_sensors_prod/temperature') },
      { action: 'glue:DeleteDatabase', resource: arn('glue', `database/${names.database}`) },
      { action: 'glue:CreateTable', resource: arn('glue', 'table/default/x') },
      { action: 'glue:StartJobRun', resource: arn('glue', `job/${names.sparkJob}`) },
      ...all('s3', ['PutObject', 'DeleteObject'], `${raw}/inbox/temperature/a.csv`),
      { action: 's3:PutObject', resource: `${artifacts}/scripts/transform.py` },
      { action: 's3:GetObject', resource: `${artifacts}/source/x.zip` },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::someone-elses/a' },
      { action: 'logs:PutLogEvents', resource: arn('logs', 'log-group:/dp/sensors-dev/ecs:log-stream:x') },
      { action: 'cloudwatch:PutMetricData', resource: '*', context: { 'cloudwatch:namespace': 'AWS/ECS' } },
      ...use(['Decrypt'], undefined, arn('kms', 'key/other')),
      { action: 'iam:PassRole', resource: names.roleArn('glue') },
    ])
  })
})

/** Every machine has its log delivery and its traces, and the logs of all are encrypted alike. */
const COMMON = /^(logs|xray|kms|sns|sqs|s3):/
