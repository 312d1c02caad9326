import {
  CreateSecurityConfigurationCommand,
  DeleteSecurityConfigurationCommand,
  GetSecurityConfigurationCommand,
  GlueClient,
  type EncryptionConfiguration,
} from '@aws-sdk/client-glue'
import { KMSClient } from '@aws-sdk/client-kms'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile } from '../../engine/wait.js'
import { describeKey, keyTags } from '../kms/key-lookup.js'
import { AwsResource } from '../resource.js'

export interface GlueSecurityConfigurationProperties {
  /** The key for files, logs and bookmarks. */
  keyArn: () => string
}

export interface GlueSecurityConfigurationAttributes {
  name: string
}

interface ObservedSecurityConfiguration extends Observed<GlueSecurityConfigurationAttributes> {
  properties: EncryptionSettings
}

type EncryptionSettings = Record<'s3' | 'logs' | 'bookmarks', { mode: string; keyArn: string }>

const MISSING = 'EntityNotFoundException'

/**
 * How Glue encrypts what jobs and crawlers write (spec §11.4). It cannot be changed, only replaced, and has no tags: one of
 * our name is ours when a key it encrypts with carries them, and somebody else's until `--adopt` names it otherwise.
 */
export class GlueSecurityConfiguration extends AwsResource<
  GlueSecurityConfigurationAttributes,
  ObservedSecurityConfiguration
> {
  readonly type = 'AWS::Glue::SecurityConfiguration'
  readonly iamActions = [
    'glue:CreateSecurityConfiguration',
    'glue:DeleteSecurityConfiguration',
    'glue:GetSecurityConfiguration',
    'kms:DescribeKey',
    'kms:ListResourceTags',
  ]

  readonly #glue: GlueClient
  readonly #kms: KMSClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: GlueSecurityConfigurationProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#glue = aws.clients.of(GlueClient)
    this.#kms = aws.clients.of(KMSClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  /** Known from the name alone. */
  override get attributes(): GlueSecurityConfigurationAttributes {
    return { name: this.name }
  }

  async read(): Promise<ObservedSecurityConfiguration | undefined> {
    const found = await unlessMissing(
      this.#glue.send(new GetSecurityConfigurationCommand({ Name: this.name })),
      MISSING,
    )
    if (found?.SecurityConfiguration === undefined) return undefined
    const properties = settingsOf(found.SecurityConfiguration.EncryptionConfiguration)
    return {
      physicalId: this.name,
      attributes: this.attributes,
      owned: await this.#isOurs(properties),
      properties,
    }
  }

  diff(observed: ObservedSecurityConfiguration): Change[] {
    const keyArn = this.properties.keyArn()
    return diffProperties(
      observed.properties,
      {
        s3: { mode: 'SSE-KMS', keyArn },
        logs: { mode: 'SSE-KMS', keyArn },
        bookmarks: { mode: 'CSE-KMS', keyArn },
      },
      { replaces: ['s3', 'logs', 'bookmarks'] },
    )
  }

  async create(op: Operation): Promise<GlueSecurityConfigurationAttributes> {
    const KmsKeyArn = this.properties.keyArn()
    try {
      await retryWhile(
        () =>
          this.#glue.send(
            new CreateSecurityConfigurationCommand({
              Name: this.name,
              EncryptionConfiguration: {
                S3Encryption: [{ S3EncryptionMode: 'SSE-KMS', KmsKeyArn }],
                CloudWatchEncryption: { CloudWatchEncryptionMode: 'SSE-KMS', KmsKeyArn },
                JobBookmarksEncryption: { JobBookmarksEncryptionMode: 'CSE-KMS', KmsKeyArn },
              },
            }),
          ),
        {
          what: 'waiting for Glue to see the key',
          retryable: (error) => isAwsError(error, 'GlueEncryptionException'),
          timeoutMs: 120_000,
        },
        op,
      )
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it says the same it is the one.
      if (!isAwsError(error, 'AlreadyExistsException')) throw error
      const observed = await this.read()
      if (observed?.owned !== true || this.diff(observed).length > 0) throw error
    }
    return this.attributes
  }

  /** Never called: every change replaces. */
  update(observed: ObservedSecurityConfiguration): Promise<GlueSecurityConfigurationAttributes> {
    return Promise.resolve(observed.attributes)
  }

  async delete(): Promise<Deletion> {
    const gone = await unlessMissing(
      this.#glue.send(new DeleteSecurityConfigurationCommand({ Name: this.name })),
      MISSING,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #isOurs(observed: EncryptionSettings): Promise<boolean> {
    const keys = new Set(Object.values(observed).map(({ keyArn }) => keyArn))
    for (const arn of keys) {
      if (arn === '') continue
      // Of another account, and not for us to look at: not ours.
      const key = await unlessMissing(describeKey(this.#kms, arn), 'AccessDeniedException')
      if (key?.KeyId !== undefined && this.aws.owns(await keyTags(this.#kms, key.KeyId))) return true
    }
    return false
  }
}

function settingsOf(encryption: EncryptionConfiguration = {}): EncryptionSettings {
  const {
    CloudWatchEncryption: logs,
    JobBookmarksEncryption: bookmarks,
    S3Encryption: [s3] = [],
  } = encryption
  return {
    s3: { mode: s3?.S3EncryptionMode ?? 'DISABLED', keyArn: s3?.KmsKeyArn ?? '' },
    logs: { mode: logs?.CloudWatchEncryptionMode ?? 'DISABLED', keyArn: logs?.KmsKeyArn ?? '' },
    bookmarks: {
      mode: bookmarks?.JobBookmarksEncryptionMode ?? 'DISABLED',
      keyArn: bookmarks?.KmsKeyArn ?? '',
    },
  }
}
