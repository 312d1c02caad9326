import type { AwsContext } from '../../aws/context.js'
import type { MachineName } from '../../aws/names.js'
import type { Environment } from '../../config/schema.js'
import type { Role } from '../../resources/iam/role.js'
import type { KmsKey } from '../../resources/kms/key.js'
import { LogGroup } from '../../resources/logs/log-group.js'
import type { AwsResource } from '../../resources/resource.js'
import { StateMachine } from '../../resources/sfn/state-machine.js'

export interface MachineParts {
  key: KmsKey
  role: Role
  definition: () => object
  /** Beside its key, its role and its logs. */
  dependsOn: AwsResource[]
}

/** A state machine of the environment with its log group, both encrypted with the environment's key. */
export function encryptedMachine(
  aws: AwsContext,
  environment: Environment,
  name: MachineName,
  { definition, dependsOn, key, role }: MachineParts,
): { machine: StateMachine; logs: LogGroup } {
  const keyArn = () => key.attributes.arn
  const logs = new LogGroup(
    aws,
    `orchestration/logs/${name}`,
    aws.names.logGroup(name),
    { retentionDays: environment.compute.logRetentionDays, keyArn },
    { dependsOn: [key] },
  )
  const machine = new StateMachine(
    aws,
    `orchestration/${name}`,
    aws.names.stateMachine(name),
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
  return { machine, logs }
}
