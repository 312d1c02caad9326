import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EC2Client } from '@aws-sdk/client-ec2'
import { GlueClient } from '@aws-sdk/client-glue'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import type { ApiCall } from '../../src/aws/clients.js'
import { compact } from '../../src/operate/compact/compact.js'
import { S3LeaseStore } from '../../src/aws/s3-lease-store.js'
import { crawl } from '../../src/operate/crawl/crawl.js'
import { activate } from '../../src/operate/datasync/activate.js'
import { transfer } from '../../src/operate/datasync/run.js'
import { datasyncStatus } from '../../src/operate/datasync/status.js'
import { drift } from '../../src/operate/drift/drift.js'
import { history } from '../../src/operate/history/history.js'
import { findRun } from '../../src/operate/history/show.js'
import { iamPolicy, type Principal } from '../../src/operate/iam/policy.js'
import { build } from '../../src/operate/image/build.js'
import { listImages } from '../../src/operate/image/list.js'
import { rollback, unpin } from '../../src/operate/image/rollback.js'
import { inWorkshop, lakeOf } from '../../src/operate/lake.js'
import { costReport } from '../../src/operate/provision/cost-report.js'
import { takeLease } from '../../src/operate/provision/lease.js'
import { up } from '../../src/operate/provision/up.js'
import { exportRejects } from '../../src/operate/rejects/export.js'
import { listRejects } from '../../src/operate/rejects/list.js'
import { replay } from '../../src/operate/rejects/replay.js'
import { showRejects } from '../../src/operate/rejects/show.js'
import { planRollback } from '../../src/operate/rollback/plan.js'
import { rollback as rollbackData } from '../../src/operate/rollback/rollback.js'
import { backfill } from '../../src/operate/run/backfill.js'
import { listFailed, purgeFailed } from '../../src/operate/run/dlq/list.js'
import { redrive } from '../../src/operate/run/dlq/redrive.js'
import { run } from '../../src/operate/run/run.js'
import { findLease } from '../../src/operate/unlock/find.js'
import { unlock } from '../../src/operate/unlock/unlock.js'
import { runJob } from '../../src/transform/container/job.js'
import { answerCalls } from '../support/iam-answers.js'
import { EVERYTHING, RecordedAccount } from '../support/iam-everything.js'
import { ACCOUNT, REGION } from '../support/iam-recording.js'
import { requestsOf } from '../support/iam-requests.js'
import { decideAll, inWords, type IamRequest } from '../support/iam-simulator.js'

const { signal } = new AbortController()
const request = { signal, onEvent: () => undefined }
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`
const ENDPOINT = 'vpce-0123456789abcdef0'

describe('the commands, judged by a simulator', function () {
  this.timeout(180_000)
  let account: RecordedAccount
  let agentVm: Server
  let address: string

  before(async () => {
    account = await RecordedAccount.create()
    answerCalls(account.aws.clients.of(SFNClient), executions)
    answerCalls(account.aws.clients.of(EC2Client), endpointForAgents)
    answerCalls(account.aws.clients.of(GlueClient), (operation) =>
      operation === 'ListCrawls' ? { Crawls: [] } : undefined,
    )
    await account.activateAgent()
    await account.record(() => up(account.aws, account.environment(EVERYTHING), request))
    agentVm = createServer((_request, response) => {
      response.end('F0EFT-7FPPR-GG7MC-3I9R3-27DOH')
    })
    await new Promise<void>((resolve) => agentVm.listen(0, '127.0.0.1', resolve))
    address = `127.0.0.1:${(agentVm.address() as AddressInfo).port}`
  })
  after(async () => {
    agentVm.close()
    await account.remove()
  })

  /** moto's executions never end, and it runs no maps. */
  const executions = (operation: string) => {
    const mapRunArn = arn('states', `mapRun:${account.aws.names.stateMachine('backfill')}/Objects:1`)
    const answers: Record<string, object> = {
      DescribeExecution: { status: 'SUCCEEDED', startDate: new Date(0), stopDate: new Date(1) },
      GetExecutionHistory: { events: [] },
      ListExecutions: { executions: [] },
      ListMapRuns: { mapRuns: [{ mapRunArn }] },
      DescribeMapRun: { itemCounts: {} },
    }
    return answers[operation]
  }
  /** An endpoint that an agent without internet uses; whoever made it, not `up`. */
  const endpointForAgents = (operation: string, { VpcEndpointIds }: { VpcEndpointIds?: string[] }) => {
    if (operation === 'DescribeNetworkInterfaces')
      return { NetworkInterfaces: [{ SubnetId: 'subnet-1', PrivateIpAddress: '10.0.0.9' }] }
    if (operation !== 'DescribeVpcEndpoints' || VpcEndpointIds?.[0] !== ENDPOINT) return undefined
    const ServiceName = `com.amazonaws.${REGION}.datasync`
    return { VpcEndpoints: [{ ServiceName, State: 'available', SubnetIds: ['subnet-1'], Groups: [] }] }
  }

  const environment = (more: object = {}) => account.environment({ ...EVERYTHING, ...more })
  const requestsOfAll = (calls: readonly ApiCall[]) =>
    calls.flatMap((call) => requestsOf(call, account.aws.names, account.facts))
  const judge = (principal: Principal, requests: readonly IamRequest[]) => {
    const { documents } = iamPolicy(account.aws, environment(), principal)
    return decideAll({ policies: documents.map(({ document }) => document) }, requests)
  }
  const put = async (key: string) => {
    const { clients, names } = account.aws
    const { VersionId } = await clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: names.bucket('raw'), Key: key, Body: 'start_time\n' }))
    return VersionId
  }
  /** A message as the worker leaves it. */
  const fail = async (key: string) => {
    const { clients, names } = account.aws
    const sqs = clients.of(SQSClient)
    const versionId = await put(key)
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: names.queue('failed') }))
    const execution = `${names.arn('states', `execution:${names.stateMachine('worker')}`)}:o-1`
    const body = { schema: 1, bucket: names.bucket('raw'), key, versionId, execution, error: 'E', cause: 'c' }
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }))
  }

  /** A version of a file as the task loads it. */
  const load = async (name: string, ...rows: string[]) => {
    const { clients, names } = account.aws
    const key = `inbox/temperature/${name}`
    const body = `start_time,measurement\n${rows.join('\n')}\n`
    const { VersionId } = await clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: names.bucket('raw'), Key: key, Body: body }))
    const scratch = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    const { error, status } = await runJob({
      settings: {
        env: 'dev',
        project: 'sensors',
        configBucket: names.bucket('artifacts'),
        configKey: 'config/datasets.json',
        transformedBucket: names.bucket('transformed'),
        database: names.database,
        bucket: names.bucket('raw'),
        key,
        versionId: VersionId,
        execution: `o-${VersionId}`,
        resultKey: undefined,
        force: false,
        scratch,
        memoryMb: 1200,
      },
      s3: clients.of(S3Client),
      glue: clients.of(GlueClient),
      memoryMb: 1200,
      log: () => undefined,
    })
    await rm(scratch, { recursive: true, force: true })
    expect(status, error?.message).to.equal('succeeded')
  }
  const rollBack = async () => {
    const plan = await planRollback(account.aws, 'temperature', undefined, signal)
    await inWorkshop(signal, (workshop) => rollbackData(lakeOf(account.aws), plan, workshop))
  }
  const compacted = async () => {
    const later = { olderThanMs: 0, dryRun: false, now: new Date(Date.now() + 2 * 86_400_000) }
    const request = { dataset: 'temperature', tables: ['temperature'], ...later }
    const { clients, names } = account.aws
    const Key = 'datapipe_generations/temperature/start_day=2026-01-01/g1-dead/part-00000.parquet'
    await clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: names.bucket('transformed'), Key, Body: 'left' }))
    await inWorkshop(signal, (workshop) => compact(lakeOf(account.aws), request, workshop))
  }

  interface Case {
    command: string
    by: Principal
    prepare?: () => Promise<unknown>
    perform: () => Promise<unknown>
    /** Calls that show that it did what it is for. */
    calls: readonly string[]
  }
  const otherArchitecture = { compute: { ...EVERYTHING.compute, architecture: 'x86_64' } }
  const CASES: readonly Case[] = [
    {
      command: 'image build',
      by: 'deployer',
      perform: () => build(account.aws, environment(otherArchitecture), request),
      calls: ['StartBuild', 'BatchGetBuilds', 'GetLogEvents', 'PutObject'],
    },
    {
      command: 'image list',
      by: 'operator',
      perform: () => listImages(account.aws),
      calls: ['DescribeImages', 'DescribeTaskDefinition', 'HeadObject'],
    },
    {
      command: 'image rollback',
      by: 'deployer',
      prepare: () => account.push('src-other'),
      perform: async () => {
        await rollback(account.aws, environment(), 'src-other', request)
        await unpin(account.aws, environment())
      },
      calls: ['RegisterTaskDefinition', 'PutObject', 'DeleteObject'],
    },
    {
      command: 'datasync status',
      by: 'operator',
      prepare: () => Promise.resolve(account.datasync.startTask()),
      perform: () => datasyncStatus(account.aws, environment(), signal),
      calls: ['DescribeAgent', 'DescribeTask', 'ListTaskExecutions', 'DescribeTaskExecution'],
    },
    {
      command: 'datasync run',
      by: 'operator',
      prepare: () => Promise.resolve((account.datasync.execution = undefined)),
      perform: () =>
        transfer(account.aws, environment(), { watch: true, signal, onProgress: () => undefined }),
      calls: ['StartTaskExecution', 'DescribeTaskExecution'],
    },
    {
      command: 'datasync activate',
      by: 'deployer',
      perform: () =>
        activate(account.aws, environment(), {
          address,
          privateEndpoint: ENDPOINT,
          replace: true,
          signal,
          onProgress: () => undefined,
        }),
      calls: ['CreateAgent', 'TagResource', 'DescribeVpcEndpoints', 'DescribeNetworkInterfaces'],
    },
    {
      command: 'crawl',
      by: 'operator',
      perform: () => crawl(account.aws, { watch: true }, signal),
      calls: ['ListExecutions', 'StartExecution', 'GetCrawler', 'ListCrawls', 'GetTables'],
    },
    {
      command: 'drift',
      by: 'operator',
      perform: () => drift(account.aws, environment(), { signal, onEvent: () => undefined }),
      calls: ['GetObject', 'DescribeVpcs', 'GetResources'],
    },
    {
      command: 'unlock',
      by: 'deployer',
      prepare: async () => {
        // As a run leaves it that hangs: held, and renewed no more.
        ;(await takeLease(account.aws, 'up')).detach()
      },
      perform: async () => {
        const found = await findLease(new S3LeaseStore(account.aws))
        expect(found).not.to.equal(undefined)
        if (found) await unlock(account.aws, found, { signal })
      },
      calls: ['GetObject', 'PutObject', 'DeleteObject'],
    },
    {
      command: 'cost',
      by: 'operator',
      perform: () => costReport(account.aws, environment()),
      calls: ['GetServiceQuota', 'GetAWSDefaultServiceQuota', 'ListObjectsV2'],
    },
    {
      command: 'run',
      by: 'operator',
      prepare: () => put('inbox/temperature/a.csv'),
      perform: () => run(account.aws, { watch: true, retryFailed: true }, signal),
      calls: ['ListObjectVersions', 'StartExecution', 'DescribeExecution', 'GetExecutionHistory'],
    },
    {
      command: 'run, as a backfill',
      by: 'operator',
      prepare: () => put('inbox/temperature/b.csv'),
      perform: () => backfill(account.aws, { all: true }, signal),
      calls: ['StartExecution', 'ListMapRuns', 'DescribeMapRun', 'ListExecutions'],
    },
    {
      command: 'dlq list',
      by: 'operator',
      prepare: () => fail('inbox/temperature/c.csv'),
      perform: () => listFailed(account.aws, signal),
      calls: ['ReceiveMessage', 'ChangeMessageVisibilityBatch'],
    },
    {
      command: 'dlq redrive',
      by: 'operator',
      perform: () => redrive(account.aws, {}, signal),
      calls: ['HeadObject', 'StartExecution', 'DeleteMessage'],
    },
    {
      command: 'dlq purge',
      by: 'operator',
      perform: () => purgeFailed(account.aws),
      calls: ['GetQueueAttributes', 'PurgeQueue'],
    },
    {
      command: 'history',
      by: 'operator',
      prepare: () =>
        load('d.csv', ...Array<string>(100).fill('2026-01-01T00:00:00,1'), '2026-01-01T00:00:00,x'),
      perform: () => history(account.aws, { limit: 5 }, signal),
      calls: ['ListObjectsV2', 'GetObject'],
    },
    {
      command: 'show',
      by: 'operator',
      perform: () => findRun(account.aws, 'inbox/temperature/d.csv', signal),
      calls: ['ListObjectsV2', 'GetObject'],
    },
    {
      command: 'rejects list, show, export',
      by: 'operator',
      perform: async () => {
        const selector = 'inbox/temperature/d.csv'
        await listRejects(account.aws, {}, signal)
        await showRejects(account.aws, { selector, limit: 5 }, signal)
        const folder = await mkdtemp(join(tmpdir(), 'datapipe-iam-'))
        await exportRejects(account.aws, { selector, out: join(folder, 'd.csv') }, signal)
        await rm(folder, { recursive: true })
      },
      calls: ['ListObjectsV2', 'GetObject'],
    },
    {
      command: 'rejects replay',
      by: 'operator',
      perform: () => {
        const { datasets } = environment()
        return replay(account.aws, { source: 'inbox/temperature/d.csv', watch: false }, datasets, signal)
      },
      calls: ['HeadObject', 'StartExecution'],
    },
    {
      command: 'rollback, of files that readers see one by one',
      by: 'operator',
      prepare: () => load('d.csv', '2026-01-01T00:00:00,2'),
      perform: rollBack,
      calls: ['CopyObject', 'ListObjectVersions', 'PutObject'],
    },
    {
      command: 'rollback, of a partition that goes',
      by: 'operator',
      prepare: () => load('e.csv', '2026-02-01T00:00:00,2'),
      perform: rollBack,
      calls: ['DeleteObject', 'BatchDeletePartition'],
    },
    {
      command: 'compact',
      by: 'operator',
      prepare: () => load('f.csv', '2026-01-01T00:00:00,3'),
      perform: compacted,
      calls: ['PutObject', 'BatchUpdatePartition', 'DeleteObjects'],
    },
    {
      command: 'rollback, of generations',
      by: 'operator',
      prepare: () => load('g.csv', '2026-01-01T00:00:00,4'),
      perform: rollBack,
      calls: ['PutObject', 'BatchUpdatePartition'],
    },
  ]

  for (const { by, calls, command, perform, prepare } of CASES) {
    it(`lets the ${by} run \`${command}\``, async () => {
      await prepare?.()
      const recorded = await account.record(perform)
      expect(recorded.map(({ operation }) => operation)).to.include.members([...calls])
      const verdicts = await judge(by, requestsOfAll(recorded))
      const denied = verdicts.filter(({ allowed }) => !allowed).map(inWords)
      expect(denied.join('\n')).to.equal('')
      if (by === 'operator') return
      // What only the deployer may do is not among what the operator may.
      const others = await judge('operator', requestsOfAll(recorded))
      expect(others.some(({ allowed }) => !allowed)).to.equal(true)
    })
  }

  it('denies the operator what is next to that', async () => {
    const { names } = account.aws
    const theirs = { 'aws:ResourceTag/datapipe:project': 'sensors', 'aws:ResourceTag/datapipe:env': 'prod' }
    const neighbours: IamRequest[] = [
      { action: 'sqs:PurgeQueue', resource: arn('sqs', 'dp-sensors-prod-failed') },
      { action: 'sqs:PurgeQueue', resource: arn('sqs', names.queue('events-dlq')) },
      { action: 'sqs:ReceiveMessage', resource: arn('sqs', names.queue('events-dlq')) },
      { action: 'sqs:SendMessage', resource: arn('sqs', names.queue('failed')) },
      { action: 'sqs:DeleteQueue', resource: arn('sqs', names.queue('failed')) },
      { action: 'states:StartExecution', resource: names.stateMachineArn('success-check') },
      { action: 'states:StartExecution', resource: names.stateMachineArn('dispatch') },
      { action: 'states:StartExecution', resource: arn('states', 'stateMachine:dp-sensors-prod-backfill') },
      { action: 'states:StopExecution', resource: arn('states', 'execution:dp-sensors-dev-backfill:x') },
      {
        action: 'states:DescribeMapRun',
        resource: arn('states', 'mapRun:dp-sensors-prod-backfill/Objects:1'),
      },
      { action: 'states:RedriveExecution', resource: arn('states', 'execution:dp-sensors-dev-worker:x') },
      { action: 'glue:StartCrawler', resource: arn('glue', `crawler/${names.crawler}`) },
      { action: 'glue:ListCrawls', resource: arn('glue', 'crawler/dp-sensors-prod-crawler') },
      { action: 'glue:StartJobRun', resource: arn('glue', `job/${names.sparkJob}`) },
      { action: 'datasync:StartTaskExecution', resource: arn('datasync', 'task/task-1'), context: theirs },
      { action: 'datasync:StartTaskExecution', resource: arn('datasync', 'task/task-1') },
      { action: 'datasync:CancelTaskExecution', resource: arn('datasync', 'task/task-1/execution/exec-1') },
      { action: 'datasync:CreateAgent', resource: '*' },
      { action: 'datasync:UpdateTask', resource: arn('datasync', 'task/task-1'), context: theirs },
      { action: 'codebuild:StartBuild', resource: arn('codebuild', `project/${names.imageProject}`) },
      { action: 'ecr:BatchDeleteImage', resource: arn('ecr', `repository/${names.repository}`) },
      { action: 'ecs:RegisterTaskDefinition', resource: arn('ecs', `task-definition/${names.taskFamily}:1`) },
      { action: 's3:PutObject', resource: `${names.bucketArn('artifacts')}/config/image-pin.json` },
      { action: 's3:DeleteObject', resource: `${names.bucketArn('raw')}/inbox/temperature/a.csv` },
      { action: 's3:GetObject', resource: `${names.bucketArn('raw')}/elsewhere/a.csv` },
      { action: 's3:PutObject', resource: `${names.bucketArn('raw')}/inbox/temperature/a.csv` },
      { action: 's3:DeleteObject', resource: `${names.bucketArn('artifacts')}/config/datasets.json` },
      {
        action: 's3:DeleteObjectVersion',
        resource: `${names.bucketArn('transformed')}/temperature/a.parquet`,
      },
      { action: 's3:PutBucketPolicy', resource: names.bucketArn('transformed') },
      {
        action: 's3:DeleteObject',
        resource: 'arn:aws:s3:::dp-sensors-prod-transformed-123456789012-eu-north-1-an/temperature/a.parquet',
      },
      { action: 'glue:DeleteTable', resource: arn('glue', `table/${names.database}/temperature`) },
      { action: 'glue:CreateTable', resource: arn('glue', `table/${names.database}/temperature`) },
      { action: 'glue:UpdateDatabase', resource: arn('glue', `database/${names.database}`) },
      { action: 'glue:UpdateTable', resource: arn('glue', 'table/dp_sensors_prod/temperature') },
      { action: 'glue:BatchDeletePartition', resource: arn('glue', 'table/dp_sensors_prod/temperature') },
      {
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::dp-sensors-prod-raw-123456789012-eu-north-1-an/inbox/a',
      },
      { action: 'budgets:ModifyBudget', resource: `arn:aws:budgets::${ACCOUNT}:budget/${names.budget}` },
      { action: 'secretsmanager:GetSecretValue', resource: EVERYTHING.datasync.location.secretArn },
    ]
    const verdicts = await judge('operator', neighbours)
    const allowed = verdicts.filter((verdict) => verdict.allowed).map(inWords)
    expect(allowed.join('\n')).to.equal('')
    expect(verdicts).to.have.length(neighbours.length)
  })

  it('gives the operator nothing for parts that are not configured', () => {
    const { documents } = iamPolicy(account.aws, account.environment({}), 'operator')
    expect(JSON.stringify(documents)).not.to.match(/datasync:|glue:ListCrawls|states:DescribeMapRun/)
  })

  it('lets a read of the operator become no write by its name', () => {
    const deployer = iamPolicy(account.aws, environment(), 'deployer').documents
    const writes = deployer
      .flatMap(({ document }) => document.Statement.flatMap(({ Action }) => Action))
      .filter((action) => /:(Put|Delete|Create|Update|Modify|Tag|Untag|Attach|Detach)/.test(action))
    const granted = new Set(
      iamPolicy(account.aws, environment(), 'operator').documents.flatMap(({ document }) =>
        document.Statement.flatMap(({ Action }) => Action),
      ),
    )
    // The results of its queries, and what `compact` and `rollback` do with data: denied on anything else above.
    const data = ['s3:PutObject', 's3:DeleteObject', 'glue:UpdateTable']
    const both = [...new Set(writes)].filter((action) => granted.has(action) && !data.includes(action))
    expect(both).to.deep.equal([])
  })
})
