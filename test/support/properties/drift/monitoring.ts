import {
  BudgetsClient,
  CreateBudgetCommand,
  DeleteBudgetCommand,
  DeleteNotificationCommand,
  DescribeBudgetCommand,
  DescribeNotificationsForBudgetCommand,
  type Budget,
} from '@aws-sdk/client-budgets'
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  type MetricAlarm,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch'
import { drift, type Drift } from '../drift.js'

const alarm = (
  purpose: string,
  paths: string | string[],
  change: (found: MetricAlarm) => Partial<PutMetricAlarmCommandInput>,
): Drift =>
  drift(`monitoring/alarm/${purpose}`, paths, async (world) => {
    const cloudwatch = world.client(CloudWatchClient)
    const AlarmName = world.aws.names.alarm(purpose)
    const { MetricAlarms: [found = {}] = [] } = await cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }),
    )
    return cloudwatch.send(
      new PutMetricAlarmCommand({
        ...(found as PutMetricAlarmCommandInput),
        AlarmName,
        ...change(found),
      }),
    )
  })

const DASHBOARD = 'monitoring/dashboard'

interface Body {
  widgets: { properties: { title: string } }[]
}

const dashboard = (path: string, change: (body: Body) => object): Drift =>
  drift(DASHBOARD, path, async (world) => {
    const cloudwatch = world.client(CloudWatchClient)
    const DashboardName = world.aws.names.dashboard
    const { DashboardBody: body = '' } = await cloudwatch.send(new GetDashboardCommand({ DashboardName }))
    const changed = JSON.stringify(change(JSON.parse(body) as Body))
    return cloudwatch.send(new PutDashboardCommand({ DashboardName, DashboardBody: changed }))
  })

const BUDGET = 'monitoring/budget'

/** The emulator cannot update a budget: it is another one of the same name, with the same notifications. */
const budget = (path: string, change: (found: Budget) => Partial<Budget>): Drift =>
  drift(BUDGET, path, async (world) => {
    const budgets = world.client(BudgetsClient)
    const key = { AccountId: world.aws.account, BudgetName: world.aws.names.budget }
    const { Budget: found } = await budgets.send(
      new DescribeBudgetCommand({ ...key, ShowFilterExpression: true }),
    )
    const { Notifications: notifications = [] } = await budgets.send(
      new DescribeNotificationsForBudgetCommand(key),
    )
    await budgets.send(new DeleteBudgetCommand(key))
    const Subscribers = [{ SubscriptionType: 'SNS' as const, Address: world.id('messaging/alerts') }]
    return budgets.send(
      new CreateBudgetCommand({
        AccountId: key.AccountId,
        Budget: { ...found!, ...change(found!) },
        NotificationsWithSubscribers: notifications.map((Notification) => ({ Notification, Subscribers })),
      }),
    )
  })

/** Alarms, the dashboard and the budget. */
export const monitoringDrift: Drift[] = [
  alarm('worker-failed', 'description', () => ({ AlarmDescription: 'by hand' })),
  alarm('worker-timed-out', 'namespace', () => ({ Namespace: 'AWS/Other' })),
  alarm('worker-aborted', 'metric', () => ({ MetricName: 'ExecutionsSucceeded' })),
  alarm('worker-throttled', 'dimensions', () => ({ Dimensions: [] })),
  alarm('dispatch-failed', 'statistic', () => ({ Statistic: 'Average' })),
  alarm('dispatch-timed-out', ['extendedStatistic', 'statistic'], () => ({
    Statistic: undefined,
    ExtendedStatistic: 'p99',
  })),
  alarm('dispatch-aborted', 'unit', () => ({ Unit: 'Count' })),
  alarm('dispatch-throttled', 'periodSeconds', () => ({ Period: 60 })),
  alarm('backfill-failed', 'evaluationPeriods', () => ({ EvaluationPeriods: 3 })),
  alarm('backfill-timed-out', 'datapointsToAlarm', () => ({ DatapointsToAlarm: 1 })),
  alarm('backfill-aborted', 'threshold', () => ({ Threshold: 1000 })),
  alarm('backfill-throttled', 'comparison', () => ({ ComparisonOperator: 'LessThanThreshold' })),
  alarm('rule-failed', 'missingData', () => ({ TreatMissingData: 'ignore' })),
  alarm('rule-undelivered', 'actionsEnabled', () => ({ ActionsEnabled: false })),
  alarm('failed-files', 'alarmActions', () => ({ AlarmActions: [] })),
  alarm('failed-files-age', 'okActions', ({ AlarmActions: actions }) => ({ OKActions: actions })),
  alarm('undelivered-events', 'insufficientDataActions', ({ AlarmActions: actions }) => ({
    InsufficientDataActions: actions,
  })),
  alarm(
    'rejected-rows',
    ['dimensions', 'metric', 'metricMath', 'namespace', 'periodSeconds', 'statistic'],
    () => ({
      Namespace: undefined,
      MetricName: undefined,
      Dimensions: undefined,
      Statistic: undefined,
      Period: undefined,
      Metrics: [
        {
          Id: 'm1',
          ReturnData: true,
          MetricStat: { Metric: { Namespace: 'Other', MetricName: 'Other' }, Period: 60, Stat: 'Sum' },
        },
      ],
    }),
  ),
  dashboard('body.periodOverride', (body) => ({ ...body, periodOverride: 'inherit' })),
  dashboard('body.widgets.by hand', (body) => ({
    ...body,
    widgets: [
      ...body.widgets,
      { type: 'text', x: 0, y: 0, width: 1, height: 1, properties: { title: 'by hand' } },
    ],
  })),
  budget('monthlyUsd', () => ({ BudgetLimit: { Amount: '5000', Unit: 'USD' } })),
  budget('timeUnit', () => ({ TimeUnit: 'ANNUALLY' })),
  budget('type', () => ({ BudgetType: 'USAGE' })),
  drift(BUDGET, 'notifications.ACTUAL-80', (world) =>
    world.client(BudgetsClient).send(
      new DeleteNotificationCommand({
        AccountId: world.aws.account,
        BudgetName: world.aws.names.budget,
        Notification: {
          NotificationType: 'ACTUAL',
          ComparisonOperator: 'GREATER_THAN',
          Threshold: 80,
          ThresholdType: 'PERCENTAGE',
        },
      }),
    ),
  ),
]
