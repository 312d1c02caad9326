import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import {
  CreateKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms'
import { drift, type Drift } from '../drift.js'
import type { World } from '../world.js'

const KEY = 'security/key'

const key = (paths: string | string[], by: (kms: KMSClient, KeyId: string) => Promise<unknown>): Drift =>
  drift(KEY, paths, (world) => by(world.client(KMSClient), world.id(KEY)))

const role = (id: string, path: string, by: (iam: IAMClient, RoleName: string) => Promise<unknown>): Drift =>
  drift(`security/role/${id}`, path, (world) => by(world.client(IAMClient), world.id(`security/role/${id}`)))

/** What a person tries when something is denied. */
const everything = (principal = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', ...principal }],
  })

const anybody = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }],
})

async function pointElsewhere(world: World): Promise<void> {
  const kms = world.client(KMSClient)
  const { KeyMetadata: other } = await kms.send(new CreateKeyCommand({}))
  await kms.send(
    new UpdateAliasCommand({ AliasName: world.id('security/key-alias'), TargetKeyId: other?.KeyId }),
  )
}

async function attachAdministrator(iam: IAMClient, RoleName: string): Promise<void> {
  const { Policy: policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'by-hand', PolicyDocument: everything() }),
  )
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: policy?.Arn }))
}

/** Key and roles. */
export const securityDrift: Drift[] = [
  key('description', (kms, KeyId) =>
    kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'of somebody else' })),
  ),
  key('state', (kms, KeyId) => kms.send(new DisableKeyCommand({ KeyId }))),
  key('state', (kms, KeyId) => kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))),
  key('rotation.enabled', (kms, KeyId) => kms.send(new DisableKeyRotationCommand({ KeyId }))),
  key('policy', (kms, KeyId) =>
    kms.send(
      new PutKeyPolicyCommand({
        KeyId,
        PolicyName: 'default',
        Policy: everything({ Principal: { AWS: '*' } }),
      }),
    ),
  ),
  { ...drift('security/key-alias', 'targetKeyId', pointElsewhere), adopt: true },
  role('ecs-exec', 'description', (iam, RoleName) =>
    iam.send(new UpdateRoleCommand({ RoleName, Description: 'of somebody else', MaxSessionDuration: 3600 })),
  ),
  role('ecs-task', 'trust', (iam, RoleName) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: anybody })),
  ),
  role('sfn-worker', 'policy', (iam, RoleName) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'datapipe', PolicyDocument: everything() })),
  ),
  role('sfn-crawl', 'policy', (iam, RoleName) =>
    iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'datapipe' })),
  ),
  role('events', 'inlinePolicies', (iam, RoleName) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'more', PolicyDocument: everything() })),
  ),
  role('sfn-dispatch', 'attachedPolicies', attachAdministrator),
]
