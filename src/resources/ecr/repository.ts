import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
  ListTagsForResourceCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecr'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { canonical, diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile } from '../../engine/wait.js'
import { AwsResource } from '../resource.js'
import { lifecyclePolicy, normalizeLifecycle } from './lifecycle.js'

export interface RepositoryProperties {
  keyArn: () => string
  /** Images kept, newest first. More than the task definition revisions that are kept, or a revision loses its image. */
  keepImages: number
}

export interface RepositoryAttributes {
  arn: string
  /** `<account>.dkr.ecr.<region>.amazonaws.com/<name>`, without tag. */
  uri: string
}

interface ObservedRepository extends Observed<RepositoryAttributes> {
  properties: {
    tagMutability: string | undefined
    scanOnPush: boolean | undefined
    encryption: { type: string | undefined; keyArn: string | undefined }
    /** Canonical JSON text. */
    lifecyclePolicy: string | undefined
  }
  tags: Tags
}

/** An ECR repository: immutable tags, scanned on push, encrypted with the environment's key (spec §7.1). */
export class Repository extends AwsResource<RepositoryAttributes, ObservedRepository> {
  readonly type = 'AWS::ECR::Repository'
  readonly iamActions = [
    'ecr:CreateRepository',
    'ecr:DeleteRepository',
    'ecr:DescribeRepositories',
    'ecr:GetLifecyclePolicy',
    'ecr:ListTagsForResource',
    'ecr:PutImageScanningConfiguration',
    'ecr:PutImageTagMutability',
    'ecr:PutLifecyclePolicy',
    'ecr:TagResource',
    'kms:CreateGrant',
    'kms:DescribeKey',
    'kms:RetireGrant',
  ]

  readonly #ecr: ECRClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: RepositoryProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#ecr = aws.clients.of(ECRClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  get #arn(): string {
    return this.aws.names.arn('ecr', `repository/${this.name}`)
  }

  async read(): Promise<ObservedRepository | undefined> {
    const described = await unlessMissing(
      this.#ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [this.name] })),
      'RepositoryNotFoundException',
    )
    const repository = described?.repositories?.[0]
    if (repository === undefined) return undefined
    const arn = repository.repositoryArn ?? this.#arn
    const [lifecycle, tagged] = await Promise.all([
      unlessMissing(
        this.#ecr.send(new GetLifecyclePolicyCommand({ repositoryName: this.name })),
        'LifecyclePolicyNotFoundException',
        'RepositoryNotFoundException',
      ),
      unlessMissing(
        this.#ecr.send(new ListTagsForResourceCommand({ resourceArn: arn })),
        'RepositoryNotFoundException',
      ),
    ])
    const tags = fromTagList(tagged?.tags)
    const lifecycleText = lifecycle?.lifecyclePolicyText
    return {
      physicalId: this.name,
      attributes: { arn, uri: repository.repositoryUri ?? '' },
      owned: this.aws.owns(tags),
      properties: {
        tagMutability: repository.imageTagMutability,
        scanOnPush: repository.imageScanningConfiguration?.scanOnPush,
        encryption: {
          type: repository.encryptionConfiguration?.encryptionType,
          keyArn: repository.encryptionConfiguration?.kmsKey,
        },
        lifecyclePolicy:
          lifecycleText === undefined ? undefined : canonical(normalizeLifecycle(lifecycleText)),
      },
      tags,
    }
  }

  diff(observed: ObservedRepository): Change[] {
    return [
      ...diffProperties(
        observed.properties,
        {
          tagMutability: 'IMMUTABLE',
          scanOnPush: true,
          encryption: { type: 'KMS', keyArn: this.properties.keyArn() },
          lifecyclePolicy: canonical(lifecyclePolicy(this.properties.keepImages)),
        },
        { replaces: ['encryption'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<RepositoryAttributes> {
    const attributes = await this.#createRepository(op)
    await this.#putLifecyclePolicy()
    return attributes
  }

  async update(observed: ObservedRepository, changes: readonly Change[]): Promise<RepositoryAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changed('tagMutability')) {
      await this.#ecr.send(
        new PutImageTagMutabilityCommand({ repositoryName: this.name, imageTagMutability: 'IMMUTABLE' }),
      )
    }
    if (changed('scanOnPush')) {
      await this.#ecr.send(
        new PutImageScanningConfigurationCommand({
          repositoryName: this.name,
          imageScanningConfiguration: { scanOnPush: true },
        }),
      )
    }
    if (changed('lifecyclePolicy')) await this.#putLifecyclePolicy()
    if (changed('tags')) {
      await this.#ecr.send(
        new TagResourceCommand({ resourceArn: observed.attributes.arn, tags: upperTags(this.tags) }),
      )
    }
    return observed.attributes
  }

  /** With its images: they can be built again. */
  async delete(): Promise<Deletion> {
    const gone = await unlessMissing(
      this.#ecr.send(new DeleteRepositoryCommand({ repositoryName: this.name, force: true })),
      'RepositoryNotFoundException',
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #createRepository(op: Operation): Promise<RepositoryAttributes> {
    const command = new CreateRepositoryCommand({
      repositoryName: this.name,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: this.properties.keyArn() },
      tags: upperTags(this.tags),
    })
    try {
      const created = await retryWhile(
        () => this.#ecr.send(command),
        {
          what: 'waiting for ECR to see the new KMS key',
          // KMS is eventually consistent: ECR may not find a key of seconds ago, nor be allowed a grant on it (spec §4, §7.1).
          retryable: (error) => isAwsError(error, 'KmsException'),
          timeoutMs: 60_000,
        },
        op,
      )
      return {
        arn: created.repository?.repositoryArn ?? this.#arn,
        uri: created.repository?.repositoryUri ?? '',
      }
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it is ours this is what was asked for.
      const existing = isAwsError(error, 'RepositoryAlreadyExistsException') ? await this.read() : undefined
      if (existing?.owned) return existing.attributes
      throw error
    }
  }

  async #putLifecyclePolicy(): Promise<void> {
    await this.#ecr.send(
      new PutLifecyclePolicyCommand({
        repositoryName: this.name,
        lifecyclePolicyText: JSON.stringify(lifecyclePolicy(this.properties.keepImages)),
      }),
    )
  }
}
