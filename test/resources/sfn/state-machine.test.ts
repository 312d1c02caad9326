import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  ListTagsForResourceCommand,
  SFNClient,
  StopExecutionCommand,
  TagResourceCommand,
  UpdateStateMachineCommand,
  type DescribeStateMachineCommandOutput,
} from '@aws-sdk/client-sfn'
import { expect } from 'chai'
import { lowerTags } from '../../../src/aws/tags.js'
import { StateMachine } from '../../../src/resources/sfn/state-machine.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'
const LOGS = 'arn:aws:logs:us-east-1:111122223333:log-group:/aws/vendedlogs/states/dp-sensors-dev-worker'
const ARN = 'arn:aws:states:us-east-1:111122223333:stateMachine:dp-sensors-dev-worker'
const definition = {
  StartAt: 'Begin',
  TimeoutSeconds: 60,
  States: { Begin: { Type: 'Pass', Next: 'Done' }, Done: { Type: 'Succeed' } },
}

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('StateMachine', () => {
  const sfn = suiteMock(SFNClient)
  const op = testOperation()
  const properties = {
    definition: () => JSON.stringify(definition),
    roleArn: () => 'arn:role',
    logGroupArn: () => LOGS,
    logLevel: 'ERROR' as const,
    tracing: true,
    keyArn: () => KEY,
  }
  const machine = new StateMachine(testContext(), 'orchestration/worker', 'dp-sensors-dev-worker', properties)
  const asDesired: Partial<DescribeStateMachineCommandOutput> = {
    stateMachineArn: ARN,
    status: 'ACTIVE',
    type: 'STANDARD',
    roleArn: 'arn:role',
    // Keys in another order: the same definition.
    definition: JSON.stringify({
      States: { Done: { Type: 'Succeed' }, Begin: { Next: 'Done', Type: 'Pass' } },
      TimeoutSeconds: 60,
      StartAt: 'Begin',
    }),
    loggingConfiguration: {
      level: 'ERROR',
      includeExecutionData: false,
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `${LOGS}:*` } }],
    },
    tracingConfiguration: { enabled: true },
    encryptionConfiguration: {
      type: 'CUSTOMER_MANAGED_KMS_KEY',
      kmsKeyId: KEY,
      kmsDataKeyReusePeriodSeconds: 300,
    },
  }

  function existing(overrides: Partial<DescribeStateMachineCommandOutput> = {}, tags = machine.tags): void {
    sfn.on(DescribeStateMachineCommand).resolves({ ...asDesired, ...overrides })
    sfn.on(ListTagsForResourceCommand).resolves({ tags: lowerTags(tags) })
  }
  const changes = async () => machine.diff((await machine.read())!)
  const paths = async () => (await changes()).map((change) => change.path)

  beforeEach(() => sfn.reset())

  it('is absent', async () => {
    sfn.on(DescribeStateMachineCommand).rejects(named('StateMachineDoesNotExist'))
    expect(await machine.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired, in two calls', async () => {
    existing()
    const observed = (await machine.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { arn: ARN } })
    expect(machine.diff(observed)).to.deep.equal([])
    expect(sfn.calls()).to.have.length(2)
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await machine.read())!.owned).to.equal(false)
  })

  it('names the states and fields of the definition that differ', async () => {
    existing({
      definition: JSON.stringify({
        ...definition,
        Comment: 'by hand',
        TimeoutSeconds: 90,
        States: { Begin: definition.States.Begin, Extra: { Type: 'Fail' } },
      }),
    })
    expect(await changes()).to.have.deep.members([
      { path: 'definition.TimeoutSeconds', from: 90, to: 60, replaces: false },
      { path: 'definition.Comment', from: 'by hand', to: null, replaces: false },
      { path: 'definition.States.Extra', from: { Type: 'Fail' }, to: null, replaces: false },
      { path: 'definition.States.Done', from: null, to: { Type: 'Succeed' }, replaces: false },
    ])
  })

  it('names each other property that drifted', async () => {
    existing({ roleArn: 'arn:other' })
    expect(await paths()).to.deep.equal(['roleArn'])
    existing({ loggingConfiguration: { ...asDesired.loggingConfiguration, includeExecutionData: true } })
    expect(await paths()).to.deep.equal(['logging.includeExecutionData'])
    existing({ loggingConfiguration: { level: 'OFF' } })
    expect(await paths()).to.deep.equal(['logging.level', 'logging.destinations'])
    existing({ tracingConfiguration: { enabled: false } })
    expect(await paths()).to.deep.equal(['tracing'])
    existing({ encryptionConfiguration: { type: 'AWS_OWNED_KEY' } })
    expect(await paths()).to.deep.equal([
      'encryption.type',
      'encryption.kmsKeyId',
      'encryption.kmsDataKeyReusePeriodSeconds',
    ])
    existing({}, { ...machine.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('can only replace a machine of another type', async () => {
    existing({ type: 'EXPRESS' })
    expect(await changes()).to.deep.equal([{ path: 'type', from: 'EXPRESS', to: 'STANDARD', replaces: true }])
  })

  it('is still found, to be removed, when its key is disabled', async () => {
    sfn.on(DescribeStateMachineCommand).rejects(named('KmsInvalidStateException'))
    sfn
      .on(DescribeStateMachineCommand, { includedData: 'METADATA_ONLY' })
      .resolves({ ...asDesired, definition: undefined })
    sfn.on(ListTagsForResourceCommand).resolves({ tags: lowerTags(machine.tags) })
    const observed = (await machine.read())!
    expect(observed.owned).to.equal(true)
    expect(machine.diff(observed).every((change) => change.path.startsWith('definition.'))).to.equal(true)
  })

  it('waits until its new role can be used for logging, and for a namesake to be gone', async () => {
    sfn
      .on(CreateStateMachineCommand)
      .rejectsOnce(
        named(
          'AccessDeniedException',
          'The state machine IAM Role is not authorized to access the Log Destination',
        ),
      )
      .rejectsOnce(named('StateMachineDeleting'))
      .resolves({})
    expect(await machine.create(op)).to.deep.equal({ arn: ARN })
    expect(sfn.commandCalls(CreateStateMachineCommand)[2]!.args[0].input).to.deep.include({
      type: 'STANDARD',
      loggingConfiguration: asDesired.loggingConfiguration,
      encryptionConfiguration: asDesired.encryptionConfiguration,
      tags: lowerTags(machine.tags),
    })
  })

  it('fails at once when it is refused for good', async () => {
    sfn.on(CreateStateMachineCommand).rejects(named('InvalidDefinition', 'MISSING_TRANSITION_TARGET'))
    const error = await machine.create(op).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.name).to.equal('InvalidDefinition')
    expect(sfn.commandCalls(CreateStateMachineCommand)).to.have.length(1)
  })

  it('sends only what differs, then waits until AWS shows it', async () => {
    const old = { ...asDesired, tracingConfiguration: { enabled: false } }
    sfn.on(DescribeStateMachineCommand).resolvesOnce(old).resolvesOnce(old).resolves(asDesired)
    sfn.on(ListTagsForResourceCommand).resolves({ tags: lowerTags(machine.tags) })
    sfn.on(UpdateStateMachineCommand).resolves({})
    const observed = (await machine.read())!
    await machine.update(observed, machine.diff(observed), op)
    expect(sfn.commandCalls(UpdateStateMachineCommand).map((call) => call.args[0].input)).to.deep.equal([
      { stateMachineArn: ARN, roleArn: 'arn:role', tracingConfiguration: { enabled: true } },
    ])
    expect(sfn.commandCalls(DescribeStateMachineCommand)).to.have.length(3)
    expect(sfn.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('only tags when only tags differ', async () => {
    existing({}, { ...machine.tags, Name: 'x' })
    const observed = (await machine.read())!
    await machine.update(observed, machine.diff(observed), op)
    expect(sfn.commandCalls(TagResourceCommand)[0]!.args[0].input.tags).to.deep.equal(lowerTags(machine.tags))
    expect(sfn.commandCalls(UpdateStateMachineCommand)).to.have.length(0)
  })

  it('makes it anew when it was on its way out', async () => {
    sfn
      .on(DescribeStateMachineCommand)
      .resolvesOnce({ ...asDesired, status: 'DELETING' })
      .rejects(named('StateMachineDoesNotExist'))
    sfn.on(ListTagsForResourceCommand).resolves({ tags: lowerTags(machine.tags) })
    const observed = (await machine.read())!
    const deleting = machine.diff(observed)
    expect(deleting).to.deep.equal([{ path: 'status', from: 'DELETING', to: 'ACTIVE', replaces: false }])
    await machine.update(observed, deleting, op)
    expect(sfn.commandCalls(CreateStateMachineCommand)).to.have.length(1)
    expect(sfn.commandCalls(UpdateStateMachineCommand)).to.have.length(0)
  })

  it('uses an AWS key when it is given none', async () => {
    const plain = new StateMachine(testContext(), 'orchestration/worker', 'dp-sensors-dev-worker', {
      ...properties,
      keyArn: undefined,
    })
    existing({ encryptionConfiguration: { type: 'AWS_OWNED_KEY' } })
    expect(plain.diff((await plain.read())!)).to.deep.equal([])
  })

  it('stops what runs, deletes, and waits until it is gone', async () => {
    existing()
    const observed = (await machine.read())!
    sfn.resetHistory()
    sfn
      .on(ListExecutionsCommand)
      .resolvesOnce({ executions: [execution('e1')], nextToken: 'more' })
      .resolves({ executions: [execution('e2')] })
    sfn.on(StopExecutionCommand).rejectsOnce(named('ExecutionDoesNotExist')).resolves({})
    sfn
      .on(DescribeStateMachineCommand)
      .resolvesOnce({ ...asDesired, status: 'DELETING' })
      .rejects(named('StateMachineDoesNotExist'))
    expect(await machine.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(
      sfn.commandCalls(StopExecutionCommand).map((call) => call.args[0].input.executionArn),
    ).to.deep.equal(['e1', 'e2'])
    expect(sfn.commandCalls(ListExecutionsCommand)[0]!.args[0].input.statusFilter).to.equal('RUNNING')
    expect(sfn.commandCalls(DeleteStateMachineCommand)).to.have.length(1)
    // Seen deleting, then seen gone.
    expect(sfn.commandCalls(DescribeStateMachineCommand)).to.have.length(2)
  })
})

function execution(executionArn: string) {
  return {
    executionArn,
    stateMachineArn: ARN,
    name: executionArn,
    status: 'RUNNING' as const,
    startDate: new Date(0),
  }
}
