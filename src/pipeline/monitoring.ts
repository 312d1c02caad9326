import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { Budget } from '../resources/budgets/budget.js'
import type { Threshold } from '../resources/budgets/notifications.js'
import { Dashboard } from '../resources/cloudwatch/dashboard.js'
import type { AwsResource } from '../resources/resource.js'
import type { StateMachine } from '../resources/sfn/state-machine.js'
import { alarms } from './alarms.js'
import { dashboardBody } from './dashboard.js'
import type { Messaging } from './messaging.js'
import type { Orchestration } from './orchestration.js'
import type { Security } from './security.js'
import { successCheck } from './success-check.js'

export interface MonitoringParts {
  security: Security
  messaging: Messaging
  orchestration: Orchestration
  /** State machines beside the worker and the dispatcher. */
  machines?: readonly StateMachine[]
}

/** What tells people how the environment does. Nothing unless the configuration asks for it. */
export interface Monitoring {
  resources: AwsResource[]
}

/** Percent of the budget. Early enough to act, and once more when it is too late. */
const THRESHOLDS: readonly Threshold[] = [
  { type: 'ACTUAL', percent: 80 },
  { type: 'ACTUAL', percent: 100 },
  { type: 'FORECASTED', percent: 100 },
]

export function monitoring(
  aws: AwsContext,
  environment: Environment,
  { machines: more = [], messaging, orchestration, security }: MonitoringParts,
): Monitoring {
  const { names } = aws
  const { eventsDlq, failed, topic } = messaging
  const { dispatch, rule, worker } = orchestration
  const machines = [worker, dispatch, ...more]
  const watching = alarms(aws, environment, { machines, rule, failed, eventsDlq, topic })
  const check = successCheck(aws, environment, { security, eventsDlq, topic, worker })
  const { budgetMonthlyUsd, dashboard: wantsDashboard } = environment.monitoring
  const dashboard = new Dashboard(
    aws,
    'monitoring/dashboard',
    names.dashboard,
    {
      body: () =>
        dashboardBody(aws, {
          machines: machines.map(({ name }) => name),
          rule: rule.name,
          queues: [failed.name, eventsDlq.name],
          alarms: watching.map(({ name }) => names.arn('cloudwatch', `alarm:${name}`)),
          logGroup: names.logGroup('ecs'),
        }),
    },
    // The topic's mark comes first; an alarm that is not there yet would be missing from its widget.
    { dependsOn: [topic, ...watching] },
  )
  const budget = (monthlyUsd: number) =>
    new Budget(
      aws,
      'monitoring/budget',
      names.budget,
      { monthlyUsd, thresholds: THRESHOLDS, topicArn: () => names.arn('sns', names.topic) },
      // Both must let AWS Budgets in before it is asked to write.
      { dependsOn: [topic, security.key] },
    )
  return {
    resources: [
      ...watching,
      ...check,
      ...(wantsDashboard ? [dashboard] : []),
      ...(budgetMonthlyUsd === undefined ? [] : [budget(budgetMonthlyUsd)]),
    ],
  }
}
