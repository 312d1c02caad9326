import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { CodeBuildClient } from '@aws-sdk/client-codebuild'
import { BatchDeleteImageCommand, DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr'
import type { AwsContext } from '../../aws/context.js'
import { unlessMissing } from '../../aws/retry.js'
import type { Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { AwsResource } from '../resource.js'
import { buildImage } from './build.js'
import type { Architecture } from './project-properties.js'

/** What an image is built from. */
export interface ImageSource {
  /** Of the content and the architecture: the same code has the same tag. */
  tag: string
  /** The whole hash, hexadecimal. */
  hash: string
  architecture: Architecture
  /** The bundle, with a Dockerfile at `docker/Dockerfile`. */
  zip: () => Uint8Array
}

export interface TransformImageProperties {
  /** Of the image that must exist. */
  tag: string
  /** What to build it from when it does not; without one it must exist already, as a pinned image does. */
  source?: ImageSource
  repositoryUri: () => string
  /** The CodeBuild project. */
  project: () => string
  /** Where the bundle is put for CodeBuild. */
  sourceBucket: () => string
  /** Milliseconds between looks at a build; 5000 unless told. */
  pollMs?: number
}

export interface TransformImageAttributes {
  digest: string
  tag: string
  /** `<repository>@sha256:…`: what a task definition names, because nothing can be put in its place. */
  uri: string
}

type ObservedImage = Observed<TransformImageAttributes>

/** DescribeImages may not see what was pushed a second ago. */
const VISIBLE_MS = 60_000

/**
 * The image of the transform, by a tag that follows from its content (spec §7). An image never changes: it exists, or it
 * is built. Needs no local Docker.
 */
export class TransformImage extends AwsResource<TransformImageAttributes, ObservedImage> {
  readonly type = 'Custom::Image'
  readonly iamActions = [
    'codebuild:BatchGetBuilds',
    'codebuild:ListBuildsForProject',
    'codebuild:StartBuild',
    'ecr:BatchDeleteImage',
    'ecr:DescribeImages',
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'logs:GetLogEvents',
    's3:GetObject',
    's3:PutObject',
  ]

  readonly #ecr: ECRClient

  /** @param name of the repository */
  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: TransformImageProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#ecr = aws.clients.of(ECRClient)
  }

  override get expectedPhysicalId(): string {
    return `${this.name}:${this.properties.tag}`
  }

  async read(): Promise<ObservedImage | undefined> {
    const { tag } = this.properties
    const digest = await this.#digest()
    if (digest === undefined) return undefined
    const attributes = { digest, tag, uri: `${this.properties.repositoryUri()}@${digest}` }
    // Whatever is in our repository is ours; its tag says what it is made of.
    return { physicalId: this.expectedPhysicalId, attributes, owned: true }
  }

  diff(): Change[] {
    return []
  }

  /**
   * Builds it, unless it has appeared since.
   * @throws DatapipeError IMAGE_BUILD_FAILED, IMAGE_BUILD_QUOTA, PINNED_IMAGE_MISSING
   */
  async create(op: Operation): Promise<TransformImageAttributes> {
    const { pollMs, project, repositoryUri, source, sourceBucket, tag } = this.properties
    let digest = await this.#digest()
    if (digest === undefined) {
      if (source === undefined) throw pinnedImageMissing(this.name, tag)
      await buildImage(
        {
          aws: this.aws,
          codebuild: this.aws.clients.of(CodeBuildClient),
          logs: this.aws.clients.of(CloudWatchLogsClient),
          project: project(),
          bucket: sourceBucket(),
          source,
          pollMs,
          exists: async () => (await this.#digest()) !== undefined,
        },
        op,
      )
      digest = await this.#waitUntilVisible(op)
    }
    return { digest, tag, uri: `${repositoryUri()}@${digest}` }
  }

  /** There is nothing about an image that could differ. */
  update(observed: ObservedImage): Promise<TransformImageAttributes> {
    return Promise.resolve(observed.attributes)
  }

  async delete(): Promise<Deletion> {
    const answer = await unlessMissing(
      this.#ecr.send(
        new BatchDeleteImageCommand({
          repositoryName: this.name,
          imageIds: [{ imageTag: this.properties.tag }],
        }),
      ),
      'RepositoryNotFoundException',
    )
    const failures = (answer?.failures ?? []).filter(({ failureCode }) => failureCode !== 'ImageNotFound')
    if (failures.length > 0) {
      return {
        status: 'blocked',
        by: failures.map(({ failureReason }) => failureReason ?? 'no reason given'),
      }
    }
    return { status: (answer?.imageIds ?? []).length > 0 ? 'deleted' : 'absent' }
  }

  async #digest(): Promise<string | undefined> {
    const answer = await unlessMissing(
      this.#ecr.send(
        new DescribeImagesCommand({
          repositoryName: this.name,
          imageIds: [{ imageTag: this.properties.tag }],
        }),
      ),
      'RepositoryNotFoundException',
      'ImageNotFoundException',
    )
    return answer?.imageDetails?.[0]?.imageDigest
  }

  async #waitUntilVisible(op: Operation): Promise<string> {
    const digest = await waitFor(
      {
        what: `image ${this.expectedPhysicalId} to appear`,
        poll: () => this.#digest(),
        check: (seen) => (seen === undefined ? 'pending' : 'done'),
        timeoutMs: VISIBLE_MS,
      },
      op,
    )
    return digest ?? ''
  }
}

function pinnedImageMissing(repository: string, tag: string): DatapipeError {
  return new DatapipeError(
    'PINNED_IMAGE_MISSING',
    `The environment is pinned to image ${tag}, which is no longer in ${repository}.`,
    {
      suggestions: [
        'See which images there are: `datapipe image list`.',
        'Pin another with `datapipe image rollback TAG`, or none with `datapipe image rollback --clear`.',
      ],
    },
  )
}
