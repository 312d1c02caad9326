import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { Alarm } from '../../../src/resources/cloudwatch/alarm.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:dp-sensors-dev-alerts'
const NAME = 'dp-sensors-dev-worker-failed'
const ARN = `arn:aws:cloudwatch:us-east-1:111122223333:alarm:${NAME}`

function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

describe('Alarm', () => {
  const cloudwatch = suiteMock(CloudWatchClient)
  const op = testOperation()
  const alarm = new Alarm(testContext(), 'monitoring/alarm/worker-failed', NAME, {
    description: 'executions failed',
    namespace: 'AWS/States',
    metric: 'ExecutionsFailed',
    dimensions: { StateMachineArn: 'arn:worker' },
    statistic: 'Sum',
    periodSeconds: 300,
    evaluationPeriods: 1,
    threshold: 1,
    comparison: 'GreaterThanOrEqualToThreshold',
    actions: () => [TOPIC],
  })
  const desired: MetricAlarm = {
    AlarmName: NAME,
    AlarmDescription: 'executions failed',
    ActionsEnabled: true,
    AlarmActions: [TOPIC],
    OKActions: [],
    InsufficientDataActions: [],
    Namespace: 'AWS/States',
    MetricName: 'ExecutionsFailed',
    Dimensions: [{ Name: 'StateMachineArn', Value: 'arn:worker' }],
    Statistic: 'Sum',
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
  }
  function existing(overrides: MetricAlarm = {}, tags = alarm.tags): void {
    cloudwatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [{ ...desired, ...overrides }] })
    cloudwatch.on(ListTagsForResourceCommand).resolves({ Tags: upperTags(tags) })
  }
  const paths = async () => alarm.diff((await alarm.read())!).map(({ path }) => path)

  beforeEach(() => cloudwatch.reset())

  it('is absent, also when only a neighbour answers', async () => {
    cloudwatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [{ AlarmName: `${NAME}-2` }] })
    expect(await alarm.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired, foreign without our tags', async () => {
    existing()
    expect(await alarm.read()).to.deep.include({ owned: true, physicalId: ARN, attributes: { arn: ARN } })
    expect(await paths()).to.deep.equal([])
    existing({}, {})
    expect((await alarm.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    const drifts: [MetricAlarm, string][] = [
      [{ AlarmDescription: 'x' }, 'description'],
      [{ ActionsEnabled: false }, 'actionsEnabled'],
      [{ AlarmActions: [] }, 'alarmActions'],
      [{ OKActions: [TOPIC] }, 'okActions'],
      [{ InsufficientDataActions: [TOPIC] }, 'insufficientDataActions'],
      [{ Namespace: 'x' }, 'namespace'],
      [{ MetricName: 'x' }, 'metric'],
      [{ Dimensions: [...desired.Dimensions!, { Name: 'More', Value: 'x' }] }, 'dimensions'],
      [{ Statistic: 'Maximum' }, 'statistic'],
      [{ Unit: 'Seconds' }, 'unit'],
      [{ Period: 60 }, 'periodSeconds'],
      [{ EvaluationPeriods: 3 }, 'evaluationPeriods'],
      [{ DatapointsToAlarm: 1 }, 'datapointsToAlarm'],
      [{ Threshold: 5 }, 'threshold'],
      [{ ComparisonOperator: 'LessThanThreshold' }, 'comparison'],
      [{ TreatMissingData: 'breaching' }, 'missingData'],
      [{ Metrics: [{ Id: 'm1' }] }, 'metricMath'],
    ]
    for (const [drift, path] of drifts) {
      existing(drift)
      expect(await paths()).to.deep.equal([path])
    }
    existing({}, { ...alarm.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('is created in one call, with its action, silent without data, and tagged', async () => {
    cloudwatch.on(PutMetricAlarmCommand).rejectsOnce(named('ConcurrentModificationException')).resolves({})
    expect(await alarm.create(op)).to.deep.equal({ arn: ARN })
    expect(cloudwatch.commandCalls(PutMetricAlarmCommand)).to.have.length(2)
    expect(cloudwatch.commandCalls(PutMetricAlarmCommand)[1]!.args[0].input).to.deep.equal({
      ...desired,
      Tags: upperTags(alarm.tags),
    })
  })

  it('writes everything anew for one property, and tags separately because AWS ignores them there', async () => {
    existing({ Threshold: 5 }, { ...alarm.tags, Name: 'x' })
    const observed = (await alarm.read())!
    await alarm.update(observed, alarm.diff(observed), op)
    expect(cloudwatch.commandCalls(PutMetricAlarmCommand)[0]!.args[0].input).to.deep.equal(desired)
    expect(cloudwatch.commandCalls(TagResourceCommand)[0]!.args[0].input).to.deep.equal({
      ResourceARN: ARN,
      Tags: upperTags(alarm.tags),
    })
  })

  it('leaves the alarm alone when only a tag differs', async () => {
    existing({}, { ...alarm.tags, Name: 'x' })
    const observed = (await alarm.read())!
    await alarm.update(observed, alarm.diff(observed), op)
    expect(cloudwatch.commandCalls(PutMetricAlarmCommand)).to.have.length(0)
    expect(cloudwatch.commandCalls(TagResourceCommand)).to.have.length(1)
  })

  it('is deleted, and that it was gone is fine', async () => {
    existing()
    const observed = (await alarm.read())!
    cloudwatch.on(DeleteAlarmsCommand).resolvesOnce({}).rejects(named('ResourceNotFound'))
    expect(await alarm.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(await alarm.delete(observed, op)).to.deep.equal({ status: 'absent' })
    expect(cloudwatch.commandCalls(DeleteAlarmsCommand)[0]!.args[0].input.AlarmNames).to.deep.equal([NAME])
  })

  it('costs ten cents', () => {
    expect(alarm.cost()).to.deep.equal([{ item: `alarm ${NAME}`, monthlyUsd: 0.1 }])
  })
})
