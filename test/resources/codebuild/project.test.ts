import {
  BatchGetBuildsCommand,
  BatchGetProjectsCommand,
  CodeBuildClient,
  CreateProjectCommand,
  DeleteProjectCommand,
  InvalidInputException,
  ListBuildsForProjectCommand,
  ResourceAlreadyExistsException,
  StopBuildCommand,
  UpdateProjectCommand,
  type Project,
} from '@aws-sdk/client-codebuild'
import { expect } from 'chai'
import { lowerTags } from '../../../src/aws/tags.js'
import { BUILDSPEC } from '../../../src/resources/codebuild/buildspec.js'
import { CodeBuildProject } from '../../../src/resources/codebuild/project.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'
const ROLE = 'arn:aws:iam::111122223333:role/dp-sensors-dev-codebuild-use1'
const ARN = 'arn:aws:codebuild:us-east-1:111122223333:project/dp-sensors-dev-image'
const REPOSITORY = '111122223333.dkr.ecr.us-east-1.amazonaws.com/dp-sensors-dev-transform'

describe('CodeBuildProject', () => {
  const aws = testContext()
  const codebuild = suiteMock(CodeBuildClient)
  const op = testOperation()
  const projectFor = (architecture: 'arm64' | 'x86_64') =>
    new CodeBuildProject(aws, 'compute/image-project', aws.names.imageProject, {
      description: 'builds the image',
      architecture,
      serviceRoleArn: () => ROLE,
      keyArn: () => KEY,
      sourceBucket: () => 'artifacts-bucket',
      repositoryUri: () => REPOSITORY,
      logGroup: () => '/dp/sensors-dev/codebuild',
    })
  const project = projectFor('arm64')

  beforeEach(() => codebuild.reset())

  async function created(architecture: 'arm64' | 'x86_64' = 'arm64') {
    codebuild.on(CreateProjectCommand).resolves({})
    expect(await projectFor(architecture).create(op)).to.deep.equal({ name: project.name, arn: ARN })
    return codebuild.commandCalls(CreateProjectCommand)[0]!.args[0].input
  }

  /** As AWS answers: what was asked for, and what it adds by itself. */
  async function asStored(changes: Partial<Project> = {}): Promise<Project> {
    const input = await created()
    codebuild.reset()
    return {
      ...(input as Project),
      arn: ARN,
      badge: { badgeEnabled: false },
      cache: { type: 'NO_CACHE' },
      source: { ...input.source!, insecureSsl: false },
      environment: {
        ...input.environment!,
        environmentVariables: input.environment?.environmentVariables?.toReversed(),
      },
      logsConfig: { ...input.logsConfig, s3Logs: { status: 'DISABLED', encryptionDisabled: false } },
      ...changes,
    }
  }

  async function observe(stored: Project) {
    codebuild.on(BatchGetProjectsCommand).resolves({ projects: [stored], projectsNotFound: [] })
    return (await project.read())!
  }

  it('is absent when CodeBuild does not know the name', async () => {
    codebuild.on(BatchGetProjectsCommand).resolves({ projects: [], projectsNotFound: [project.name] })
    expect(await project.read()).to.equal(undefined)
  })

  it('is foreign without our tags', async () => {
    expect((await observe(await asStored({ tags: [] }))).owned).to.equal(false)
  })

  it('asks for a private, logged, encrypted builder of one build at a time, with Docker', async () => {
    const input = await created()
    expect(input).to.deep.include({
      name: 'dp-sensors-dev-image',
      serviceRole: ROLE,
      encryptionKey: KEY,
      timeoutInMinutes: 30,
      queuedTimeoutInMinutes: 60,
      concurrentBuildLimit: 1,
      source: { type: 'S3', location: 'artifacts-bucket/source/transform.zip', buildspec: BUILDSPEC },
      artifacts: { type: 'NO_ARTIFACTS' },
      logsConfig: {
        cloudWatchLogs: { status: 'ENABLED', groupName: '/dp/sensors-dev/codebuild' },
        s3Logs: { status: 'DISABLED' },
      },
      tags: lowerTags(project.tags),
    })
    expect(input.environment).to.deep.include({
      type: 'ARM_CONTAINER',
      image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
      privilegedMode: true,
      imagePullCredentialsType: 'CODEBUILD',
    })
  })

  it('builds on the architecture that the tasks have', async () => {
    const { environment } = await created('x86_64')
    expect(environment).to.deep.include({
      type: 'LINUX_CONTAINER',
      image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
    })
    expect(environment?.environmentVariables).to.deep.include({
      name: 'PLATFORM',
      value: 'linux/amd64',
      type: 'PLAINTEXT',
    })
  })

  it('sees no difference in what it created, whatever AWS adds', async () => {
    expect(project.diff(await observe(await asStored()))).to.deep.equal([])
  })

  it('names exactly what was changed by hand, an added variable included', async () => {
    const stored = await asStored()
    const observed = await observe({
      ...stored,
      timeoutInMinutes: 480,
      encryptionKey: 'alias/aws/s3',
      environment: {
        ...stored.environment!,
        privilegedMode: false,
        environmentVariables: [...stored.environment!.environmentVariables!, { name: 'EXTRA', value: '1' }],
      },
      logsConfig: { cloudWatchLogs: { status: 'DISABLED' }, s3Logs: { status: 'ENABLED' } },
    })
    expect(project.diff(observed).map(({ path, replaces }) => [path, replaces])).to.deep.equal([
      ['encryptionKey', false],
      ['timeoutInMinutes', false],
      ['environment.privilegedMode', false],
      ['environment.environmentVariables', false],
      ['logsConfig.cloudWatchLogs.status', false],
      ['logsConfig.cloudWatchLogs.groupName', false],
      ['logsConfig.s3Logs.status', false],
    ])
  })

  it('sends only the parts that differ, each whole, and keeps the tags of others', async () => {
    const stored = await asStored({
      timeoutInMinutes: 5,
      tags: [{ key: 'cost-centre', value: '7' }, ...lowerTags({ ...project.tags, Name: 'renamed' })],
    })
    const observed = await observe({
      ...stored,
      environment: { ...stored.environment!, computeType: 'BUILD_GENERAL1_LARGE' },
    })
    codebuild.on(UpdateProjectCommand).resolves({})
    await project.update(observed, project.diff(observed), op)
    const { input } = codebuild.commandCalls(UpdateProjectCommand)[0]!.args[0]
    expect(Object.keys(input).sort()).to.deep.equal(['environment', 'name', 'tags', 'timeoutInMinutes'])
    expect(input.environment?.environmentVariables).to.have.length(2)
    expect(input.tags).to.have.deep.members([{ key: 'cost-centre', value: '7' }, ...lowerTags(project.tags)])
  })

  it('waits for a role that CodeBuild may not assume yet', async () => {
    codebuild
      .on(CreateProjectCommand)
      .rejectsOnce(
        new InvalidInputException({
          message: `CodeBuild is not authorized to perform: sts:AssumeRole on ${ROLE}`,
          $metadata: {},
        }),
      )
      .resolves({})
    await project.create(op)
    expect(codebuild.commandCalls(CreateProjectCommand)).to.have.length(2)
  })

  it('takes what an attempt with a lost answer created, but not what is somebody else’s', async () => {
    const stored = await asStored()
    codebuild
      .on(CreateProjectCommand)
      .rejects(new ResourceAlreadyExistsException({ message: 'exists', $metadata: {} }))
    codebuild.on(BatchGetProjectsCommand).resolves({ projects: [stored] })
    expect(await project.create(op)).to.deep.equal({ name: project.name, arn: ARN })
    codebuild.on(BatchGetProjectsCommand).resolves({ projects: [{ ...stored, tags: [] }] })
    expect(await project.create(op).catch((error: unknown) => error)).to.be.instanceOf(
      ResourceAlreadyExistsException,
    )
  })

  it('stops the build that runs before it goes', async () => {
    codebuild.on(ListBuildsForProjectCommand).resolves({ ids: ['image:2', 'image:1'] })
    codebuild.on(BatchGetBuildsCommand).resolves({
      builds: [
        { id: 'image:1', buildStatus: 'SUCCEEDED' },
        { id: 'image:2', buildStatus: 'IN_PROGRESS' },
      ],
    })
    codebuild.on(StopBuildCommand).resolves({})
    codebuild.on(DeleteProjectCommand).resolves({})
    expect(await project.delete()).to.deep.equal({ status: 'deleted' })
    expect(codebuild.commandCalls(StopBuildCommand).map(({ args }) => args[0].input.id)).to.deep.equal([
      'image:2',
    ])
    const order = codebuild.calls().map(({ args }) => args[0].constructor.name)
    expect(order.indexOf('StopBuildCommand')).to.be.lessThan(order.indexOf('DeleteProjectCommand'))
  })
})
