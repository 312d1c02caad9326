import {
  BatchGetBuildsCommand,
  BatchGetProjectsCommand,
  CodeBuildClient,
  CreateProjectCommand,
  DeleteProjectCommand,
  ListBuildsForProjectCommand,
  StartBuildCommand,
  type Project,
} from '@aws-sdk/client-codebuild'
import { ECRClient, PutImageCommand } from '@aws-sdk/client-ecr'
import { S3Client } from '@aws-sdk/client-s3'
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas'
import { mockClient } from 'aws-sdk-client-mock'
import { AwsClients } from '../../../src/aws/clients.js'
import { AwsContext } from '../../../src/aws/context.js'
import { Names } from '../../../src/aws/names.js'
import type { PolicyDocument } from '../../../src/aws/policy.js'
import { resolveEnvironment } from '../../../src/config/environments.js'
import { configSchema, type Environment } from '../../../src/config/schema.js'

/**
 * An environment as on AWS, on moto: with a CodeBuild that pushes what it is asked for, because moto's cannot be used, and
 * without what else moto lacks (Service Quotas; Deny statements of bucket policies, which it misreads).
 */
export class BuiltEnvironment {
  readonly aws: AwsContext
  readonly environment: Environment = resolveEnvironment(configSchema.parse({}), 'dev', {})
  /** Tags that were built, in order. */
  readonly built: string[] = []

  constructor(endpoint: string) {
    const names = new Names({
      project: 'datapipe',
      env: 'dev',
      account: '123456789012',
      region: 'eu-north-1',
      bucketNamespace: 'account-regional',
    })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const clients = new AwsClients({ region: 'eu-north-1', endpoint, credentials })
    this.aws = new AwsContext({ clients, names, emulated: false })
    mockClient(clients.of(ServiceQuotasClient))
      .onAnyCommand()
      .resolves({ Quota: { Value: 1000 } })
    this.#answerBuilds()
    this.#keepPolicies()
  }

  /** Pushes an image whose digest follows from its tag. */
  async push(imageTag: string): Promise<void> {
    const config = { digest: `sha256:${'0'.repeat(64)}`, size: 1, mediaType: 'application/json' }
    const digest = `sha256:${Buffer.from(imageTag).toString('hex').padEnd(64, '0').slice(0, 64)}`
    await this.aws.clients.of(ECRClient).send(
      new PutImageCommand({
        repositoryName: this.aws.names.repository,
        imageTag,
        imageManifest: JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          config,
          layers: [{ digest, size: 5, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }],
        }),
      }),
    )
  }

  #answerBuilds(): void {
    const codebuild = mockClient(this.aws.clients.of(CodeBuildClient))
    let project: Project | undefined
    codebuild
      .on(BatchGetProjectsCommand)
      .callsFake(() => ({ projects: project === undefined ? [] : [project] }))
    codebuild.on(CreateProjectCommand).callsFake((input: Project) => {
      project = input
      return {}
    })
    codebuild.on(DeleteProjectCommand).callsFake(() => {
      project = undefined
      return {}
    })
    codebuild.on(ListBuildsForProjectCommand).resolves({ ids: [] })
    codebuild.on(StartBuildCommand).callsFake(async (input: StartBuildCommand['input']) => {
      const tag = input.environmentVariablesOverride?.[0]?.value ?? ''
      this.built.push(tag)
      await this.push(tag)
      return { build: { id: tag } }
    })
    codebuild.on(BatchGetBuildsCommand).callsFake(({ ids }: BatchGetBuildsCommand['input']) => ({
      builds: (ids ?? []).map((id) => ({ id, buildStatus: 'SUCCEEDED' })),
    }))
  }

  #keepPolicies(): void {
    const kept = new Map<string | undefined, string>()
    const reporting = this.aws.names.bucket('raw')
    this.aws.clients.of(S3Client).middlewareStack.add(
      (next, context) => (args) => {
        const input = args.input as { Bucket?: string; Policy?: string }
        if (context.commandName === 'GetBucketPolicyCommand' && kept.has(input.Bucket)) {
          const output = { $metadata: {}, Policy: kept.get(input.Bucket) }
          return Promise.resolve({ output, response: undefined })
        }
        // moto forgets that a bucket reports to EventBridge.
        if (
          context.commandName === 'GetBucketNotificationConfigurationCommand' &&
          input.Bucket === reporting
        ) {
          const output = { $metadata: {}, EventBridgeConfiguration: {} }
          return Promise.resolve({ output, response: undefined })
        }
        if (context.commandName !== 'PutBucketPolicyCommand' || input.Policy === undefined) return next(args)
        kept.set(input.Bucket, input.Policy)
        const document = JSON.parse(input.Policy) as PolicyDocument
        const Statement = document.Statement.filter(({ Effect }) => Effect === 'Allow')
        if (Statement.length === 0) return Promise.resolve({ output: { $metadata: {} }, response: undefined })
        return next({
          ...args,
          input: { ...input, Policy: JSON.stringify({ ...document, Statement }) } as object,
        })
      },
      { step: 'initialize', name: 'keepPolicies' },
    )
  }
}
