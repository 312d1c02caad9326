import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UpdateKeyDescriptionCommand,
  type KeyMetadata,
} from '@aws-sdk/client-kms'
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api'
import type { AwsContext } from '../../aws/context.js'
import { normalizePolicy, type PolicyDocument } from '../../aws/policy.js'
import { costItem } from '../../aws/prices.js'
import { createOnce, once } from '../../aws/create-once.js'
import { isAwsError, retryNotFound, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, kmsTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { CostItem, Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { diffPolicy } from '../policy-diff.js'
import { AwsResource } from '../resource.js'
import {
  carriesTags,
  chooseKey,
  describeKey,
  findKeysByIndex,
  findKeysByScan,
  keyTags,
  PENDING_DELETION,
} from './key-lookup.js'

export interface KmsKeyProperties {
  /** With its prefix `alias/`. Made by `KmsAlias`; here it is the first place to look. */
  alias: string
  description: string
  /** Must let the account's root in, or KMS refuses it (spec §4). */
  policy: () => PolicyDocument
  /** 90 to 2560. */
  rotationDays: number
  /** How long a deleted key can still be had back: 7 to 30. */
  deletionDays: number
}

export interface KmsKeyAttributes {
  keyId: string
  arn: string
}

export interface ObservedKmsKey extends Observed<KmsKeyAttributes> {
  properties: {
    description: string
    state: string
    rotation: { enabled: boolean; periodDays: number | undefined }
  }
  policy: unknown
  tags: Tags
  /** Set when it is in its waiting period, as an ISO date: as good as gone, unless `up` takes it back. */
  pendingDeletionUntil: string | undefined
}

/**
 * The symmetric key of an environment (spec §4).
 *
 * KMS has no unique names and no idempotency token, so it is found by its alias, else by its tags: that finds a key whose
 * run was killed before it made the alias. A key of ours in its waiting period is taken back by `up` instead of making a
 * second one: it costs the same, and what it encrypted stays readable.
 */
export class KmsKey extends AwsResource<KmsKeyAttributes, ObservedKmsKey> {
  readonly type = 'AWS::KMS::Key'
  readonly iamActions = [
    'kms:CancelKeyDeletion',
    'kms:CreateKey',
    'kms:DescribeKey',
    'kms:EnableKey',
    'kms:EnableKeyRotation',
    'kms:GetKeyPolicy',
    'kms:GetKeyRotationStatus',
    'kms:ListKeys',
    'kms:ListResourceTags',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
    'kms:TagResource',
    'kms:UpdateKeyDescription',
    'tag:GetResources',
  ]

  readonly #kms: KMSClient
  readonly #tagging: ResourceGroupsTaggingAPIClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: KmsKeyProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#kms = aws.clients.of(KMSClient)
    this.#tagging = aws.clients.of(ResourceGroupsTaggingAPIClient)
  }

  /** The first two rotations add 1 USD each; KMS charges no key in its waiting period. */
  override cost(): CostItem[] {
    return [costItem('KMS key', 'kmsKey')]
  }

  /** @throws DatapipeError DUPLICATE_RESOURCE */
  async read(): Promise<ObservedKmsKey | undefined> {
    const byAlias = await describeKey(this.#kms, this.properties.alias)
    const observed = byAlias === undefined ? undefined : await this.#observe(byAlias)
    if (observed?.owned === true) return observed
    // No alias, or one that was pointed at a key that is not ours.
    const tagged = await findKeysByIndex(this.#kms, this.#tagging, this.tags)
    const chosen = chooseKey(this.id, tagged)
    return chosen === undefined ? observed : this.#observe(chosen)
  }

  diff(observed: ObservedKmsKey): Change[] {
    const { rotation } = observed.properties
    const pending = observed.properties.state === PENDING_DELETION
    return [
      ...diffProperties(observed.properties, {
        description: this.properties.description,
        state: 'Enabled',
        // While a key waits to be deleted KMS says that it does not rotate; `update` sees to it once it is back.
        rotation: pending
          ? undefined
          : {
              enabled: true,
              // Said by AWS of a key that rotates, and by some emulators never: nothing to compare then.
              periodDays: rotation.periodDays === undefined ? undefined : this.properties.rotationDays,
            },
      }),
      ...diffPolicy('policy', observed.policy, this.properties.policy()),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<KmsKeyAttributes> {
    // `read` asks an index that lags; before making what costs money and cannot be merged later, look everywhere.
    const orphan = chooseKey(this.id, await findKeysByScan(this.#kms, this.tags))
    if (orphan !== undefined) {
      const observed = await this.#observe(orphan)
      return this.update(observed, this.diff(observed), op)
    }
    const input = {
      Description: this.properties.description,
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      Policy: JSON.stringify(this.properties.policy()),
      Tags: kmsTags(this.tags),
    } as const
    const key = await retryPropagation(
      () =>
        createOnce<Partial<KeyMetadata>>(
          async () => (await this.#kms.send(once(new CreateKeyCommand(input)))).KeyMetadata ?? {},
          async () => chooseKey(this.id, await findKeysByScan(this.#kms, this.tags)),
          op,
        ),
      op,
    )
    const attributes = { keyId: key.KeyId ?? '', arn: key.Arn ?? '' }
    await this.#rotate(attributes.keyId, op)
    return attributes
  }

  async update(
    observed: ObservedKmsKey,
    changes: readonly Change[],
    op: Operation,
  ): Promise<KmsKeyAttributes> {
    const { attributes } = observed
    const KeyId = attributes.keyId
    const changed = (path: string) =>
      changes.some((change) => change.path === path || change.path.startsWith(`${path}.`))
    // First: a key that is disabled or waiting to be deleted takes no other change.
    if (changed('state')) {
      if (observed.properties.state === PENDING_DELETION) {
        await this.#settle(() => this.#kms.send(new CancelKeyDeletionCommand({ KeyId })), op)
      }
      await this.#settle(() => this.#kms.send(new EnableKeyCommand({ KeyId })), op)
    }
    if (changed('policy')) {
      const Policy = JSON.stringify(this.properties.policy())
      await this.#settle(
        () => this.#kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy })),
        op,
      )
    }
    if (changed('rotation') || changed('state')) await this.#rotate(KeyId, op)
    if (changed('description')) {
      const Description = this.properties.description
      await this.#settle(() => this.#kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description })), op)
    }
    if (changed('tags')) {
      await this.#settle(
        () => this.#kms.send(new TagResourceCommand({ KeyId, Tags: kmsTags(this.tags) })),
        op,
      )
    }
    return attributes
  }

  async delete(observed: ObservedKmsKey): Promise<Deletion> {
    if (observed.pendingDeletionUntil !== undefined) {
      return { status: 'scheduled', until: observed.pendingDeletionUntil }
    }
    const KeyId = observed.attributes.keyId
    try {
      const { DeletionDate: until } = await this.#kms.send(
        new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: this.properties.deletionDays }),
      )
      if (until !== undefined) return { status: 'scheduled', until: until.toISOString() }
    } catch (error) {
      if (isAwsError(error, 'NotFoundException')) return { status: 'absent' }
      if (!isAwsError(error, 'KMSInvalidStateException')) throw error
    }
    // Another run scheduled it a moment ago.
    const key = await describeKey(this.#kms, KeyId)
    return key?.DeletionDate === undefined
      ? { status: 'absent' }
      : { status: 'scheduled', until: key.DeletionDate.toISOString() }
  }

  async #rotate(KeyId: string, op: Operation): Promise<void> {
    const RotationPeriodInDays = this.properties.rotationDays
    await this.#settle(
      () => this.#kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays })),
      op,
    )
  }

  /** KMS is eventually consistent: a key made or taken back a moment ago may look absent, disabled or pending (spec §4). */
  #settle<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryNotFound(
      () => retryPropagation(action, op),
      'waiting for KMS to see the key as it is now',
      op,
      'NotFoundException',
      'KMSInvalidStateException',
      'DisabledException',
    )
  }

  async #observe(key: KeyMetadata): Promise<ObservedKmsKey> {
    const KeyId = key.KeyId ?? ''
    const [tags, policy, rotation] = await Promise.all([
      keyTags(this.#kms, KeyId),
      this.#kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' })),
      // Asked of a key that is not ours and not symmetric, when an alias was pointed at one.
      unlessMissing(
        this.#kms.send(new GetKeyRotationStatusCommand({ KeyId })),
        'UnsupportedOperationException',
      ),
    ])
    return {
      physicalId: KeyId,
      attributes: { keyId: KeyId, arn: key.Arn ?? '' },
      owned: carriesTags(tags, this.tags),
      properties: {
        description: key.Description ?? '',
        state: key.KeyState ?? '',
        rotation: {
          enabled: rotation?.KeyRotationEnabled ?? false,
          periodDays: rotation?.RotationPeriodInDays,
        },
      },
      policy: normalizePolicy(policy.Policy),
      tags,
      pendingDeletionUntil: key.KeyState === PENDING_DELETION ? key.DeletionDate?.toISOString() : undefined,
    }
  }
}
