import type { AwsContext } from '../aws/context.js'
import type { MachineName } from '../aws/names.js'
import type { Environment } from '../config/schema.js'
import { CONTAINER } from '../resources/ecs/task-properties.js'
import { EventRule } from '../resources/events/rule.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { StateMachine } from '../resources/sfn/state-machine.js'
import type { Compute } from './compute.js'
import { arrivalPattern } from './arrival-pattern.js'
import type { Messaging } from './messaging.js'
import type { Network } from './network.js'
import type { Security } from './security.js'
import { dispatchDefinition } from './state-machines/dispatch.js'
import { workerDefinition } from './state-machines/worker.js'
import type { Storage } from './storage.js'

/** What starts when a file arrives. */
export interface Orchestration {
  worker: StateMachine
  dispatch: StateMachine
  rule: EventRule
  resources: AwsResource[]
}

export interface OrchestrationParts {
  network: Network
  security: Security
  storage: Storage
  messaging: Messaging
  compute: Compute
}

export function orchestration(
  aws: AwsContext,
  environment: Environment,
  parts: OrchestrationParts,
): Orchestration {
  const { names } = aws
  const { key, roles } = parts.security
  const keyArn = () => key.attributes.arn

  const logGroup = (machine: MachineName) =>
    new LogGroup(
      aws,
      `orchestration/logs/${machine}`,
      names.logGroup(machine),
      { retentionDays: environment.compute.logRetentionDays, keyArn },
      { dependsOn: [key] },
    )
  const machine = (name: MachineName, logs: LogGroup, definition: () => object, dependsOn: AwsResource[]) => {
    const role = roles[`sfn-${name}`]
    return new StateMachine(
      aws,
      `orchestration/${name}`,
      names.stateMachine(name),
      {
        definition: () => JSON.stringify(definition()),
        roleArn: () => role.attributes.arn,
        logGroupArn: () => logs.attributes.arn,
        logLevel: 'ERROR',
        tracing: true,
        keyArn,
      },
      { dependsOn: [role, logs, key, ...dependsOn] },
    )
  }

  const workerLogs = logGroup('worker')
  const dispatchLogs = logGroup('dispatch')
  const { network, compute, messaging } = parts
  const worker = machine(
    'worker',
    workerLogs,
    () =>
      workerDefinition({
        env: environment.name,
        clusterArn: compute.cluster.attributes.arn,
        taskFamilyArn: compute.taskDefinition.attributes.familyArn,
        container: CONTAINER,
        subnetIds: network.taskSubnets.map((subnet) => subnet.attributes.subnetId),
        securityGroupIds: [network.taskSecurityGroup.attributes.groupId],
        assignPublicIp: network.assignPublicIp,
        failedQueueUrl: messaging.failed.attributes.url,
        topicArn: messaging.topic.attributes.arn,
      }),
    [
      compute.cluster,
      compute.taskDefinition,
      network.taskSecurityGroup,
      ...network.taskSubnets,
      messaging.failed,
      messaging.topic,
    ],
  )
  const dispatch = machine('dispatch', dispatchLogs, () => dispatchDefinition(worker.attributes.arn), [
    worker,
  ])

  const rule = new EventRule(
    aws,
    'orchestration/rule',
    names.rule,
    {
      pattern: () => arrivalPattern(parts.storage.raw.attributes.bucket),
      targets: () => [
        {
          id: 'dispatch',
          arn: dispatch.attributes.arn,
          roleArn: roles.events.attributes.arn,
          deadLetterArn: messaging.eventsDlq.attributes.arn,
          retry: { attempts: 185, ageSeconds: 86_400 },
        },
      ],
    },
    { dependsOn: [dispatch, roles.events, messaging.eventsDlq, parts.storage.raw] },
  )
  return { worker, dispatch, rule, resources: [workerLogs, dispatchLogs, worker, dispatch, rule] }
}
