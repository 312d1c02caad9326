import { dateParts, dayNumber, daysBeforeMonths } from '../calendar.js'
import { noSuccessNotification, type NotificationSettings } from '../notifications.js'
import { retryCalls, RETRY_MESSAGE } from './retry.js'

export interface SuccessCheckSettings extends NotificationSettings {
  /** The machine whose executions load files. */
  workerArn: string
  /** Days without a success after which to say so. Step Functions knows executions for 90 days, so at most 89. */
  days: number
  partition: string
}

/**
 * Says when no file was loaded for some days. A CloudWatch alarm cannot: it looks back seven days at most (spec §9.4). Without
 * any success it counts from the creation of the worker, so that a new environment is not reported. Days are those of UTC.
 */
export function successCheckDefinition(settings: SuccessCheckSettings): object {
  const { days, partition, workerArn } = settings
  const call = (action: string) => `arn:${partition}:states:::aws-sdk:sfn:${action}`
  const Retry = [retryCalls('States.ALL')]
  return {
    Comment: 'datapipe success check: tells when no file was loaded for some days',
    StartAt: 'LastSuccess',
    TimeoutSeconds: 600,
    States: {
      LastSuccess: {
        Type: 'Task',
        Resource: call('listExecutions'),
        // The latest start comes first.
        Parameters: { StateMachineArn: workerArn, StatusFilter: 'SUCCEEDED', MaxResults: 1 },
        ResultPath: '$.success',
        Retry,
        Next: 'EverSucceeded',
      },
      EverSucceeded: {
        Type: 'Choice',
        Choices: [{ Variable: '$.success.Executions[0].StopDate', IsPresent: true, Next: 'SinceSuccess' }],
        Default: 'Creation',
      },
      SinceSuccess: {
        Type: 'Pass',
        Parameters: dateParts('$.success.Executions[0].StopDate'),
        ResultPath: '$.last',
        Next: 'Today',
      },
      Creation: {
        Type: 'Task',
        Resource: call('describeStateMachine'),
        // Without the definition, which only who may use the key can read.
        Parameters: { StateMachineArn: workerArn, IncludedData: 'METADATA_ONLY' },
        ResultSelector: { 'time.$': '$.CreationDate' },
        ResultPath: '$.created',
        Retry,
        Next: 'SinceCreation',
      },
      SinceCreation: {
        Type: 'Pass',
        Parameters: dateParts('$.created.time'),
        ResultPath: '$.last',
        Next: 'Today',
      },
      Today: {
        Type: 'Pass',
        Parameters: dateParts('$$.Execution.StartTime'),
        ResultPath: '$.today',
        Next: 'Calendar',
      },
      Calendar: { Type: 'Pass', Result: daysBeforeMonths(), ResultPath: '$.calendar', Next: 'Days' },
      Days: {
        Type: 'Pass',
        Parameters: {
          'today.$': dayNumber('$.today', '$.calendar'),
          'limit.$': `States.MathAdd(${dayNumber('$.last', '$.calendar')}, ${days})`,
        },
        ResultPath: '$.number',
        Next: 'TooLong',
      },
      TooLong: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.number.today', NumericGreaterThanEqualsPath: '$.number.limit', Next: 'Tell' },
        ],
        Default: 'AllWell',
      },
      Tell: {
        Type: 'Task',
        Resource: `arn:${partition}:states:::sns:publish`,
        Parameters: noSuccessNotification(settings, days),
        ResultPath: null,
        Retry: RETRY_MESSAGE,
        Next: 'Told',
      },
      Told: { Type: 'Succeed' },
      AllWell: { Type: 'Succeed' },
    },
  }
}
