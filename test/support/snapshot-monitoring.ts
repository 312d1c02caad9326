import { BudgetsClient, DescribeBudgetsCommand } from '@aws-sdk/client-budgets'
import { CloudWatchClient, DescribeAlarmsCommand, ListDashboardsCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, DescribeResourcePoliciesCommand } from '@aws-sdk/client-cloudwatch-logs'
import { ListScheduleGroupsCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { names, type EmulatorConfig } from './snapshot-lists.js'

/** The account of every emulator. */
const ACCOUNT = '123456789012'

/** What watches, and what starts things by the clock. The default group of schedules is AWS's. */
export async function snapshotMonitoring(config: EmulatorConfig) {
  const cloudwatch = new CloudWatchClient(config)
  const { MetricAlarms: alarms, CompositeAlarms: composite } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
  )
  const scheduler = new SchedulerClient(config)
  const { ScheduleGroups: groups } = await scheduler.send(new ListScheduleGroupsCommand({}))
  return {
    alarms: names([...(alarms ?? []), ...(composite ?? [])].map(({ AlarmName }) => AlarmName)),
    dashboards: names(
      (await cloudwatch.send(new ListDashboardsCommand({}))).DashboardEntries?.map(
        ({ DashboardName }) => DashboardName,
      ),
    ),
    budgets: names(
      (await new BudgetsClient(config).send(new DescribeBudgetsCommand({ AccountId: ACCOUNT }))).Budgets?.map(
        ({ BudgetName }) => BudgetName,
      ),
    ),
    schedules: names((await scheduler.send(new ListSchedulesCommand({}))).Schedules?.map(({ Name }) => Name)),
    scheduleGroups: names(groups?.map(({ Name }) => Name).filter((name) => name !== 'default')),
    logResourcePolicies: names(
      (
        await new CloudWatchLogsClient(config).send(new DescribeResourcePoliciesCommand({}))
      ).resourcePolicies?.map(({ policyName }) => policyName),
    ),
  }
}
