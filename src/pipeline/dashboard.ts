import type { AwsContext } from '../aws/context.js'
import {
  METRIC_NAMESPACE,
  REJECTED_METRIC,
  environmentDimension,
} from '../transform/container/metric-names.js'

export interface DashboardContent {
  /** Names of state machines. */
  machines: readonly string[]
  rule: string
  /** Names of queues. */
  queues: readonly string[]
  /** ARNs. */
  alarms: readonly string[]
  /** Where the tasks log. */
  logGroup: string
}

type Metric = unknown[]

const WIDTH = 12
const HEIGHT = 6
const PERIOD = 300

/** What an operator looks at first: the state, what ran, what is stuck, and why. Two widgets to a row. */
export function dashboardBody(aws: AwsContext, content: DashboardContent): object {
  const { env, region } = aws
  const arn = (machine: string) => aws.names.arn('states', `stateMachine:${machine}`)
  const chart = (title: string, stat: string, metrics: Metric[], more: object = {}) => ({
    type: 'metric',
    properties: { title, region, view: 'timeSeries', stat, period: PERIOD, metrics, ...more },
  })
  const executions = (metric: string): Metric[] =>
    content.machines.map((machine) => [
      'AWS/States',
      metric,
      'StateMachineArn',
      arn(machine),
      { label: machine },
    ])
  const rejected = `SEARCH('{${METRIC_NAMESPACE},Environment,Dataset} MetricName="${REJECTED_METRIC}" Environment="${environmentDimension(aws.project, env)}"', 'Sum')`
  const widgets = [
    ...(content.alarms.length === 0
      ? []
      : [{ type: 'alarm', properties: { title: 'Alarms', alarms: content.alarms } }]),
    chart('Executions started', 'Sum', executions('ExecutionsStarted')),
    chart('Executions succeeded', 'Sum', executions('ExecutionsSucceeded')),
    chart('Executions failed, timed out, aborted', 'Sum', [
      ...executions('ExecutionsFailed'),
      ...executions('ExecutionsTimedOut'),
      ...executions('ExecutionsAborted'),
    ]),
    chart('Execution time', 'Maximum', executions('ExecutionTime')),
    chart(
      'Messages waiting',
      'Maximum',
      content.queues.map((queue) => [
        'AWS/SQS',
        'ApproximateNumberOfMessagesVisible',
        'QueueName',
        queue,
        { label: queue },
      ]),
    ),
    chart('Arrivals', 'Sum', [
      ['AWS/Events', 'MatchedEvents', 'RuleName', content.rule, { label: 'arrived' }],
      ['AWS/Events', 'FailedInvocations', 'RuleName', content.rule, { label: 'not started' }],
      ['AWS/Events', 'InvocationsSentToDlq', 'RuleName', content.rule, { label: 'given up' }],
    ]),
    chart('Rejected rows', 'Sum', [[{ expression: rejected, label: '', period: PERIOD }]]),
    {
      type: 'log',
      properties: {
        title: 'Latest errors of the transform',
        region,
        view: 'table',
        query: `SOURCE '${content.logGroup}' | filter event in ["failed", "rejected", "metric_lost"] | fields @timestamp, event, code, message | sort @timestamp desc | limit 50`,
      },
    },
  ]
  return {
    start: '-P7D',
    widgets: widgets.map((widget, index) => ({
      ...widget,
      x: (index % 2) * WIDTH,
      y: Math.floor(index / 2) * HEIGHT,
      width: WIDTH,
      height: HEIGHT,
    })),
  }
}
