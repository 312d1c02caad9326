import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import {
  BatchGetBuildsCommand,
  StartBuildCommand,
  type Build,
  type CodeBuildClient,
} from '@aws-sdk/client-codebuild'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { retryWhile, sleep } from '../../engine/wait.js'
import { DatapipeError, messageOf } from '../../errors.js'
import { buildFailed } from './build-failure.js'
import { BuildLog } from './build-log.js'
import { isRunning, latestBuilds, tagOf } from './builds.js'
import { TAG_VARIABLE } from './buildspec.js'
import type { ImageSource } from './image.js'
import { BUILD_MINUTES, QUEUE_MINUTES } from './project-properties.js'
import { uploadSource } from './upload.js'

export interface BuildRequest {
  aws: AwsContext
  codebuild: CodeBuildClient
  logs: CloudWatchLogsClient
  project: string
  bucket: string
  source: ImageSource
  pollMs?: number
  /** Whether the image is there, whoever pushed it. */
  exists: () => Promise<boolean>
}

const MINUTE = 60_000
const POLL_MS = 5000
/** A place among the builds of the account frees itself when another build ends (spec §7.2). */
const QUOTA_MS = 15 * MINUTE
const BUILD_MS = (BUILD_MINUTES + QUEUE_MINUTES + 5) * MINUTE
/** BatchGetBuilds may not know a build of a second ago. */
const VISIBLE_MS = MINUTE

/**
 * Builds and pushes an image. A build of the same source that is under way, started by a run that was killed, is joined.
 * @throws DatapipeError IMAGE_BUILD_FAILED, IMAGE_BUILD_QUOTA, WAIT_TIMEOUT; InterruptedError, which leaves the build
 * running for the next run to join
 */
export async function buildImage(request: BuildRequest, op: Operation): Promise<void> {
  const { codebuild, logs, pollMs = POLL_MS, project, source } = request
  const earlier = (await latestBuilds(codebuild, project)).filter((build) => tagOf(build) === source.tag)
  const running = earlier.find(isRunning)
  if (running !== undefined) op.waiting(`joining build ${running.id ?? ''}, which is under way`)
  const id = running?.id ?? (await start(request, earlier.length, op))
  const log = new BuildLog(logs)
  const build = await follow({ codebuild, id, log, pollMs }, op)
  if (build.buildStatus === 'SUCCEEDED') return
  // Somebody else may have pushed it meanwhile: tags are immutable, so what has this tag is what we wanted.
  if (await request.exists()) return
  // What it said last arrives after it has ended.
  await sleep(pollMs, op.signal)
  await log.read(build)
  throw buildFailed(build, log.tail)
}

/**
 * @param attempt how many builds of this source there were: with the same token CodeBuild answers, for five minutes, with
 * the build it already has, which is right after a lost answer and wrong after a failed build
 */
async function start(request: BuildRequest, attempt: number, op: Operation): Promise<string> {
  const { aws, bucket, codebuild, pollMs = POLL_MS, project, source } = request
  const { key, versionId } = await uploadSource(aws, bucket, source, op)
  const command = new StartBuildCommand({
    projectName: project,
    idempotencyToken: `${source.tag}-${attempt}`,
    sourceTypeOverride: 'S3',
    sourceLocationOverride: `${bucket}/${key}`,
    ...(versionId === undefined ? {} : { sourceVersion: versionId }),
    environmentVariablesOverride: [{ name: TAG_VARIABLE, value: source.tag, type: 'PLAINTEXT' }],
  })
  try {
    const { build } = await retryWhile(
      () => codebuild.send(command),
      {
        what: 'waiting for CodeBuild to have room for one more build in this account',
        retryable: (error) => isFull(error) && !hasNoRoomEver(error),
        timeoutMs: QUOTA_MS,
        minDelayMs: pollMs,
        maxDelayMs: 30_000,
      },
      op,
    )
    return build?.id ?? ''
  } catch (error) {
    throw isFull(error) ? quotaError(error) : error
  }
}

interface Following {
  codebuild: CodeBuildClient
  id: string
  log: BuildLog
  pollMs: number
}

async function follow({ codebuild, id, log, pollMs }: Following, op: Operation): Promise<Build> {
  const started = Date.now()
  for (;;) {
    const { builds } = await codebuild.send(new BatchGetBuildsCommand({ ids: [id] }))
    const build = builds?.[0]
    const waited = Date.now() - started
    if (build === undefined ? waited > VISIBLE_MS : waited > BUILD_MS) {
      throw new DatapipeError('WAIT_TIMEOUT', `Build ${id} of the image did not end.`, {
        suggestions: ['Run the same command again: it joins the build if that still runs.'],
      })
    }
    if (build !== undefined) {
      const lines = await log.read(build)
      if (!isRunning(build)) return build
      op.waiting(lines.at(-1) ?? `building the image: ${(build.currentPhase ?? 'starting').toLowerCase()}`)
    }
    await sleep(pollMs, op.signal)
  }
}

function isFull(error: unknown): boolean {
  return isAwsError(error, 'AccountLimitExceededException')
}

/** New accounts may have no build at all of some kind of builder, until somebody asks for it (spec §7.2). */
function hasNoRoomEver(error: unknown): boolean {
  return messageOf(error).includes('more than 0 builds')
}

function quotaError(cause: unknown): DatapipeError {
  return new DatapipeError(
    'IMAGE_BUILD_QUOTA',
    `CodeBuild starts no more builds in this account: ${messageOf(cause)}`,
    {
      cause,
      suggestions: [
        ...(hasNoRoomEver(cause)
          ? ['New accounts may start with none: ask for one in Service Quotas, AWS CodeBuild.']
          : ['Wait until other builds of the account have ended, then run the same command again.']),
        'Until then build the image elsewhere with docker/Dockerfile and name it: `compute: { image: … }` in datapipe.yaml.',
      ],
    },
  )
}
