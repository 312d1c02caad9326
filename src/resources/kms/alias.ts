import { CreateAliasCommand, DeleteAliasCommand, KMSClient, UpdateAliasCommand } from '@aws-sdk/client-kms'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { describeKey, keyTags } from './key-lookup.js'

export interface KmsAliasProperties {
  targetKeyId: () => string
}

export interface KmsAliasAttributes {
  name: string
  arn: string
}

interface ObservedKmsAlias extends Observed<KmsAliasAttributes> {
  properties: { targetKeyId: string }
}

/**
 * The name of a key. Aliases have no tags: one is ours when the key it points at carries them, so that an alias that others
 * use is never pointed elsewhere.
 */
export class KmsAlias extends AwsResource<KmsAliasAttributes, ObservedKmsAlias> {
  readonly type = 'AWS::KMS::Alias'
  readonly iamActions = [
    'kms:CreateAlias',
    'kms:DeleteAlias',
    'kms:DescribeKey',
    'kms:ListResourceTags',
    'kms:UpdateAlias',
  ]

  readonly #kms: KMSClient

  /** @param name with its prefix `alias/` */
  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: KmsAliasProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#kms = aws.clients.of(KMSClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  /** Known from the name alone. */
  override get attributes(): KmsAliasAttributes {
    return { name: this.name, arn: this.aws.names.arn('kms', this.name) }
  }

  async read(): Promise<ObservedKmsAlias | undefined> {
    const key = await describeKey(this.#kms, this.name)
    if (key?.KeyId === undefined) return undefined
    return {
      physicalId: this.name,
      attributes: this.attributes,
      owned: this.aws.owns(await keyTags(this.#kms, key.KeyId)),
      properties: { targetKeyId: key.KeyId },
    }
  }

  diff(observed: ObservedKmsAlias): Change[] {
    return diffProperties(observed.properties, { targetKeyId: this.properties.targetKeyId() })
  }

  async create(op: Operation): Promise<KmsAliasAttributes> {
    try {
      await retryNotFound(
        () => this.#kms.send(new CreateAliasCommand(this.#pointed)),
        'waiting for KMS to see the new key',
        op,
        'NotFoundException',
      )
    } catch (error) {
      if (!isAwsError(error, 'AlreadyExistsException')) throw error
      const observed = await this.read()
      if (observed?.owned !== true) throw error
      return this.update(observed, this.diff(observed))
    }
    return this.attributes
  }

  async update(_observed: ObservedKmsAlias, changes: readonly Change[]): Promise<KmsAliasAttributes> {
    if (changes.length > 0) await this.#kms.send(new UpdateAliasCommand(this.#pointed))
    return this.attributes
  }

  async delete(): Promise<Deletion> {
    const gone = await unlessMissing(
      this.#kms.send(new DeleteAliasCommand({ AliasName: this.name })),
      'NotFoundException',
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  get #pointed() {
    return { AliasName: this.name, TargetKeyId: this.properties.targetKeyId() }
  }
}
