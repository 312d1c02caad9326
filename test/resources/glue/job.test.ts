import {
  BatchStopJobRunCommand,
  CreateJobCommand,
  DeleteJobCommand,
  GetJobCommand,
  GetJobRunsCommand,
  GetTagsCommand,
  GlueClient,
  TagResourceCommand,
  UpdateJobCommand,
  type Job,
} from '@aws-sdk/client-glue'
import { expect } from 'chai'
import type { GlueJobProperties } from '../../../src/resources/glue/job-settings.js'
import { GlueJob } from '../../../src/resources/glue/job.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const ARN = 'arn:aws:glue:us-east-1:111122223333:job/dp-sensors-dev-spark'

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('GlueJob', () => {
  const glue = suiteMock(GlueClient)
  const op = testOperation()
  const properties: GlueJobProperties = {
    description: 'datapipe sensors/dev',
    roleArn: () => 'arn:aws:iam::111122223333:role/dp-sensors-dev-glue-use1',
    scriptLocation: () => 's3://artifacts/scripts/0123456789abcdef.py',
    workerType: 'G.2X',
    workers: 4,
    flex: false,
    timeoutMinutes: 120,
    maxConcurrentRuns: 5,
    securityConfiguration: () => 'dp-sensors-dev-glue',
    tempDir: () => 's3://artifacts/spark-temp/',
    arguments: { '--database': 'dp_sensors_dev' },
  }
  const make = (overrides: Partial<GlueJobProperties> = {}) =>
    new GlueJob(testContext(), 'spark/job', 'dp-sensors-dev-spark', { ...properties, ...overrides })
  const job = make()
  const described: Job = {
    Name: job.name,
    JobMode: 'SCRIPT',
    JobRunQueuingEnabled: true,
    Description: properties.description,
    Role: properties.roleArn(),
    ExecutionProperty: { MaxConcurrentRuns: 5 },
    Command: { Name: 'glueetl', ScriptLocation: properties.scriptLocation(), PythonVersion: '3' },
    DefaultArguments: {
      '--TempDir': 's3://artifacts/spark-temp/',
      '--database': 'dp_sensors_dev',
      '--enable-auto-scaling': 'true',
      '--enable-continuous-cloudwatch-log': 'true',
      '--enable-glue-datacatalog': 'true',
      '--enable-metrics': 'true',
      '--job-bookmark-option': 'job-bookmark-disable',
    },
    MaxRetries: 0,
    Timeout: 120,
    // Glue adds these to a job with workers.
    AllocatedCapacity: 8,
    MaxCapacity: 8,
    WorkerType: 'G.2X',
    NumberOfWorkers: 4,
    SecurityConfiguration: 'dp-sensors-dev-glue',
    GlueVersion: '5.0',
    ExecutionClass: 'STANDARD',
  }

  function existing(overrides: Partial<Job> = {}, tags = job.tags): void {
    glue.on(GetJobCommand).resolves({ Job: { ...described, ...overrides } })
    glue.on(GetTagsCommand).resolves({ Tags: tags })
  }
  const paths = async (of = job) => of.diff((await of.read())!).map((change) => change.path)
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )

  beforeEach(() => glue.reset())

  it('is absent', async () => {
    glue.on(GetJobCommand).rejects(named('EntityNotFoundException'))
    expect(await job.read()).to.equal(undefined)
  })

  it('is unchanged beside what Glue adds and what others add', async () => {
    existing({ DefaultArguments: { ...described.DefaultArguments, '--extra': 'theirs' }, Role: 'x' })
    expect(await paths()).to.deep.equal(['role'])
    existing({ DefaultArguments: { ...described.DefaultArguments, '--extra': 'theirs' } })
    const observed = (await job.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { name: job.name, arn: ARN } })
    expect(job.diff(observed)).to.deep.equal([])
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await job.read())!.owned).to.equal(false)
  })

  const command = described.Command!
  const drifts: [string, Partial<Job>][] = [
    ['description', { Description: 'x' }],
    ['role', { Role: 'arn:aws:iam::111122223333:role/other' }],
    ['command.name', { Command: { ...command, Name: 'pythonshell' } }],
    ['command.scriptLocation', { Command: { ...command, ScriptLocation: 's3://artifacts/scripts/old.py' } }],
    ['command.pythonVersion', { Command: { ...command, PythonVersion: '2' } }],
    ['glueVersion', { GlueVersion: '6.0' }],
    ['workerType', { WorkerType: 'G.1X' }],
    ['workers', { NumberOfWorkers: 2 }],
    ['executionClass', { ExecutionClass: 'FLEX' }],
    ['timeoutMinutes', { Timeout: 480 }],
    ['maxRetries', { MaxRetries: 1 }],
    ['maxConcurrentRuns', { ExecutionProperty: { MaxConcurrentRuns: 1 } }],
    ['queuing', { JobRunQueuingEnabled: false }],
    ['securityConfiguration', { SecurityConfiguration: undefined }],
    [
      'arguments.--job-bookmark-option',
      {
        DefaultArguments: {
          ...described.DefaultArguments,
          '--job-bookmark-option': 'job-bookmark-enable',
        },
      },
    ],
  ]
  for (const [path, drift] of drifts) {
    it(`names ${path} when that alone drifted`, async () => {
      existing(drift)
      expect(await paths()).to.deep.equal([path])
    })
  }

  it('is created with workers and never with a capacity, when Glue can assume its role', async () => {
    glue
      .on(CreateJobCommand)
      .rejectsOnce(named('InvalidInputException', 'Service is unable to assume role arn:aws:iam::1:role/x'))
      .resolves({})
    await job.create(op)
    const { input } = glue.commandCalls(CreateJobCommand)[1]!.args[0]
    expect(input).to.not.have.any.keys('MaxCapacity', 'AllocatedCapacity')
    expect(input.Tags).to.deep.equal(job.tags)
    glue.on(GetJobCommand).resolves({ Job: input })
    glue.on(GetTagsCommand).resolves({ Tags: input.Tags })
    expect(await paths()).to.deep.equal([])
  })

  it('takes spare capacity without a queue, which Glue has not for it', async () => {
    glue.on(CreateJobCommand).resolves({})
    await make({ flex: true }).create(op)
    expect(glue.commandCalls(CreateJobCommand)[0]!.args[0].input).to.include({
      ExecutionClass: 'FLEX',
      JobRunQueuingEnabled: false,
    })
  })

  it('goes on with its own when the answer to the create was lost', async () => {
    existing()
    glue.on(CreateJobCommand).rejects(named('IdempotentParameterMismatchException'))
    expect(await job.create(op)).to.deep.equal({ name: job.name, arn: ARN })
    existing({}, {})
    expect(await failure(job.create(op))).to.include({ name: 'IdempotentParameterMismatchException' })
  })

  it('is updated with everything, because Glue resets what is not sent', async () => {
    existing({
      Timeout: 480,
      Connections: { Connections: ['theirs'] },
      NonOverridableArguments: { '--a': '1' },
      DefaultArguments: { ...described.DefaultArguments, '--extra': 'theirs' },
    })
    glue.on(UpdateJobCommand).rejectsOnce(named('ConcurrentModificationException')).resolves({})
    const observed = (await job.read())!
    await job.update(observed, job.diff(observed), op)
    const { JobName, JobUpdate } = glue.commandCalls(UpdateJobCommand)[1]!.args[0].input
    expect(JobName).to.equal(job.name)
    const { AllocatedCapacity, MaxCapacity, Name, ...whole } = described
    expect([AllocatedCapacity, MaxCapacity, Name]).to.deep.equal([8, 8, job.name])
    expect(JSON.parse(JSON.stringify(JobUpdate))).to.deep.equal({
      ...whole,
      Connections: { Connections: ['theirs'] },
      NonOverridableArguments: { '--a': '1' },
      DefaultArguments: { ...described.DefaultArguments, '--extra': 'theirs' },
    })
    expect(glue.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('repairs tags alone', async () => {
    existing({}, { ...job.tags, Name: 'x' })
    const observed = (await job.read())!
    await job.update(observed, job.diff(observed), op)
    expect(glue.commandCalls(TagResourceCommand)[0]!.args[0].input.TagsToAdd).to.deep.equal(job.tags)
    expect(glue.commandCalls(UpdateJobCommand)).to.have.length(0)
  })

  it('costs by worker and hour, and nothing while idle', () => {
    expect(job.hourlyUsd).to.be.closeTo(0.44 * 2 * 4, 1e-9)
    expect(make({ flex: true, workerType: 'G.1X', workers: 10 }).hourlyUsd).to.be.closeTo(2.9, 1e-9)
    expect(job.cost()).to.deep.equal([])
  })

  describe('delete', () => {
    it('stops the runs of every page first, 25 at a time, and waits for their end', async () => {
      existing()
      const observed = (await job.read())!
      const runs = (count: number, JobRunState: 'RUNNING' | 'SUCCEEDED' | 'STOPPING') =>
        Array.from({ length: count }, (_, index) => ({ Id: `${JobRunState}-${index}`, JobRunState }))
      glue
        .on(GetJobRunsCommand)
        .resolvesOnce({ JobRuns: runs(20, 'SUCCEEDED'), NextToken: 'more' })
        .resolvesOnce({ JobRuns: runs(30, 'RUNNING') })
        .resolvesOnce({ JobRuns: runs(1, 'STOPPING') })
        .resolves({ JobRuns: runs(50, 'SUCCEEDED') })
      glue.on(BatchStopJobRunCommand).resolves({
        Errors: [
          { JobRunId: 'RUNNING-1', ErrorDetail: { ErrorCode: 'InvalidJobRunStateTransitionException' } },
        ],
      })
      glue.on(DeleteJobCommand).resolves({})
      expect(await job.delete(observed, op)).to.deep.equal({ status: 'deleted' })
      const batches = glue.commandCalls(BatchStopJobRunCommand).map(({ args }) => args[0].input.JobRunIds!)
      expect(batches.map((batch) => batch.length)).to.deep.equal([25, 5])
      expect(batches.flat().every((id) => id.startsWith('RUNNING'))).to.equal(true)
      expect(glue.commandCalls(GetJobRunsCommand)).to.have.length(4)
      expect(glue.calls().at(-1)!.args[0]).to.be.instanceOf(DeleteJobCommand)
    })

    it('keeps the job when a run cannot be stopped', async () => {
      existing()
      const observed = (await job.read())!
      glue.on(GetJobRunsCommand).resolves({ JobRuns: [{ Id: 'jr_1', JobRunState: 'RUNNING' }] })
      glue.on(BatchStopJobRunCommand).resolves({
        Errors: [{ JobRunId: 'jr_1', ErrorDetail: { ErrorCode: 'Other', ErrorMessage: 'locked' } }],
      })
      const error = await failure(job.delete(observed, op))
      expect(error).to.include({ code: 'GLUE_RUNS_NOT_STOPPED' })
      expect((error as Error).message).to.contain('jr_1: locked')
      expect(glue.commandCalls(DeleteJobCommand)).to.have.length(0)
    })
  })
})
