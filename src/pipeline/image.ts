import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { UNKNOWN } from '../engine/change.js'
import { TransformImage, type ImageSource } from '../resources/codebuild/image.js'
import { CodeBuildProject } from '../resources/codebuild/project.js'
import type { Repository } from '../resources/ecr/repository.js'
import { Role } from '../resources/iam/role.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { codeBuildRolePolicy, codeBuildTrust } from './policies/codebuild.js'
import type { Security } from './security.js'
import type { Storage } from './storage.js'

/** Where the image of the tasks comes from. */
export type ImageOrigin = 'named' | 'emulated' | 'built'

/**
 * Decides it, here alone (docs/image.md):
 * - `named`: `compute.image` in datapipe.yaml; whoever names an image builds it.
 * - `emulated`: no emulator builds images (moto's answer to StartBuild cannot be read), and none runs them: the task
 *   definition names `<repository>:v<version>`, and `--env local` runs the code that is installed.
 * - `built`: on AWS, by CodeBuild, from this installation of datapipe.
 */
export function imageOrigin(aws: AwsContext, environment: Environment): ImageOrigin {
  if (environment.compute.image !== undefined) return 'named'
  return aws.emulated ? 'emulated' : 'built'
}

/** Which image a `built` environment shall have. */
export type ImageChoice =
  /** That of this installation. */
  | { source: ImageSource }
  /** One that exists, chosen by `datapipe image rollback`. */
  | { pinned: string }

export interface ImageOptions {
  /** Of datapipe. */
  version: string
  /** Left out where no image is to be made: in a `down`, images go with their repository. */
  choice?: ImageChoice
}

/** The image and what builds it. */
export interface ImagePart {
  /** undefined where datapipe builds none. */
  image?: TransformImage
  project?: CodeBuildProject
  /** What the task definition names. */
  uri: () => string
  resources: AwsResource[]
}

export function imagePart(
  aws: AwsContext,
  environment: Environment,
  { repository, security, storage }: { repository: Repository; security: Security; storage: Storage },
  { choice, version }: ImageOptions,
): ImagePart {
  const named = environment.compute.image
  if (named !== undefined) return { uri: () => named, resources: [] }
  if (imageOrigin(aws, environment) === 'emulated') {
    return { uri: () => `${repository.attributes.uri}:v${version}`, resources: [] }
  }
  const { names } = aws
  const { key } = security
  const { artifacts } = storage
  const keyArn = () => key.attributes.arn
  const repositoryUri = () => repository.attributes.uri
  const sourceBucket = () => artifacts.attributes.bucket
  const role = new Role(
    aws,
    'security/role/codebuild',
    names.role('codebuild'),
    {
      description: `datapipe ${environment.name}: builds the image`,
      trust: () => codeBuildTrust(names),
      policy: () => codeBuildRolePolicy(names, keyArn()),
      permissionsBoundary: environment.permissionsBoundary,
    },
    { dependsOn: [key] },
  )
  const logGroup = new LogGroup(
    aws,
    'compute/logs/image',
    names.codeBuildLogGroup,
    { retentionDays: environment.compute.logRetentionDays, keyArn },
    { dependsOn: [key] },
  )
  const project = new CodeBuildProject(
    aws,
    'compute/image-project',
    names.imageProject,
    {
      description: `datapipe ${environment.name}: builds the image of the transform`,
      architecture: environment.compute.architecture,
      serviceRoleArn: () => role.attributes.arn,
      keyArn,
      sourceBucket,
      repositoryUri,
      logGroup: () => logGroup.name,
    },
    { dependsOn: [role, logGroup, key, artifacts, repository] },
  )
  const builder = [role, logGroup, project]
  if (choice === undefined) return { project, uri: () => UNKNOWN, resources: builder }
  const image = new TransformImage(
    aws,
    'compute/image',
    names.repository,
    {
      ...('source' in choice ? { tag: choice.source.tag, source: choice.source } : { tag: choice.pinned }),
      repositoryUri,
      project: () => project.attributes.name,
      sourceBucket,
    },
    { within: [repository], dependsOn: [project, artifacts] },
  )
  return { image, project, uri: () => image.attributes.uri, resources: [...builder, image] }
}
