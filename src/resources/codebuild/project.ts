import {
  BatchGetProjectsCommand,
  CodeBuildClient,
  CreateProjectCommand,
  DeleteProjectCommand,
  UpdateProjectCommand,
  type UpdateProjectInput,
} from '@aws-sdk/client-codebuild'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryPropagation } from '../../aws/retry.js'
import { diffTags, fromTagList, lowerTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { stopBuilds } from './builds.js'
import { BUILDSPEC } from './buildspec.js'
import {
  PARTS,
  projectSettings,
  projectTree,
  type Architecture,
  type ResolvedProjectProperties,
} from './project-properties.js'

export interface CodeBuildProjectProperties {
  description: string
  /** Of the builder, which is that of the image it makes. */
  architecture: Architecture
  serviceRoleArn: () => string
  keyArn: () => string
  /** The bucket that the bundles are in. */
  sourceBucket: () => string
  /** Where the image is pushed to, without tag. */
  repositoryUri: () => string
  /** Exists, with its own retention and key: CodeBuild would make one that has neither. */
  logGroup: () => string
}

export interface CodeBuildProjectAttributes {
  name: string
  arn: string
}

interface ObservedProject extends Observed<CodeBuildProjectAttributes> {
  properties: Record<string, unknown>
  tags: Tags
}

/** CodeBuild checks that it may assume the role, which may be seconds old: up to 5 min (spec §7.2, §14). */
const PROPAGATION_MS = 300_000

/** The CodeBuild project that builds and pushes the image of the transform (spec §7.2). */
export class CodeBuildProject extends AwsResource<CodeBuildProjectAttributes, ObservedProject> {
  readonly type = 'AWS::CodeBuild::Project'
  readonly iamActions = [
    'codebuild:BatchGetBuilds',
    'codebuild:BatchGetProjects',
    'codebuild:CreateProject',
    'codebuild:DeleteProject',
    'codebuild:ListBuildsForProject',
    'codebuild:StopBuild',
    'codebuild:UpdateProject',
    'iam:PassRole',
  ]

  readonly #codebuild: CodeBuildClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: CodeBuildProjectProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#codebuild = aws.clients.of(CodeBuildClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  async read(): Promise<ObservedProject | undefined> {
    const { projects } = await this.#codebuild.send(new BatchGetProjectsCommand({ names: [this.name] }))
    const project = projects?.[0]
    if (project === undefined) return undefined
    const tags = fromTagList(project.tags)
    return {
      physicalId: this.name,
      attributes: { name: this.name, arn: project.arn ?? this.#attributes.arn },
      owned: this.aws.owns(tags),
      properties: projectTree(project),
      tags,
    }
  }

  diff(observed: ObservedProject): Change[] {
    return [
      ...diffProperties(observed.properties, projectTree(projectSettings(this.#resolved))),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<CodeBuildProjectAttributes> {
    const command = new CreateProjectCommand({
      name: this.name,
      ...projectSettings(this.#resolved),
      tags: lowerTags(this.tags),
    })
    try {
      await retryPropagation(() => this.#codebuild.send(command), op, PROPAGATION_MS)
    } catch (error) {
      // The answer to an earlier attempt was lost on the way: it exists, and if it is ours this is what was asked for.
      const existing = isAwsError(error, 'ResourceAlreadyExistsException') ? await this.read() : undefined
      if (existing?.owned !== true) throw error
    }
    return this.#attributes
  }

  /** UpdateProject leaves alone what it is not given, and replaces what it is given: a part, or all tags (spec §1.6). */
  async update(
    observed: ObservedProject,
    changes: readonly Change[],
    op: Operation,
  ): Promise<CodeBuildProjectAttributes> {
    const changed = (part: string) => changes.some(({ path }) => path === part || path.startsWith(`${part}.`))
    const settings = projectSettings(this.#resolved)
    const input: UpdateProjectInput = {
      name: this.name,
      ...Object.fromEntries(PARTS.filter(changed).map((part) => [part, settings[part]])),
      ...(changed('tags') ? { tags: lowerTags({ ...observed.tags, ...this.tags }) } : {}),
    }
    await retryPropagation(() => this.#codebuild.send(new UpdateProjectCommand(input)), op, PROPAGATION_MS)
    return observed.attributes
  }

  /** Stops what runs first: it would go on without its project, and be billed. Deleting what is gone is no error here. */
  async delete(): Promise<Deletion> {
    await stopBuilds(this.#codebuild, this.name)
    await this.#codebuild.send(new DeleteProjectCommand({ name: this.name }))
    return { status: 'deleted' }
  }

  get #attributes(): CodeBuildProjectAttributes {
    return { name: this.name, arn: this.aws.names.arn('codebuild', `project/${this.name}`) }
  }

  get #resolved(): ResolvedProjectProperties {
    const { properties } = this
    return {
      name: this.name,
      description: properties.description,
      architecture: properties.architecture,
      serviceRoleArn: properties.serviceRoleArn(),
      keyArn: properties.keyArn(),
      // Each build names its own bundle; this one stands for them, since a project must have a source.
      sourceLocation: `${properties.sourceBucket()}/source/transform.zip`,
      buildspec: BUILDSPEC,
      repositoryUri: properties.repositoryUri(),
      logGroup: properties.logGroup(),
    }
  }
}
