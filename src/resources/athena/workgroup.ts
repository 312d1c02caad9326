import {
  AthenaClient,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  GetWorkGroupCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateWorkGroupCommand,
  type WorkGroup,
} from '@aws-sdk/client-athena'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { messageOf } from '../../errors.js'
import { AwsResource } from '../resource.js'

export interface AthenaWorkgroupProperties {
  /** `s3://bucket/prefix/` */
  outputLocation: () => string
  keyArn: () => string
  /** A query that would read more is cancelled; at least 10 MB (spec §11.3). */
  maxScanBytes: number
}

export interface AthenaWorkgroupAttributes {
  name: string
}

interface ObservedAthenaWorkgroup extends Observed<AthenaWorkgroupAttributes> {
  properties: Record<string, unknown>
  tags: Tags
}

const ENGINE = 'Athena engine version 3'

/** An Athena workgroup whose settings no client can override: encrypted results and a limit on what a query reads. */
export class AthenaWorkgroup extends AwsResource<AthenaWorkgroupAttributes, ObservedAthenaWorkgroup> {
  readonly type = 'AWS::Athena::WorkGroup'
  readonly iamActions = [
    // Queries of an earlier configuration are found in it, whether this one has any or not.
    'athena:BatchGetNamedQuery',
    'athena:CreateWorkGroup',
    'athena:DeleteNamedQuery',
    'athena:DeleteWorkGroup',
    'athena:GetWorkGroup',
    'athena:ListNamedQueries',
    'athena:ListTagsForResource',
    'athena:TagResource',
    'athena:UpdateWorkGroup',
  ]

  readonly #athena: AthenaClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: AthenaWorkgroupProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#athena = aws.clients.of(AthenaClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  get #arn(): string {
    return this.aws.names.arn('athena', `workgroup/${this.name}`)
  }

  async read(): Promise<ObservedAthenaWorkgroup | undefined> {
    const found = await unlessNotFound(this.#athena.send(new GetWorkGroupCommand({ WorkGroup: this.name })))
    if (found?.WorkGroup === undefined) return undefined
    const tagged = await unlessNotFound(
      this.#athena.send(new ListTagsForResourceCommand({ ResourceARN: this.#arn })),
    )
    const tags = fromTagList(tagged?.Tags)
    return {
      physicalId: this.name,
      attributes: { name: this.name },
      owned: this.aws.owns(tags),
      properties: observedProperties(found.WorkGroup),
      tags,
    }
  }

  diff(observed: ObservedAthenaWorkgroup): Change[] {
    return [
      ...diffProperties(observed.properties, {
        state: 'ENABLED',
        outputLocation: this.properties.outputLocation(),
        encryption: { option: 'SSE_KMS', keyArn: this.properties.keyArn() },
        expectedBucketOwner: this.aws.account,
        enforced: true,
        metrics: true,
        maxScanBytes: this.properties.maxScanBytes,
        engine: ENGINE,
      }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(): Promise<AthenaWorkgroupAttributes> {
    try {
      await this.#athena.send(
        new CreateWorkGroupCommand({
          Name: this.name,
          Configuration: { ...this.#settings, ResultConfiguration: this.#results },
          Tags: upperTags(this.tags),
        }),
      )
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it is ours this is what was asked for.
      if (!isAwsError(error, 'InvalidRequestException') || !(await this.read())?.owned) throw error
    }
    return { name: this.name }
  }

  async update(
    observed: ObservedAthenaWorkgroup,
    changes: readonly Change[],
  ): Promise<AthenaWorkgroupAttributes> {
    const isTag = (change: Change) => change.path.startsWith('tags.')
    if (!changes.every(isTag)) {
      // moto has no UpdateWorkGroup; it has no query history to lose either.
      if (this.aws.emulated) {
        await this.delete()
        return this.create()
      }
      await this.#athena.send(
        new UpdateWorkGroupCommand({
          WorkGroup: this.name,
          State: 'ENABLED',
          ConfigurationUpdates: { ...this.#settings, ResultConfigurationUpdates: this.#results },
        }),
      )
    }
    if (changes.some(isTag)) {
      await this.#athena.send(new TagResourceCommand({ ResourceARN: this.#arn, Tags: upperTags(this.tags) }))
    }
    return observed.attributes
  }

  /** With its query history, which alone would hold it; results are in S3 and not touched. */
  async delete(): Promise<Deletion> {
    const gone = await unlessNotFound(
      this.#athena.send(new DeleteWorkGroupCommand({ WorkGroup: this.name, RecursiveDeleteOption: true })),
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  get #settings() {
    return {
      EnforceWorkGroupConfiguration: true,
      PublishCloudWatchMetricsEnabled: true,
      BytesScannedCutoffPerQuery: this.properties.maxScanBytes,
      EngineVersion: { SelectedEngineVersion: ENGINE },
    }
  }

  get #results() {
    return {
      OutputLocation: this.properties.outputLocation(),
      EncryptionConfiguration: {
        EncryptionOption: 'SSE_KMS' as const,
        KmsKey: this.properties.keyArn(),
      },
      ExpectedBucketOwner: this.aws.account,
    }
  }
}

function observedProperties(group: WorkGroup): Record<string, unknown> {
  const configuration = group.Configuration
  const results = configuration?.ResultConfiguration
  return {
    state: group.State,
    outputLocation: results?.OutputLocation,
    encryption: {
      option: results?.EncryptionConfiguration?.EncryptionOption,
      keyArn: results?.EncryptionConfiguration?.KmsKey,
    },
    expectedBucketOwner: results?.ExpectedBucketOwner,
    enforced: configuration?.EnforceWorkGroupConfiguration,
    metrics: configuration?.PublishCloudWatchMetricsEnabled,
    maxScanBytes: configuration?.BytesScannedCutoffPerQuery,
    engine: configuration?.EngineVersion?.SelectedEngineVersion,
  }
}

/** Athena says "not found" with the class of any bad request (spec §11.3). */
async function unlessNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    const missing =
      isAwsError(error, 'ResourceNotFoundException') ||
      (isAwsError(error, 'InvalidRequestException') && /is not found|does not exist/i.test(messageOf(error)))
    if (missing) return undefined
    throw error
  }
}
