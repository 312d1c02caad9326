import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { Role } from '../resources/iam/role.js'
import type { AwsResource } from '../resources/resource.js'
import type { StateMachine } from '../resources/sfn/state-machine.js'
import { backfillRolePolicy, statesTrust } from './policies/orchestration-roles.js'
import type { Security } from './security.js'
import { backfillDefinition } from './state-machines/backfill.js'
import { encryptedMachine } from './state-machines/encrypted-machine.js'
import type { Storage } from './storage.js'

/** What processes everything that is pending. */
export interface Backfill {
  machine: StateMachine
  resources: AwsResource[]
}

export interface BackfillParts {
  security: Security
  storage: Storage
  worker: StateMachine
}

/** undefined unless the configuration asks for it, with `backfill` or with a schedule, which starts it. */
export function backfill(
  aws: AwsContext,
  environment: Environment,
  { security, storage, worker }: BackfillParts,
): Backfill | undefined {
  if (!environment.backfill && environment.schedule.cron === undefined) return undefined
  const { names } = aws
  const { key } = security
  const { artifacts, raw } = storage
  const role = new Role(
    aws,
    'security/role/sfn-backfill',
    names.role('sfn-backfill'),
    {
      description: `datapipe ${environment.name}: the backfill state machine`,
      trust: () => statesTrust(names),
      policy: () => backfillRolePolicy(names, key.attributes.arn),
      permissionsBoundary: environment.permissionsBoundary,
    },
    { dependsOn: [key] },
  )
  const { logs, machine } = encryptedMachine(aws, environment, 'backfill', {
    key,
    role,
    definition: () =>
      backfillDefinition({
        workerArn: worker.attributes.arn,
        rawBucket: raw.attributes.bucket,
        artifactsBucket: artifacts.attributes.bucket,
        account: aws.account,
        maxConcurrency: environment.compute.maxConcurrency,
      }),
    dependsOn: [worker, raw, artifacts],
  })
  return { machine, resources: [role, logs, machine] }
}
