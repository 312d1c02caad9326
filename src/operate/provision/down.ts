import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { destroyGraph, type DestroyResult } from '../../engine/destroy.js'
import type { EngineListener } from '../../engine/events.js'
import { Graph } from '../../engine/graph.js'
import type { Lease } from '../../engine/lease.js'
import type { Resource } from '../../engine/resource.js'
import { DatapipeError, ExitCode } from '../../errors.js'
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
  leftovers: Leftover[]
  verifiedEmpty: boolean
}

export interface DownRequest {
  deleteData: boolean
  signal: AbortSignal
  onEvent: EngineListener
}

/**
 * Removes the environment, dependants first, then looks at AWS again: only that look says `verifiedEmpty`.
 * @throws DatapipeError DOWN_INCOMPLETE or LEFTOVERS (exit code 3), LEASE_HELD, InterruptedError
 */
export async function down(
  aws: AwsContext,
  environment: Environment,
  request: DownRequest,
): Promise<DownResult> {
  const { orphans, parts } = await prepare(aws, environment, { image: 'none' })
  const { artifacts } = parts.storage
  const graph = withOrphansFirst(parts.all, orphans)
  const seen = await artifacts.read()
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
      : { assertHeld: assertHeldBy(lease), signal: AbortSignal.any([request.signal, lease.lost]) }),
  }).finally(() => lease?.release())

  const left = result.stoppedBy === undefined ? await leftovers(aws, parts.all, result) : []
  const done = summarize(result, left)
  if (result.stoppedBy !== undefined) throw withResult(result.stoppedBy, done)
  const failures = [...result.failures, ...result.blocked.map(blockedFailure)]
  if (failures.length > 0)
    throw failedResources('DOWN_INCOMPLETE', failures, result.skipped, done, ExitCode.partial)
  if (left.length > 0) throw leftoversError(left, done)
  return done
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
    leftovers: left,
    verifiedEmpty:
      result.stoppedBy === undefined && left.length === 0 && retained.length + foreign.length === 0,
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
