import type { Names } from '../../src/aws/names.js'
import { keyOf } from './iam-requests.js'
import type { Facts } from './iam-recording.js'
import type { IamRequest } from './iam-simulator.js'

interface State {
  Type: string
  Resource?: string
  Parameters?: Record<string, unknown>
  Arguments?: Record<string, unknown>
  ItemProcessor?: Machine
  Iterator?: Machine
  Branches?: Machine[]
}

/** The parts of a state machine's definition that say what it calls. */
export interface Machine {
  States: Record<string, State>
}

type Parameters = Record<string, unknown>

/** What a task asks IAM for as the role of its state machine: documentation of the service integrations (spec §6.3, §6.4). */
const INTEGRATIONS: Readonly<
  Record<string, (parameters: Parameters, names: Names, facts: Facts) => IamRequest[]>
> = {
  'ecs:runTask.sync': (parameters, names) => {
    const cluster = parameters.Cluster as string
    const context = { 'ecs:cluster': cluster }
    const task = names.arn('ecs', `task/${cluster.split('/')[1] ?? ''}/0123456789abcdef`)
    const rule = names.arn('events', 'rule/StepFunctionsGetEventsForECSTaskRule')
    const passed = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }
    return [
      // Authorised on the revision that the family resolves to.
      { action: 'ecs:RunTask', resource: `${parameters.TaskDefinition as string}:7`, context },
      { action: 'ecs:DescribeTasks', resource: task, context },
      { action: 'ecs:StopTask', resource: task, context },
      ...(parameters.PropagateTags === undefined
        ? []
        : [{ action: 'ecs:TagResource', resource: task, context: { 'ecs:CreateAction': 'RunTask' } }]),
      ...['PutRule', 'PutTargets', 'DescribeRule'].map((operation) => ({
        action: `events:${operation}`,
        resource: rule,
      })),
      ...(['ecs-exec', 'ecs-task'] as const).map((role) => ({
        action: 'iam:PassRole',
        resource: names.roleArn(role),
        context: passed,
      })),
    ]
  },
  'sqs:sendMessage': (parameters, names, facts) => [
    {
      action: 'sqs:SendMessage',
      resource: names.arn('sqs', (parameters.QueueUrl as string).split('/').at(-1) ?? ''),
    },
    ...throughService('sqs', names, facts),
  ],
  'sns:publish': (parameters, names, facts) => [
    { action: 'sns:Publish', resource: parameters.TopicArn as string },
    ...throughService('sns', names, facts),
  ],
  'states:startExecution': (parameters) => [
    { action: 'states:StartExecution', resource: parameters.StateMachineArn as string },
  ],
}

function throughService(service: string, names: Names, facts: Facts): IamRequest[] {
  const { resource } = keyOf(names, facts)
  const context = { 'kms:ViaService': `${service}.${names.place.region}.amazonaws.com` }
  return ['kms:GenerateDataKey', 'kms:Decrypt'].map((action) => ({ action, resource, context }))
}

/**
 * Everything that a machine asks for with its role: its tasks, its own encrypted data, its logs, its traces.
 * @param arn of the state machine
 * @throws Error for an integration that nobody has said the permissions of
 */
export function machineRequests(machine: Machine, arn: string, names: Names, facts: Facts): IamRequest[] {
  const { resource } = keyOf(names, facts)
  const self = { 'kms:EncryptionContext:aws:states:stateMachineArn': arn }
  const logs = { 'kms:EncryptionContext:SourceArn': names.arn('logs', '*') }
  return [
    ...tasks(machine).flatMap(({ Arguments, Parameters: parameters, Resource: task = '' }) => {
      const integration = task.split(':::')[1] ?? task
      const requests = INTEGRATIONS[integration]
      if (requests === undefined) throw new Error(`What does ${integration} ask for?`)
      return requests(parameters ?? Arguments ?? {}, names, facts)
    }),
    { action: 'kms:Decrypt', resource, context: self },
    { action: 'kms:GenerateDataKey', resource, context: self },
    { action: 'kms:GenerateDataKey', resource, context: logs },
    { action: 'logs:CreateLogDelivery', resource: '*' },
    { action: 'logs:PutResourcePolicy', resource: '*' },
    { action: 'logs:DescribeLogGroups', resource: '*' },
    { action: 'xray:PutTraceSegments', resource: '*' },
  ]
}

function tasks(machine: Machine): State[] {
  return Object.values(machine.States).flatMap((state) => [
    ...(state.Type === 'Task' ? [state] : []),
    ...[state.ItemProcessor, state.Iterator, ...(state.Branches ?? [])].flatMap((inner) =>
      inner === undefined ? [] : tasks(inner),
    ),
  ])
}
