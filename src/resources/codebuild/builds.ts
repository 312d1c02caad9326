import {
  BatchGetBuildsCommand,
  paginateListBuildsForProject,
  StopBuildCommand,
  type Build,
  type CodeBuildClient,
} from '@aws-sdk/client-codebuild'
import { unlessMissing } from '../../aws/retry.js'
import { TAG_VARIABLE } from './buildspec.js'

/** CodeBuild describes 100 builds at a time. Older ones are over: a build and its wait end within 90 minutes. */
const LATEST = 100

/** The latest builds of a project, newest first; none when there is no such project. */
export async function latestBuilds(codebuild: CodeBuildClient, projectName: string): Promise<Build[]> {
  const pages = paginateListBuildsForProject({ client: codebuild }, { projectName, sortOrder: 'DESCENDING' })
  const first = await unlessMissing(
    Promise.resolve(pages.next()),
    'ResourceNotFoundException',
    'InvalidInputException',
  )
  const page = first === undefined || first.done === true ? undefined : first.value
  const ids = (page?.ids ?? []).slice(0, LATEST)
  if (ids.length === 0) return []
  const { builds = [] } = await codebuild.send(new BatchGetBuildsCommand({ ids }))
  return ids.flatMap((id) => builds.find((build) => build.id === id) ?? [])
}

/** The tag that a build makes. */
export function tagOf(build: Build): string | undefined {
  return build.environment?.environmentVariables?.find(({ name }) => name === TAG_VARIABLE)?.value
}

export function isRunning(build: Build): boolean {
  return build.buildStatus === 'IN_PROGRESS'
}

/** Stops every build of a project that is queued or runs. */
export async function stopBuilds(codebuild: CodeBuildClient, projectName: string): Promise<void> {
  for (const { id } of (await latestBuilds(codebuild, projectName)).filter(isRunning)) {
    await unlessMissing(codebuild.send(new StopBuildCommand({ id })), 'ResourceNotFoundException')
  }
}
