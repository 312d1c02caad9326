import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { AccountLimitExceededException, CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild'
import { BatchDeleteImageCommand, ECRClient } from '@aws-sdk/client-ecr'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { InterruptedError } from '../../../src/errors.js'
import { TransformImage } from '../../../src/resources/codebuild/image.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { FakeBuilder, SOURCE } from './fake-builder.js'

const REPOSITORY = '111122223333.dkr.ecr.us-east-1.amazonaws.com/dp-sensors-dev-transform'

describe('TransformImage', () => {
  const aws = testContext()
  const mocks = {
    codebuild: suiteMock(CodeBuildClient),
    ecr: suiteMock(ECRClient),
    logs: suiteMock(CloudWatchLogsClient),
    s3: suiteMock(S3Client),
  }
  const { codebuild, ecr, logs, s3 } = mocks
  let builder: FakeBuilder

  const image = (source: typeof SOURCE | undefined = SOURCE, tag = SOURCE.tag) =>
    new TransformImage(aws, 'compute/image', aws.names.repository, {
      tag,
      source,
      repositoryUri: () => REPOSITORY,
      project: () => aws.names.imageProject,
      sourceBucket: () => 'artifacts',
      pollMs: 1,
    })
  const starts = () => codebuild.commandCalls(StartBuildCommand).map(({ args }) => args[0].input)
  const puts = () => s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input)
  const failureOf = async (creating: Promise<unknown>) => {
    const error = await creating.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    return error as { code: string; message: string; suggestions: string[] }
  }

  beforeEach(() => {
    for (const mock of Object.values(mocks)) mock.reset()
    builder = new FakeBuilder(mocks)
  })

  it('is there when an image has its tag, and is named by digest', async () => {
    builder.push(SOURCE.tag)
    expect(await image().read()).to.deep.equal({
      physicalId: `dp-sensors-dev-transform:${SOURCE.tag}`,
      attributes: {
        digest: builder.digestOf(SOURCE.tag),
        tag: SOURCE.tag,
        uri: `${REPOSITORY}@${builder.digestOf(SOURCE.tag)}`,
      },
      owned: true,
    })
    expect(codebuild.calls()).to.deep.equal([])
  })

  it('is absent without repository, and without the tag', async () => {
    builder.hasRepository = false
    expect(await image().read()).to.equal(undefined)
    builder.hasRepository = true
    expect(await image().read()).to.equal(undefined)
  })

  it('builds nothing when the tag has appeared since it was read', async () => {
    builder.push(SOURCE.tag)
    expect((await image().create(testOperation())).tag).to.equal(SOURCE.tag)
    expect(starts()).to.deep.equal([])
    expect(puts()).to.deep.equal([])
  })

  it('uploads the bundle, builds that version of it, and waits for the digest', async () => {
    expect(await image().create(testOperation())).to.deep.equal({
      digest: builder.digestOf(SOURCE.tag),
      tag: SOURCE.tag,
      uri: `${REPOSITORY}@${builder.digestOf(SOURCE.tag)}`,
    })
    expect(puts()).to.have.length(1)
    expect(puts()[0]).to.deep.include({
      Bucket: 'artifacts',
      Key: `source/${SOURCE.hash}.zip`,
      ExpectedBucketOwner: '111122223333',
    })
    expect(starts()).to.deep.equal([
      {
        projectName: 'dp-sensors-dev-image',
        idempotencyToken: `${SOURCE.tag}-0`,
        sourceTypeOverride: 'S3',
        sourceLocationOverride: `artifacts/source/${SOURCE.hash}.zip`,
        sourceVersion: 'version-1',
        environmentVariablesOverride: [{ name: 'IMAGE_TAG', value: SOURCE.tag, type: 'PLAINTEXT' }],
      },
    ])
  })

  it('tells the last line of the log while it builds', async () => {
    builder.logPages = [['Step 1/9', 'Step 2/9'], ['Step 3/9\n']]
    const op = testOperation()
    await image().create(op)
    expect(op.said).to.include.members(['Step 2/9', 'Step 3/9'])
    expect(op.said).not.to.include('Step 1/9')
  })

  it('continues the log where the last look ended', async () => {
    builder.logPages = [['a'], ['b'], ['c']]
    await image().create(testOperation())
    const tokens = logs.commandCalls(GetLogEventsCommand).map(({ args }) => args[0].input.nextToken)
    expect(tokens[0]).to.equal(undefined)
    expect(new Set(tokens.slice(1)).size).to.be.greaterThan(1)
    expect(tokens.slice(1)).not.to.include(undefined)
  })

  it('joins the build of the same source that a killed run started', async () => {
    const killed = new AbortController()
    builder.polls = 1000
    builder.onPoll = () => {
      killed.abort()
    }
    const first = await image()
      .create(testOperation(killed.signal))
      .catch((error: unknown) => error)
    expect(first).to.be.instanceOf(InterruptedError)
    builder.onPoll = undefined
    builder.polls = 2
    const op = testOperation()
    expect((await image().create(op)).tag).to.equal(SOURCE.tag)
    expect(starts()).to.have.length(1)
    expect(op.said[0]).to.match(/^joining build image:/)
  })

  it('does not join a build of another source', async () => {
    builder.add({ tag: 'src-other', status: 'IN_PROGRESS' })
    await image().create(testOperation())
    expect(starts()).to.have.length(1)
  })

  it('asks with the same token when the answer to the start was lost, with another after a failure', async () => {
    builder.hidesBuilds = true
    await image().create(testOperation())
    builder.unpush(SOURCE.tag)
    await image().create(testOperation())
    expect(starts().map(({ idempotencyToken }) => idempotencyToken)).to.deep.equal([
      `${SOURCE.tag}-0`,
      `${SOURCE.tag}-0`,
    ])
    builder.hidesBuilds = false
    builder.unpush(SOURCE.tag)
    builder.add({ tag: SOURCE.tag, status: 'FAILED' })
    await image().create(testOperation())
    expect(starts().at(-1)!.idempotencyToken).not.to.equal(`${SOURCE.tag}-0`)
  })

  it('uses the bundle that an earlier run uploaded, in the same version', async () => {
    builder.uploaded = { hash: SOURCE.hash, versionId: 'earlier' }
    await image().create(testOperation())
    expect(puts()).to.deep.equal([])
    expect(starts()[0]!.sourceVersion).to.equal('earlier')
  })

  it('says which phase failed, what CodeBuild says, and how the log ended', async () => {
    builder.outcome = 'FAILED'
    builder.logPages = [
      Array.from({ length: 40 }, (_, line) => `line ${line}`),
      ['toomanyrequests: Rate exceeded'],
    ]
    const error = await failureOf(image().create(testOperation()))
    expect(error.code).to.equal('IMAGE_BUILD_FAILED')
    expect(error.message).to.match(/^Build image:1 of the image ended as FAILED in phase BUILD\./)
    expect(error.message).to.include('COMMAND_EXECUTION_ERROR: docker build')
    expect(error.message).to.include('line 39').and.include('toomanyrequests')
    expect(error.message).not.to.include('line 5\n')
    expect(error.suggestions.join(' ')).to.include('wait a few minutes')
    expect(error.suggestions.at(-1)).to.include('starts a new build')
  })

  it('knows what an architecture that does not fit looks like', async () => {
    builder.outcome = 'FAILED'
    builder.logPages = [['exec /bin/sh: exec format error']]
    const { suggestions } = await failureOf(image().create(testOperation()))
    expect(suggestions[0]).to.include('different architectures')
  })

  it('is content when the build failed because somebody else pushed the same tag', async () => {
    builder.outcome = 'FAILED'
    builder.onPoll = () => {
      builder.push(SOURCE.tag)
    }
    expect((await image().create(testOperation())).digest).to.equal(builder.digestOf(SOURCE.tag))
  })

  it('waits while the account has no room for a build', async () => {
    builder.startErrors = [
      new AccountLimitExceededException({
        message: 'Cannot have more than 1 active builds for the project',
        $metadata: {},
      }),
    ]
    expect((await image().create(testOperation())).tag).to.equal(SOURCE.tag)
    expect(starts()).to.have.length(2)
  })

  it('does not wait where the account may have no build at all', async () => {
    builder.startErrors = Array.from(
      { length: 5 },
      () =>
        new AccountLimitExceededException({
          message: 'Cannot have more than 0 builds in queue for the account',
          $metadata: {},
        }),
    )
    const error = await failureOf(image().create(testOperation()))
    expect(error.code).to.equal('IMAGE_BUILD_QUOTA')
    expect(error.suggestions[0]).to.include('Service Quotas')
    expect(starts()).to.have.length(1)
  })

  it('cannot build what is pinned: that must exist', async () => {
    const pinned = new TransformImage(aws, 'compute/image', aws.names.repository, {
      tag: 'src-old',
      repositoryUri: () => REPOSITORY,
      project: () => aws.names.imageProject,
      sourceBucket: () => 'artifacts',
    })
    expect((await failureOf(pinned.create(testOperation()))).code).to.equal('PINNED_IMAGE_MISSING')
    expect(starts()).to.deep.equal([])
  })

  it('is deleted by its tag, and what is gone is gone', async () => {
    ecr.on(BatchDeleteImageCommand).resolves({ imageIds: [{ imageTag: SOURCE.tag }] })
    expect(await image().delete()).to.deep.equal({ status: 'deleted' })
    ecr.on(BatchDeleteImageCommand).resolves({ failures: [{ failureCode: 'ImageNotFound' }] })
    expect(await image().delete()).to.deep.equal({ status: 'absent' })
    ecr.on(BatchDeleteImageCommand).resolves({
      failures: [{ failureCode: 'ImageReferencedByManifestList', failureReason: 'used by an index' }],
    })
    expect(await image().delete()).to.deep.equal({ status: 'blocked', by: ['used by an index'] })
  })

  it('names every call that it makes to CodeBuild, ECR and the logs among its actions', async () => {
    builder.logPages = [['a']]
    await image().create(testOperation())
    const calls = [
      ...codebuild.calls().map(({ args }) => `codebuild:${args[0].constructor.name}`),
      ...ecr.calls().map(({ args }) => `ecr:${args[0].constructor.name}`),
      ...logs.calls().map(({ args }) => `logs:${args[0].constructor.name}`),
    ]
    expect(new Set(calls.map((call) => call.replace(/Command$/, ''))).size).to.equal(5)
    expect(image().iamActions).to.include.members(calls.map((call) => call.replace(/Command$/, '')))
  })
})
