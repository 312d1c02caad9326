import type { AwsContext } from '../aws/context.js'
import type { FargateQuotas } from '../aws/service-quotas.js'
import type { Environment } from '../config/schema.js'
import { CONTAINER } from '../resources/ecs/task-properties.js'
import { EventRule } from '../resources/events/rule.js'
import type { AwsResource } from '../resources/resource.js'
import type { StateMachine } from '../resources/sfn/state-machine.js'
import type { Compute } from './compute.js'
import { arrivalPattern } from './arrival-pattern.js'
import type { Messaging } from './messaging.js'
import type { Network } from './network.js'
import type { Security } from './security.js'
import { runTiers } from './size-tiers.js'
import { dispatchDefinition } from './state-machines/dispatch.js'
import { encryptedMachine } from './state-machines/encrypted-machine.js'
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
  /** Left out: tasks of any size can start. */
  fargate?: FargateQuotas
}

export function orchestration(
  aws: AwsContext,
  environment: Environment,
  parts: OrchestrationParts,
): Orchestration {
  const { names } = aws
  const { key, roles } = parts.security
  const { network, compute, messaging } = parts
  const { machine: worker, logs: workerLogs } = encryptedMachine(aws, environment, 'worker', {
    key,
    role: roles['sfn-worker'],
    definition: () =>
      workerDefinition({
        env: environment.name,
        tiers: runTiers(parts.fargate ?? {}, environment.compute.spot),
        clusterArn: compute.cluster.attributes.arn,
        taskFamilyArn: compute.taskDefinition.attributes.familyArn,
        container: CONTAINER,
        subnetIds: network.taskSubnets.map((subnet) => subnet.attributes.subnetId),
        securityGroupIds: [network.taskSecurityGroup.attributes.groupId],
        assignPublicIp: network.assignPublicIp,
        failedQueueUrl: messaging.failed.attributes.url,
        topicArn: messaging.topic.attributes.arn,
        onSuccess: environment.notify.onSuccess
          ? { resultsBucket: parts.storage.transformed.attributes.bucket, account: aws.account }
          : undefined,
      }),
    dependsOn: [
      compute.cluster,
      compute.taskDefinition,
      network.taskSecurityGroup,
      ...network.taskSubnets,
      messaging.failed,
      messaging.topic,
      ...(environment.notify.onSuccess ? [parts.storage.transformed] : []),
    ],
  })
  const { machine: dispatch, logs: dispatchLogs } = encryptedMachine(aws, environment, 'dispatch', {
    key,
    role: roles['sfn-dispatch'],
    definition: () => dispatchDefinition(worker.attributes.arn, messaging.failed.attributes.url),
    dependsOn: [worker, messaging.failed],
  })

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
