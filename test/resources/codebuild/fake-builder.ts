import { GetLogEventsCommand, type CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import {
  BatchGetBuildsCommand,
  ListBuildsForProjectCommand,
  StartBuildCommand,
  type Build,
  type CodeBuildClient,
  type StatusType,
} from '@aws-sdk/client-codebuild'
import {
  DescribeImagesCommand,
  ImageNotFoundException,
  RepositoryNotFoundException,
  type ECRClient,
} from '@aws-sdk/client-ecr'
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { AwsClientStub } from 'aws-sdk-client-mock'
import type { ImageSource } from '../../../src/resources/codebuild/image.js'

export const SOURCE: ImageSource = {
  tag: 'src-0123456789abcdef',
  hash: '0123456789abcdef'.repeat(4),
  architecture: 'arm64',
  zip: () => new Uint8Array([1, 2, 3]),
}

export interface BuilderMocks {
  codebuild: AwsClientStub<CodeBuildClient>
  ecr: AwsClientStub<ECRClient>
  logs: AwsClientStub<CloudWatchLogsClient>
  s3: AwsClientStub<S3Client>
}

/** CodeBuild, ECR, the log and the bucket behind mocks: builds run for some looks, then push their image or fail. */
export class FakeBuilder {
  hasRepository = true
  /** Looks at a build before it ends. */
  polls = 3
  outcome: StatusType = 'SUCCEEDED'
  /** Thrown by StartBuild, one each. */
  startErrors: Error[] = []
  /** What each look at the log finds; nothing after that. */
  logPages: string[][] = []
  uploaded: { hash: string; versionId: string } | undefined
  /** ListBuildsForProject shows nothing, as it may a moment after a start. */
  hidesBuilds = false
  onPoll: (() => void) | undefined
  readonly #builds: Build[] = []
  readonly #pushed = new Set<string>()
  readonly #tokens = new Map<string, Build>()
  #looks = 0

  constructor(mocks: BuilderMocks) {
    this.#answerBuilds(mocks.codebuild)
    this.#answerImages(mocks.ecr)
    this.#answerLog(mocks.logs)
    this.#answerBucket(mocks.s3)
  }

  push(tag: string): void {
    this.#pushed.add(tag)
  }

  unpush(tag: string): void {
    this.#pushed.delete(tag)
  }

  digestOf(tag: string): string {
    return `sha256:${Buffer.from(tag).toString('hex')}`
  }

  add({ status, tag }: { tag: string; status: StatusType }): Build {
    const build: Build = {
      id: `image:${this.#builds.length + 1}`,
      buildStatus: status,
      currentPhase: 'BUILD',
      environment: {
        type: 'ARM_CONTAINER',
        image: 'builder',
        computeType: 'BUILD_GENERAL1_SMALL',
        environmentVariables: [{ name: 'IMAGE_TAG', value: tag }],
      },
    }
    this.#builds.unshift(build)
    return build
  }

  #answerBuilds(codebuild: BuilderMocks['codebuild']): void {
    codebuild
      .on(ListBuildsForProjectCommand)
      .callsFake(() => ({ ids: this.hidesBuilds ? [] : this.#builds.map(({ id }) => id) }))
    codebuild.on(StartBuildCommand).callsFake((input: StartBuildCommand['input']) => {
      const error = this.startErrors.shift()
      if (error !== undefined) throw error
      const token = input.idempotencyToken ?? ''
      const tag = input.environmentVariablesOverride?.[0]?.value ?? ''
      const known = this.#tokens.get(token)
      // The same token within five minutes: the build that there is.
      const build = known ?? this.add({ tag, status: 'IN_PROGRESS' })
      if (known !== undefined) this.push(tag)
      else this.#looks = 0
      this.#tokens.set(token, build)
      return { build }
    })
    codebuild.on(BatchGetBuildsCommand).callsFake(({ ids = [] }: BatchGetBuildsCommand['input']) => {
      const builds = this.#builds.filter(({ id }) => ids.includes(id ?? ''))
      if (builds.length === 1) this.#look(builds[0]!)
      return { builds: builds.map((build) => ({ ...build })) }
    })
  }

  #look(build: Build): void {
    if (build.buildStatus !== 'IN_PROGRESS') return
    this.onPoll?.()
    this.#looks++
    // The stream is named once the build has left provisioning.
    if (this.#looks > 1) build.logs = { groupName: 'group', streamName: 'stream' }
    if (this.#looks <= this.polls + this.logPages.length) return
    build.buildStatus = this.outcome
    if (this.outcome === 'SUCCEEDED') {
      this.push(build.environment?.environmentVariables?.[0]?.value ?? '')
      return
    }
    build.phases = [
      { phaseType: 'PROVISIONING', phaseStatus: 'SUCCEEDED' },
      {
        phaseType: 'BUILD',
        phaseStatus: this.outcome,
        contexts: [{ statusCode: 'E', message: 'COMMAND_EXECUTION_ERROR: docker build' }],
      },
    ]
  }

  #answerImages(ecr: BuilderMocks['ecr']): void {
    ecr.on(DescribeImagesCommand).callsFake(({ imageIds }: DescribeImagesCommand['input']) => {
      if (!this.hasRepository) throw new RepositoryNotFoundException({ message: 'none', $metadata: {} })
      const tag = imageIds?.[0]?.imageTag ?? ''
      if (!this.#pushed.has(tag)) throw new ImageNotFoundException({ message: 'none', $metadata: {} })
      return { imageDetails: [{ imageDigest: this.digestOf(tag), imageTags: [tag] }] }
    })
  }

  #answerLog(logs: BuilderMocks['logs']): void {
    let page = 0
    logs.on(GetLogEventsCommand).callsFake(({ nextToken }: GetLogEventsCommand['input']) => {
      // Each look finds one page: what follows it is written later.
      const atEnd = nextToken === `f/${page}` && this.#seenAt === this.#looks
      if (atEnd || page >= this.logPages.length) return { events: [], nextForwardToken: nextToken ?? 'f/0' }
      this.#seenAt = this.#looks
      const events = this.logPages[page++]!.map((message) => ({ message }))
      return { events, nextForwardToken: `f/${page}` }
    })
  }

  #seenAt = -1

  #answerBucket(s3: BuilderMocks['s3']): void {
    s3.on(HeadObjectCommand).callsFake(() => {
      if (this.uploaded === undefined) throw new NotFound({ message: 'none', $metadata: {} })
      return { Metadata: { 'dp-sha256': this.uploaded.hash }, VersionId: this.uploaded.versionId }
    })
    s3.on(PutObjectCommand).callsFake(({ Metadata }: PutObjectCommand['input']) => {
      this.uploaded = { hash: Metadata?.['dp-sha256'] ?? '', versionId: 'version-1' }
      return { VersionId: 'version-1' }
    })
  }
}
