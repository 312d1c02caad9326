import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { Alarm, type AlarmProperties } from '../resources/cloudwatch/alarm.js'
import type { EventRule } from '../resources/events/rule.js'
import type { AwsResource } from '../resources/resource.js'
import type { StateMachine } from '../resources/sfn/state-machine.js'
import type { Topic } from '../resources/sns/topic.js'
import type { Queue } from '../resources/sqs/queue.js'
import {
  environmentDimension,
  METRIC_NAMESPACE,
  REJECTED_METRIC,
} from '../transform/container/metric-names.js'

/** What the alarms look at and whom they tell. */
export interface AlarmParts {
  machines: readonly StateMachine[]
  rule: EventRule
  failed: Queue
  eventsDlq: Queue
  topic: Topic
}

const MINUTES_5 = 300
const DAY = 86_400

/** Alarms are part of an environment when it has somebody to tell, unless it says otherwise. */
export function wantsAlarms({ monitoring, notify }: Environment): boolean {
  return monitoring.alarms ?? notify.email.length > 0
}

/** The alarms of spec §10, each with the topic as its action. */
export function alarms(aws: AwsContext, environment: Environment, parts: AlarmParts): Alarm[] {
  const { rejectedRowsPerDay } = environment.monitoring
  return [
    ...(wantsAlarms(environment)
      ? [
          ...parts.machines.flatMap((machine) => machineAlarms(aws, environment, machine, parts.topic)),
          ...deliveryAlarms(aws, parts),
          ...queueAlarms(aws, environment, parts),
        ]
      : []),
    ...(rejectedRowsPerDay === undefined
      ? []
      : [rejectsAlarm(aws, environment, rejectedRowsPerDay, parts.topic)]),
  ]
}

type Watched = Omit<AlarmProperties, 'actions' | 'evaluationPeriods' | 'comparison'> &
  Partial<Pick<AlarmProperties, 'comparison'>>

function alarm(
  aws: AwsContext,
  purpose: string,
  topic: Topic,
  watched: Watched,
  watchedResources: readonly AwsResource[],
): Alarm {
  const properties: AlarmProperties = {
    comparison: 'GreaterThanOrEqualToThreshold',
    ...watched,
    evaluationPeriods: 1,
    actions: () => [topic.attributes.arn],
  }
  const dependsOn = [topic, ...watchedResources]
  return new Alarm(aws, `monitoring/alarm/${purpose}`, aws.names.alarm(purpose), properties, { dependsOn })
}

/** Metric of AWS/States, what happened, and what to do. */
const EXECUTION_METRICS = [
  ['failed', 'ExecutionsFailed', 'failed', 'each failed file has a message of its own'],
  ['timed-out', 'ExecutionsTimedOut', 'ran out of time', 'the files may be too large for their task'],
  ['aborted', 'ExecutionsAborted', 'were stopped', 'somebody stopped them, so their files are not processed'],
  ['throttled', 'ExecutionThrottled', 'were slowed down', 'the quota of Step Functions is used up'],
] as const

function machineAlarms(
  aws: AwsContext,
  { name: env }: Environment,
  machine: StateMachine,
  topic: Topic,
): Alarm[] {
  const short = machine.name.slice(aws.names.stem.length + 1)
  return EXECUTION_METRICS.map(([suffix, metric, what, why]) =>
    alarm(
      aws,
      `${short}-${suffix}`,
      topic,
      {
        description: `datapipe ${env}: executions of ${machine.name} ${what}; ${why}. See: datapipe status --env ${env}`,
        namespace: 'AWS/States',
        metric,
        dimensions: { StateMachineArn: aws.names.arn('states', `stateMachine:${machine.name}`) },
        statistic: 'Sum',
        periodSeconds: MINUTES_5,
        threshold: 1,
      },
      [machine],
    ),
  )
}

/** Both metrics exist only when something went wrong (spec §10). */
function deliveryAlarms(aws: AwsContext, { rule, topic }: AlarmParts): Alarm[] {
  const { env } = aws
  const watch = (purpose: string, metric: string, description: string) =>
    alarm(
      aws,
      purpose,
      topic,
      {
        description,
        namespace: 'AWS/Events',
        metric,
        dimensions: { RuleName: rule.name },
        statistic: 'Sum',
        periodSeconds: MINUTES_5,
        threshold: 1,
      },
      [rule],
    )
  return [
    watch(
      'rule-failed',
      'FailedInvocations',
      `datapipe ${env}: arrived files could not start their processing; check the role of the rule. Then: datapipe run --env ${env}`,
    ),
    watch(
      'rule-undelivered',
      'InvocationsSentToDlq',
      `datapipe ${env}: events of arrived files were given up and put into the dead-letter queue. Process the files: datapipe run --env ${env}`,
    ),
  ]
}

function queueAlarms(
  aws: AwsContext,
  { name: env }: Environment,
  { eventsDlq, failed, topic }: AlarmParts,
): Alarm[] {
  const watch = (
    purpose: string,
    queue: Queue,
    metric: string,
    [threshold, periodSeconds]: [number, number],
    description: string,
  ) =>
    alarm(
      aws,
      purpose,
      topic,
      {
        description: `datapipe ${env}: ${description}`,
        namespace: 'AWS/SQS',
        metric,
        dimensions: { QueueName: queue.name },
        statistic: 'Maximum',
        periodSeconds,
        threshold,
      },
      [queue],
    )
  return [
    watch(
      'failed-files',
      failed,
      'ApproximateNumberOfMessagesVisible',
      [1, MINUTES_5],
      `files failed and wait in the queue ${failed.name}. Process them again: datapipe run --retry-failed --env ${env}`,
    ),
    watch(
      'failed-files-age',
      failed,
      'ApproximateAgeOfOldestMessage',
      [DAY, MINUTES_5],
      `a failed file waits for more than a day in the queue ${failed.name}, which forgets it after 14 days. Process it again: datapipe run --retry-failed --env ${env}`,
    ),
    watch(
      'undelivered-events',
      eventsDlq,
      'ApproximateNumberOfMessagesVisible',
      [1, MINUTES_5],
      `events wait in the dead-letter queue ${eventsDlq.name}. Process the files: datapipe run --env ${env}`,
    ),
  ]
}

/** One day is one period, so the sum is that of the last 24 hours. */
function rejectsAlarm(aws: AwsContext, { name: env }: Environment, rows: number, topic: Topic): Alarm {
  return alarm(
    aws,
    'rejected-rows',
    topic,
    {
      description: `datapipe ${env}: more than ${rows} rows were rejected within a day. They are kept, each with its reason; see: datapipe status --env ${env}`,
      namespace: METRIC_NAMESPACE,
      metric: REJECTED_METRIC,
      dimensions: { Environment: environmentDimension(aws.project, aws.env) },
      statistic: 'Sum',
      periodSeconds: DAY,
      threshold: rows,
      comparison: 'GreaterThanThreshold',
    },
    [],
  )
}
