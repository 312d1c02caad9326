import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GlueClient } from '@aws-sdk/client-glue'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { iamPolicy, type Principal } from '../../src/operate/iam/policy.js'
import { athenaQuery } from '../../src/operate/query/athena.js'
import { duckdbQuery } from '../../src/operate/query/duckdb.js'
import { run } from '../../src/operate/run/run.js'
import { SfnOrchestrator } from '../../src/operate/run/sfn-orchestrator.js'
import { planUpload, upload } from '../../src/operate/upload/upload.js'
import { runJob } from '../../src/transform/container/job.js'
import { readSettings } from '../../src/transform/container/settings.js'
import { Deployed } from '../support/iam-deployed.js'
import { ACCOUNT, REGION } from '../support/iam-recording.js'
import { decideAll, inWords, type IamRequest, type Verdict } from '../support/iam-simulator.js'

const DATASETS = {
  temperature: {
    columns: { start_time: 'timestamp', measurement: 'double' },
    partition: 'day(start_time)',
    rejects: { max: '50%' },
  },
}
const HEADER = 'start_time,measurement\n'
const MIB = 2 ** 20
const signal = new AbortController().signal
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

describe('what works with data, judged by a simulator', function () {
  this.timeout(120_000)
  let deployed: Deployed
  let folder: string
  let ours: Record<string, string>
  let key: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    process.env.DATAPIPE_CACHE_DIR = join(folder, 'cache')
    deployed = await Deployed.create({ datasets: DATASETS })
    const id = deployed.facts.aliases.get(deployed.aws.names.keyAlias) ?? ''
    key = arn('kms', `key/${id}`)
    ours = { 'aws:ResourceTag/datapipe:project': 'sensors', 'aws:ResourceTag/datapipe:env': 'dev' }
  })
  after(async () => {
    delete process.env.DATAPIPE_CACHE_DIR
    await deployed.remove()
    await rm(folder, { recursive: true, force: true })
  })

  const policiesFor = (principal: Principal) =>
    iamPolicy(deployed.aws, deployed.environment, principal).documents.map(({ document }) => document)
  const bucket = (purpose: 'raw' | 'transformed' | 'artifacts' | 'logs') =>
    deployed.aws.names.bucketArn(purpose)
  const throughS3 = (context: Record<string, string>) => ({
    ...context,
    'kms:ViaService': `s3.${REGION}.amazonaws.com`,
  })

  describe('the upload policy', () => {
    const send = async (...files: string[]) => {
      const plan = await planUpload(
        { files, cwd: folder, dataset: 'temperature' },
        deployed.environment.datasets,
      )
      await upload(deployed.aws, plan, signal)
    }

    it('allows every call of upload: small, in parts, again, corrected, given up', async () => {
      await writeFile(join(folder, 'a.csv'), `${HEADER}2023-06-26 21:05:00,1.5\n`)
      await writeFile(join(folder, 'b.csv'), Buffer.alloc(40 * MIB, 'x'))
      const { calls, requests } = await deployed.requestsOf(async () => {
        await send('a.csv', 'b.csv')
        await send('a.csv', 'b.csv')
        await writeFile(join(folder, 'a.csv'), `${HEADER}2023-06-26 21:05:00,2.5\n`)
        await send('a.csv')
      })
      const aborted = {
        action: 's3:AbortMultipartUpload',
        resource: `${bucket('raw')}/inbox/temperature/b.csv`,
      }
      const verdicts = await decideAll({ policies: policiesFor('upload') }, [...requests, aborted])
      expect(denied(verdicts)).to.equal('')
      expect(requests.map(({ action }) => action)).to.include.members([
        's3:PutObject',
        's3:GetObject',
        'kms:Decrypt',
      ])
      expect(calls).to.be.greaterThan(5)
    })

    it('denies everything else', async () => {
      const { names } = deployed.aws
      const object = `${bucket('raw')}/inbox/temperature/a.csv`
      const neighbours: IamRequest[] = [
        { action: 's3:DeleteObject', resource: object },
        { action: 's3:DeleteObjectVersion', resource: object },
        { action: 's3:GetObjectVersion', resource: object },
        { action: 's3:PutObjectAcl', resource: object },
        { action: 's3:PutObject', resource: `${bucket('raw')}/elsewhere/a.csv` },
        { action: 's3:GetObject', resource: `${bucket('transformed')}/temperature/a.parquet` },
        { action: 's3:PutObject', resource: `${bucket('artifacts')}/config/datasets.json` },
        {
          action: 's3:PutObject',
          resource: 'arn:aws:s3:::dp-sensors-prod-raw-123456789012-eu-north-1-an/inbox/a.csv',
        },
        { action: 's3:ListBucket', resource: bucket('transformed') },
        { action: 's3:PutBucketPolicy', resource: bucket('raw') },
        { action: 's3:PutLifecycleConfiguration', resource: bucket('raw') },
        { action: 'kms:Decrypt', resource: key, context: ours },
        { action: 'kms:GenerateDataKey', resource: arn('kms', 'key/other'), context: throughS3({}) },
        {
          action: 'kms:Decrypt',
          resource: arn('kms', 'key/other'),
          context: throughS3({ ...ours, 'aws:ResourceTag/datapipe:env': 'prod' }),
        },
        { action: 'kms:ScheduleKeyDeletion', resource: key, context: throughS3(ours) },
        { action: 'states:StartExecution', resource: names.stateMachineArn('worker') },
        { action: 'iam:PassRole', resource: names.roleArn('ecs-task') },
      ]
      const verdicts = await decideAll({ policies: policiesFor('upload') }, neighbours)
      expect(allowed(verdicts)).to.equal('')
      expect(verdicts).to.have.length(neighbours.length)
    })
  })

  describe("the transform's role", () => {
    const inbox = 'inbox/temperature/a.csv'
    const transform = async (body: string) => {
      const { clients, names } = deployed.aws
      const { VersionId: version = '' } = await new S3Client({
        endpoint: deployed.moto.endpoint,
        region: REGION,
        forcePathStyle: true,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }).send(new PutObjectCommand({ Bucket: names.bucket('raw'), Key: inbox, Body: body }))
      const settings = readSettings({
        DP_ENV: 'dev',
        DP_PROJECT: 'sensors',
        DP_CONFIG_BUCKET: names.bucket('artifacts'),
        DP_CONFIG_KEY: 'config/datasets.json',
        DP_TRANSFORMED_BUCKET: names.bucket('transformed'),
        DP_GLUE_DATABASE: names.database,
        DP_BUCKET: names.bucket('raw'),
        DP_KEY: inbox,
        DP_VERSION_ID: version,
        DP_EXECUTION: 'test',
        DP_SCRATCH: join(folder, 'scratch'),
        DP_MEMORY_MB: '1024',
      })
      const { status } = await runJob({
        settings,
        s3: clients.of(S3Client),
        glue: clients.of(GlueClient),
        memoryMb: 1024,
        log: () => undefined,
      })
      return status
    }

    it('allows every call of the container: first load, corrected file, rejected rows, bad file', async () => {
      const statuses: string[] = []
      const { calls, requests } = await deployed.requestsOf(async () => {
        statuses.push(await transform(`${HEADER}2023-06-26 21:05:00,1.5\n2023-06-27 21:05:00,1.5\n`))
        // The second day is gone, and a row is bad: what was published is replaced.
        statuses.push(await transform(`${HEADER}2023-06-26 21:05:00,2.5\nno,time\n`))
        statuses.push(await transform(`${HEADER}no,time\n`))
      })
      expect(statuses).to.deep.equal(['succeeded', 'succeeded', 'rejected'])
      const verdicts = await decideAll({ policies: [deployed.rolePolicy('ecs-task')] }, requests)
      expect(denied(verdicts)).to.equal('')
      expect(calls).to.be.greaterThan(20)
      expect(new Set(requests.map(({ action }) => action))).to.include.keys(
        's3:GetObjectVersion',
        's3:GetObjectVersionTagging',
        's3:PutObjectVersionTagging',
        's3:PutObject',
        's3:DeleteObject',
        'glue:CreateTable',
        'glue:BatchCreatePartition',
        'kms:Decrypt',
        'kms:GenerateDataKey',
      )
    })

    it('denies everything else', async () => {
      const { names } = deployed.aws
      const neighbours: IamRequest[] = [
        { action: 's3:PutObject', resource: `${bucket('raw')}/${inbox}` },
        { action: 's3:DeleteObject', resource: `${bucket('raw')}/${inbox}` },
        { action: 's3:DeleteObjectVersion', resource: `${bucket('raw')}/${inbox}` },
        { action: 's3:DeleteObjectVersion', resource: `${bucket('transformed')}/temperature/a.parquet` },
        { action: 's3:PutObject', resource: `${bucket('artifacts')}/config/datasets.json` },
        { action: 's3:GetObject', resource: `${bucket('artifacts')}/source/transform.zip` },
        { action: 's3:GetObject', resource: `${bucket('artifacts')}/locks/dev.json` },
        { action: 's3:GetObject', resource: `${bucket('logs')}/access/raw/x` },
        {
          action: 's3:GetObject',
          resource: 'arn:aws:s3:::dp-sensors-prod-raw-123456789012-eu-north-1-an/a.csv',
        },
        { action: 's3:PutBucketPolicy', resource: bucket('transformed') },
        { action: 'kms:Decrypt', resource: key },
        { action: 'kms:Decrypt', resource: arn('kms', 'key/other'), context: throughS3({}) },
        { action: 'kms:PutKeyPolicy', resource: key, context: throughS3({}) },
        { action: 'glue:UpdateTable', resource: arn('glue', 'table/dp_sensors_prod/temperature') },
        { action: 'glue:DeleteTable', resource: arn('glue', `table/${names.database}/temperature`) },
        { action: 'glue:DeleteDatabase', resource: arn('glue', `database/${names.database}`) },
        {
          action: 'cloudwatch:PutMetricData',
          resource: '*',
          context: { 'cloudwatch:namespace': 'AWS/States' },
        },
        { action: 'iam:PassRole', resource: names.roleArn('ecs-task') },
        { action: 'sts:AssumeRole', resource: names.roleArn('sfn-worker') },
        { action: 'states:StartExecution', resource: names.stateMachineArn('worker') },
        { action: 'sqs:SendMessage', resource: arn('sqs', names.queue('failed')) },
      ]
      const verdicts = await decideAll({ policies: [deployed.rolePolicy('ecs-task')] }, neighbours)
      expect(allowed(verdicts)).to.equal('')
      expect(verdicts).to.have.length(neighbours.length)
    })
  })

  describe('the operator policy', () => {
    it('allows every call of run and query', async () => {
      const { aws } = deployed
      const orchestrator = new SfnOrchestrator(aws)
      const opened = { orchestrator, concurrency: 1, inProcess: false, close: () => Promise.resolve() }
      const stop = new AbortController()
      const { calls, requests } = await deployed.requestsOf(async () => {
        const { executions } = await run(aws, { watch: false, retryFailed: false }, signal, undefined, () =>
          Promise.resolve(opened),
        )
        expect(executions.length).to.be.greaterThan(0)
        const { onCall } = aws.clients
        // moto's executions never end: one look at the history is enough.
        aws.clients.onCall = (call) => {
          onCall?.(call)
          if (call.operation === 'GetExecutionHistory') stop.abort()
        }
        await orchestrator
          .watch(executions[0]?.name ?? '', () => undefined, stop.signal)
          .catch(() => undefined)
        aws.clients.onCall = onCall
        const context = { signal, onProgress: () => undefined }
        for (const query of [athenaQuery, duckdbQuery]) {
          const stream = await query(aws, 'select count(*) from temperature', context)
          await stream.close()
        }
      })
      const athena = byAthena(deployed.aws.names.database)
      const verdicts = await decideAll({ policies: policiesFor('operator') }, [...requests, ...athena])
      expect(denied(verdicts)).to.equal('')
      expect(calls).to.be.greaterThan(8)
      expect(new Set(requests.map(({ action }) => action))).to.include.keys(
        'states:StartExecution',
        'states:GetExecutionHistory',
        'athena:StartQueryExecution',
        'athena:GetQueryResults',
        'glue:GetTables',
      )
    })

    /** What Athena does as whoever asks. */
    function byAthena(database: string): IamRequest[] {
      const results = `${bucket('artifacts')}/athena/result.csv`
      return [
        ...['catalog', `database/${database}`, `table/${database}/temperature`].flatMap((resource) =>
          ['glue:GetTable', 'glue:GetPartitions'].map((action) => ({
            action,
            resource: arn('glue', resource),
          })),
        ),
        { action: 's3:GetObject', resource: `${bucket('transformed')}/temperature/a.parquet` },
        { action: 's3:ListBucket', resource: bucket('transformed') },
        { action: 's3:GetBucketLocation', resource: bucket('artifacts') },
        { action: 's3:PutObject', resource: results },
        { action: 's3:GetObject', resource: results },
        { action: 'kms:GenerateDataKey', resource: key, context: throughS3(ours) },
        { action: 'kms:Decrypt', resource: key, context: throughS3(ours) },
      ]
    }

    it('denies what changes resources, data or rights', async () => {
      const { names } = deployed.aws
      const neighbours: IamRequest[] = [
        { action: 's3:PutObject', resource: `${bucket('raw')}/inbox/a.csv` },
        { action: 's3:DeleteObject', resource: `${bucket('raw')}/inbox/a.csv` },
        // Compaction and roll-back write and delete there; earlier versions are out of their reach.
        { action: 's3:DeleteObjectVersion', resource: `${bucket('transformed')}/temperature/a.parquet` },
        { action: 's3:PutBucketPolicy', resource: bucket('transformed') },
        { action: 's3:PutObject', resource: `${bucket('artifacts')}/config/datasets.json` },
        { action: 'states:StartExecution', resource: arn('states', 'stateMachine:dp-sensors-prod-worker') },
        { action: 'states:UpdateStateMachine', resource: names.stateMachineArn('worker') },
        {
          action: 'states:StopExecution',
          resource: arn('states', `execution:${names.stateMachine('worker')}:x`),
        },
        { action: 'athena:StartQueryExecution', resource: arn('athena', 'workgroup/primary') },
        { action: 'glue:DeleteTable', resource: arn('glue', `table/${names.database}/temperature`) },
        { action: 'glue:GetTable', resource: arn('glue', 'table/dp_sensors_prod/temperature') },
        { action: 'iam:PassRole', resource: names.roleArn('ecs-task') },
        { action: 'iam:PutRolePolicy', resource: names.roleArn('ecs-task') },
        { action: 'kms:GenerateDataKey', resource: key, context: ours },
        { action: 'kms:Decrypt', resource: arn('kms', 'key/other'), context: throughS3({}) },
        { action: 'kms:ScheduleKeyDeletion', resource: key, context: ours },
      ]
      const verdicts = await decideAll({ policies: policiesFor('operator') }, neighbours)
      expect(allowed(verdicts)).to.equal('')
      expect(verdicts).to.have.length(neighbours.length)
    })
  })
})
