import { CloudWatchClient, PutDashboardCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { resolveEnvironment } from '../../src/config/environments.js'
import { configSchema } from '../../src/config/schema.js'
import { environmentResources } from '../../src/pipeline/environment.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import { keyPolicy } from '../../src/pipeline/policies/key.js'
import { topicPolicy } from '../../src/pipeline/policies/messaging.js'
import {
  checkSchedulerRolePolicy,
  checkSchedulerTrust,
  successCheckRolePolicy,
} from '../../src/pipeline/policies/monitoring-roles.js'
import type { AwsResource } from '../../src/resources/resource.js'
import { expectGolden } from '../support/golden.js'
import { testContext, testOperation } from '../support/resource.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555'

function made(config: object) {
  const aws = testContext()
  const environment = resolveEnvironment(configSchema.parse({ project: 'sensors', ...config }), 'dev')
  const { all } = environmentResources(aws, environment, {
    zoneIds: ['use1-az1', 'use1-az2'],
    version: '1.2.3',
  })
  for (const resource of all) resource.resolve({ arn: aws.names.arn('x', resource.id) })
  return { aws, all }
}

/** What monitoring adds to an environment. */
function monitoringIds(config: object): string[] {
  const usual = new Set(made({}).all.map(({ id }) => id))
  return made(config)
    .all.map(({ id }) => id)
    .filter((id) => !usual.has(id))
}

const isAlarm = ({ type }: AwsResource) => type === 'AWS::CloudWatch::Alarm'

describe('monitoring', () => {
  it('is no part of a default environment', () => {
    expect(
      made({}).all.filter(({ id, type }) => id.startsWith('monitoring/') || type.includes('CloudWatch')),
    ).to.deep.equal([])
  })

  it('has alarms when there is somebody to tell, unless the configuration says otherwise', () => {
    const notify = { email: ['ops@example.com'] }
    const alarmsOf = (config: object) => made(config).all.filter(isAlarm).length
    expect(alarmsOf({ notify })).to.equal(13)
    expect(alarmsOf({ monitoring: { alarms: true } })).to.equal(13)
    expect(alarmsOf({ notify, monitoring: { alarms: false } })).to.equal(0)
    expect(alarmsOf({ notify, monitoring: { rejectedRowsPerDay: 0 } })).to.equal(14)
    expect(alarmsOf({ monitoring: { rejectedRowsPerDay: 10 } })).to.equal(1)
  })

  it('adds each part by its own setting', () => {
    expect(monitoringIds({ monitoring: { dashboard: true } })).to.deep.equal(['monitoring/dashboard'])
    expect(monitoringIds({ monitoring: { budgetMonthlyUsd: 20 } })).to.deep.equal(['monitoring/budget'])
    expect(monitoringIds({ monitoring: { noSuccessDays: 35 } })).to.deep.equal([
      'security/role/sfn-success-check',
      'security/role/scheduler-check',
      'orchestration/logs/success-check',
      'orchestration/success-check',
      'monitoring/schedule-group',
      'monitoring/schedule',
    ])
  })

  it('says what it costs', () => {
    const usd = (config: object) =>
      made(config)
        .all.flatMap((resource) => resource.cost())
        .reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0)
    const extra = (monitoring: object) => Math.round((usd({ monitoring }) - usd({})) * 100) / 100
    expect(extra({ alarms: true })).to.equal(1.3)
    expect(extra({ dashboard: true })).to.equal(3)
    expect(extra({ noSuccessDays: 35, budgetMonthlyUsd: 20 })).to.equal(0)
  })

  it('puts alarms and a dashboard that are as reviewed', async () => {
    const { all, aws } = made({ monitoring: { alarms: true, rejectedRowsPerDay: 100, dashboard: true } })
    const cloudwatch = mockClient(aws.clients.of(CloudWatchClient))
    const wanted = all.filter(({ id }) => /^monitoring\/(alarm|dashboard)/.test(id))
    for (const resource of wanted) await resource.create(testOperation())
    const alarms = cloudwatch
      .commandCalls(PutMetricAlarmCommand)
      .map(({ args }) => ({ ...args[0].input, Tags: undefined }))
    expectGolden('monitoring/alarms.json', `${JSON.stringify(alarms, null, 2)}\n`)
    const body = JSON.parse(
      cloudwatch.commandCalls(PutDashboardCommand)[0]!.args[0].input.DashboardBody!,
    ) as object
    expectGolden('monitoring/dashboard.json', `${JSON.stringify(body, null, 2)}\n`)
    for (const alarm of alarms) {
      // The topic and the key let in only alarms of this name; CloudWatch takes seven days and 1024 characters.
      expect(alarm.AlarmName).to.match(/^dp-sensors-dev-/)
      expect(alarm.AlarmActions).to.have.length(1)
      expect(alarm.Period! * alarm.EvaluationPeriods!).to.be.at.most(604_800)
      expect(alarm.AlarmDescription!.length).to.be.at.most(1024)
    }
    expect(new Set(alarms.map(({ AlarmName }) => AlarmName)).size).to.equal(alarms.length)
  })

  it('leaves no schedule behind when the check is switched off, and stops it before it removes the machine', () => {
    const { all, aws } = made({})
    const machine = {
      arn: aws.names.stateMachineArn('success-check'),
      id: 'orchestration/success-check',
      tags: {},
    }
    expect(orphansOf(aws, [machine], all).map(({ id }) => id)).to.deep.equal([
      'monitoring/schedule-group',
      'orchestration/success-check',
    ])
  })

  it('lets AWS Budgets write only where there is a budget, and its roles do no more than they must', () => {
    const { names } = testContext()
    const documents = {
      'key-budgets': keyPolicy(names, { budgets: true }),
      'topic-budgets': topicPolicy(names, { budgets: true }),
      'role-sfn-success-check': successCheckRolePolicy(names, KEY),
      'role-scheduler-check': checkSchedulerRolePolicy(names, KEY),
      'trust-scheduler-check': checkSchedulerTrust(names),
    }
    for (const [name, document] of Object.entries(documents))
      expectGolden(`policies/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
    expect(JSON.stringify([keyPolicy(names), topicPolicy(names)])).not.to.include('budgets')
  })
})
