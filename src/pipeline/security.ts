import type { AwsContext } from '../aws/context.js'
import type { CoreRoleName } from '../aws/names.js'
import type { PolicyDocument } from '../aws/policy.js'
import type { Environment } from '../config/schema.js'
import { Role } from '../resources/iam/role.js'
import { ServiceLinkedRole } from '../resources/iam/service-linked-role.js'
import { KmsAlias } from '../resources/kms/alias.js'
import { KmsKey } from '../resources/kms/key.js'
import type { AwsResource } from '../resources/resource.js'
import { usesGlue } from './glue.js'
import { hashesPersonalData } from './personal-data.js'
import { ecsTrust, executionRolePolicy, taskRolePolicy } from './policies/ecs-roles.js'
import { keyPolicy } from './policies/key.js'
import {
  dispatchRolePolicy,
  eventsRolePolicy,
  eventsTrust,
  statesTrust,
  workerRolePolicy,
} from './policies/orchestration-roles.js'

/** The key and the roles of an environment. */
export interface Security {
  key: KmsKey
  alias: KmsAlias
  roles: Record<CoreRoleName, Role>
  /** ECS cannot make a cluster before its own role exists in the account. */
  ecsServiceRole: ServiceLinkedRole
  resources: AwsResource[]
}

export function security(aws: AwsContext, environment: Environment): Security {
  const { names } = aws
  const key = new KmsKey(aws, 'security/key', names.stem, {
    alias: names.keyAlias,
    description: `datapipe ${environment.project}/${environment.name}: data, queues, topic, logs`,
    policy: () =>
      keyPolicy(names, {
        glue: usesGlue(environment),
        budgets: environment.monitoring.budgetMonthlyUsd !== undefined,
      }),
    rotationDays: 365,
    deletionDays: environment.keyDeletionDays,
  })
  const alias = new KmsAlias(
    aws,
    'security/key-alias',
    names.keyAlias,
    { targetKeyId: () => key.attributes.keyId },
    { dependsOn: [key] },
  )
  const keyArn = () => key.attributes.arn

  const role = (
    name: CoreRoleName,
    description: string,
    trust: () => PolicyDocument,
    policy: () => PolicyDocument,
  ) =>
    new Role(
      aws,
      `security/role/${name}`,
      names.role(name),
      {
        description: `datapipe ${environment.name}: ${description}`,
        trust,
        policy,
        permissionsBoundary: environment.permissionsBoundary,
      },
      { dependsOn: [key] },
    )
  const roles: Record<CoreRoleName, Role> = {
    'ecs-exec': role(
      'ecs-exec',
      'starts tasks',
      () => ecsTrust(names),
      () => executionRolePolicy(names),
    ),
    'ecs-task': role(
      'ecs-task',
      'the transform',
      () => ecsTrust(names),
      () => taskRolePolicy(names, keyArn(), { hashes: hashesPersonalData(environment) }),
    ),
    'sfn-worker': role(
      'sfn-worker',
      'the worker state machine',
      () => statesTrust(names),
      () => workerRolePolicy(names, keyArn(), { readsResults: environment.notify.onSuccess }),
    ),
    'sfn-dispatch': role(
      'sfn-dispatch',
      'the dispatcher state machine',
      () => statesTrust(names),
      () => dispatchRolePolicy(names, keyArn()),
    ),
    events: role(
      'events',
      'the arrival rule',
      () => eventsTrust(names),
      () => eventsRolePolicy(names),
    ),
  }
  const ecsServiceRole = new ServiceLinkedRole(aws, 'security/service-role/ecs', 'ecs.amazonaws.com')
  return {
    key,
    alias,
    roles,
    ecsServiceRole,
    resources: [key, alias, ecsServiceRole, ...Object.values(roles)],
  }
}
