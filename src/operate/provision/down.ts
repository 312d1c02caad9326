import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { destroyGraph, type DestroyResult } from '../../engine/destroy.js'
import type { EngineListener } from '../../engine/events.js'
import { Graph } from '../../engine/graph.js'
import type { Lease } from '../../engine/lease.js'
import { anySignal } from '../../engine/signals.js'
import { unlessInterrupted } from '../../engine/wait.js'
import type { Resource } from '../../engine/resource.js'
import { DatapipeError, ExitCode, UsageError } from '../../errors.js'
import { otherProjects, otherRegions } from '../../pipeline/elsewhere.js'
import { failedResources } from './failures.js'
import { takeLease } from './lease.js'
import { leftovers, type Leftover } from './leftovers.js'
import { prepare } from './prepare.js'
import { withResult } from './up.js'

export interface RemovedResource {
  id: string
  type: string
  physicalId: string
  /** ISO date until which AWS keeps it, for what is deleted with a waiting period. */
  until?: string
}

export interface DownResult {
  deleted: RemovedResource[]
  retained: RemovedResource[]
  /** They have our names, or stand in our places, without our tags: left alone. */
  foreign: RemovedResource[]
  leftovers: Leftover[]
  /** Nothing that is ours is left in this account and region; says nothing about others. */
  verifiedEmpty: boolean
}

export interface DownRequest {
  deleteData: boolean
  signal: AbortSignal
  onEvent: EngineListener
  /** Told what the user should know. */
  onWarning?: (message: string) => void
}

/**
 * Removes the environment, dependants first, then looks at AWS again: only that look says `verifiedEmpty`.
 * @throws UsageError ENVIRONMENT_ELSEWHERE; DatapipeError DOWN_INCOMPLETE or LEFTOVERS (exit code 3), LEASE_HELD, InterruptedError
 */
export async function down(
  aws: AwsContext,
  environment: Environment,
  request: DownRequest,
): Promise<DownResult> {
  const { signal } = request
  const { orphans, parts } = await unlessInterrupted(prepare(aws, environment, { image: 'none' }), signal)
  const { artifacts } = parts.storage
  const graph = withOrphansFirst(parts.all, orphans)
  const seen = await artifacts.read()
  signal.throwIfAborted()
  // Without the bucket there is nowhere to keep a lease, and nothing that an `up` could be working on.
  const lease = seen?.owned === true ? await takeLease(aws, 'down') : undefined
  const result = await destroyGraph(graph, {
    ...request,
    last: [artifacts.id],
    beforeLast: () => {
      lease?.detach()
    },
    ...(lease === undefined
      ? {}
      : { assertHeld: assertHeldBy(lease), signal: anySignal(signal, lease.lost) }),
  }).finally(() => lease?.release())

  if (result.stoppedBy !== undefined) throw withResult(result.stoppedBy, summarize(result, []))
  const left = await unlessInterrupted(leftovers(aws, parts.all, result), signal).catch((error: unknown) => {
    // What was not looked at is not known to be gone.
    throw error instanceof Error
      ? withResult(error, { ...summarize(result, []), verifiedEmpty: false })
      : error
  })
  const done = summarize(result, left)
  const failures = [...result.failures, ...result.blocked.map(blockedFailure)]
  if (failures.length > 0)
    throw failedResources('DOWN_INCOMPLETE', failures, result.skipped, done, ExitCode.partial)
  if (left.length > 0) throw leftoversError(left, done)
  if (done.verifiedEmpty && result.deleted.length === 0)
    await unlessInterrupted(assertRightPlace(aws, request.onWarning), signal)
  return done
}

/**
 * There was nothing to remove: fine when it was removed before, but the proof is worth nothing when somebody meant another
 * place.
 */
async function assertRightPlace(aws: AwsContext, onWarning: DownRequest['onWarning']): Promise<void> {
  const { env, project, region } = aws
  const [regions, projects] = await Promise.all([otherRegions(aws), otherProjects(aws)])
  if (regions.length > 0) {
    throw new UsageError(
      'ENVIRONMENT_ELSEWHERE',
      `There is nothing of ${env} in ${region}, but it exists in ${regions.join(', ')}.`,
      {
        suggestions: regions.map(
          (other) => `To remove it there: datapipe down --env ${env} --region ${other} --confirm ${env}`,
        ),
      },
    )
  }
  if (projects.length > 0) {
    onWarning?.(
      `There was nothing of ${env} of project ${project} in ${region}. Its namesake of project ${projects.join(', ')} is another environment: for that one, use the datapipe.yaml that names its project.`,
    )
  }
}

/** In the order of a `down` they come before everything else: something of them may live in our VPC. */
function withOrphansFirst(resources: readonly Resource[], orphans: readonly Resource[]): Graph {
  const superfluous = new Set(orphans)
  return new Graph([...resources, ...orphans], (resource) =>
    superfluous.has(resource) ? [...resources, ...resource.dependsOn] : resource.dependsOn,
  )
}

function assertHeldBy(lease: Lease): () => void {
  return () => {
    lease.assertHeld()
  }
}

function summarize(result: DestroyResult, left: Leftover[]): DownResult {
  const { deleted, foreign, retained, scheduled } = result
  return {
    deleted: [...deleted, ...scheduled],
    retained,
    foreign,
    leftovers: left,
    verifiedEmpty: result.stoppedBy === undefined && left.length === 0 && retained.length === 0,
  }
}

function blockedFailure({ by, id, physicalId, type }: DestroyResult['blocked'][number]) {
  const error = new DatapipeError('DELETE_BLOCKED', `${physicalId} is still held by ${by.join(', ')}.`, {
    suggestions: ['Remove what holds it, then run the same command again.'],
  })
  return { id, type, error }
}

function leftoversError(left: readonly Leftover[], result: DownResult): DatapipeError {
  const lines = left.map(({ arn, id }) => `  ${id}  ${arn}`)
  return new DatapipeError(
    'LEFTOVERS',
    ['Something of this environment is still there:', ...lines].join('\n'),
    {
      suggestions: ['Run the same command again; what AWS removes slowly may be gone by then.'],
      exitCode: ExitCode.partial,
      result,
    },
  )
}
