import type { Names } from '../../src/aws/names.js'
import { keyOf } from './iam-requests.js'
import type { Facts } from './iam-recording.js'
import { INTEGRATIONS, mapRequests } from './iam-integration-calls.js'
import type { IamRequest } from './iam-simulator.js'

interface State {
  Type: string
  Resource?: string
  Parameters?: Record<string, unknown>
  Arguments?: Record<string, unknown>
  ItemProcessor?: Machine & { ProcessorConfig?: { Mode: string } }
  Iterator?: Machine
  Branches?: Machine[]
}

/** The parts of a state machine's definition that say what it calls. */
export interface Machine {
  States: Record<string, State>
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
      return requests(parameters ?? Arguments ?? {}, names, facts, arn)
    }),
    ...(hasDistributedMap(machine) ? mapRequests(arn, names, facts) : []),
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

function hasDistributedMap(machine: Machine): boolean {
  return Object.values(machine.States).some(
    ({ ItemProcessor }) => ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED',
  )
}
