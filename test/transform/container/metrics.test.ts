import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { expect } from 'chai'
import { publishRejected } from '../../../src/transform/container/metrics.js'
import type { RunRecord } from '../../../src/transform/record.js'
import { suiteMock } from '../../support/suite-mock.js'

const SOURCE = { project: 'sensors', env: 'dev' }
const record = (rowsRejected: number, status: RunRecord['status'] = 'succeeded') => ({
  dataset: 'temperature',
  rowsRejected,
  status,
})

describe('publishRejected', () => {
  const cloudwatch = suiteMock(CloudWatchClient)
  const logged: [string, object?][] = []
  const log = (event: string, details?: object) => void logged.push([event, details])

  before(() => {
    process.env.AWS_REGION = 'eu-north-1'
  })
  after(() => {
    delete process.env.AWS_REGION
  })
  beforeEach(() => {
    cloudwatch.reset()
    logged.length = 0
  })

  it('counts for the environment and for the dataset, also when the whole file is rejected', async () => {
    await publishRejected(record(7), SOURCE, log)
    await publishRejected(record(7, 'rejected'), SOURCE, log)
    const calls = cloudwatch.commandCalls(PutMetricDataCommand)
    expect(calls).to.have.length(2)
    const environment = { Name: 'Environment', Value: 'sensors/dev' }
    expect(calls[0]!.args[0].input).to.deep.equal({
      Namespace: 'datapipe',
      MetricData: [
        { MetricName: 'RowsRejected', Value: 7, Unit: 'Count', Dimensions: [environment] },
        {
          MetricName: 'RowsRejected',
          Value: 7,
          Unit: 'Count',
          Dimensions: [environment, { Name: 'Dataset', Value: 'temperature' }],
        },
      ],
    })
  })

  it('makes no metric, which would cost money, when there is nothing to count', async () => {
    await publishRejected(record(0), SOURCE, log)
    await publishRejected(record(7, 'superseded'), SOURCE, log)
    expect(cloudwatch.calls()).to.have.length(0)
  })

  it('never fails the load, and leaves word in the log', async () => {
    cloudwatch.on(PutMetricDataCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }))
    await publishRejected(record(7), SOURCE, log)
    expect(logged).to.deep.equal([
      ['metric_lost', { metric: 'RowsRejected', code: 'AccessDenied', message: 'no' }],
    ])
  })
})
