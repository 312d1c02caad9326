import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { applyGraph, type ApplyResult, type OutcomeAction } from '../../engine/apply.js'
import type { EngineListener } from '../../engine/events.js'
import type { Graph } from '../../engine/graph.js'
import { anySignal } from '../../engine/signals.js'
import { planGraph } from '../../engine/plan.js'
import { unlessInterrupted } from '../../engine/wait.js'
import { ExitCode } from '../../errors.js'
import { assertRoom } from '../../pipeline/network/room.js'
import { AppliedNote } from '../drift/applied.js'
import { adoptionWarnings, assertKnown } from './adopt.js'
import { operationFor } from './operation.js'
import { failedResources } from './failures.js'
import { assertDatasets } from './datasets-check.js'
import { takeLease } from './lease.js'
import { creationsOf } from './creations.js'
import { outputs, type Outputs } from './outputs.js'
import { prepare } from './prepare.js'

export interface UpResult {
  changes: Record<OutcomeAction, number>
  resources: { id: string; type: string; physicalId: string; action: OutcomeAction }[]
  outputs: Outputs
  apiCalls: number
  durationMs: number
}

export interface UpRequest {
  adopt?: ReadonlySet<string>
  /** Called with the ids that would be replaced or deleted, before anything is touched; throws when that is not wanted. */
  authorize?: (destructive: string[]) => void
  signal: AbortSignal
  onEvent: EngineListener
  /** Told before anything is done. */
  onWarning?: (message: string) => void
}

/**
 * Makes the environment what the configuration says, from whatever state it is in. The artifacts bucket comes first, bare,
 * because the lease lives in it.
 * @throws UsageError for datasets that no file could be loaded with, UNKNOWN_RESOURCE and NOT_ADOPTABLE, and DatapipeError QUOTA_EXCEEDED, before anything is touched; UP_INCOMPLETE (exit code 3 when part of it was done) or the one cause; LEASE_HELD; InterruptedError
 */
export async function up(aws: AwsContext, environment: Environment, request: UpRequest): Promise<UpResult> {
  const started = Date.now()
  await assertDatasets(environment.datasets, request.signal)
  const { signal } = request
  const { graph, imageTag, orphans, parts, warnings } = await unlessInterrupted(
    prepare(aws, environment),
    signal,
  )
  assertKnown(graph, request.adopt)
  for (const warning of warnings) request.onWarning?.(warning)
  const { artifacts } = parts.storage
  const bootstrapped = new Set<string>()
  const mayBegin = (await artifacts.read())?.owned === true
  const asked = !mayBegin || (request.adopt?.size ?? 0) > 0
  if (asked) await refuseBeforehand(aws, graph, request)
  signal.throwIfAborted()
  if (await artifacts.bootstrap(operationFor(artifacts, request), request.adopt?.has(artifacts.id)))
    bootstrapped.add(artifacts.id)

  signal.throwIfAborted()
  const lease = await takeLease(aws, 'up')
  const note = new AppliedNote(aws, environment, imageTag, request.onWarning)
  const result = await applyGraph(graph, {
    ...request,
    signal: anySignal(signal, lease.lost),
    orphans,
    bootstrapped,
    ...(asked ? {} : { preflight: (creations) => assertRoom(aws, creations) }),
    assertHeld: () => {
      lease.assertHeld()
    },
    begin: () => note.begin(),
  })
    .then(async (applied) => {
      if (applied.failures.length > 0 || applied.stoppedBy !== undefined) return applied
      await note.end(() => {
        lease.assertHeld()
      })
      return applied
    })
    .finally(() => lease.release())
  const done: UpResult = {
    changes: result.counts,
    resources: result.outcomes.map(({ action, id, physicalId, type }) => ({ id, type, physicalId, action })),
    outputs: outputs(aws),
    apiCalls: aws.clients.apiCalls,
    durationMs: Date.now() - started,
  }
  if (result.stoppedBy !== undefined) throw withResult(result.stoppedBy, done)
  if (result.failures.length > 0) {
    throw failedResources(
      'UP_INCOMPLETE',
      result.failures,
      result.skipped,
      done,
      changed(result) ? ExitCode.partial : ExitCode.failed,
    )
  }
  return done
}

/**
 * The lease needs a bucket, so a first `up` makes one, and it may be what is adopted: not before it is known that nothing
 * stands in the way of the rest.
 */
async function refuseBeforehand(aws: AwsContext, graph: Graph, request: UpRequest): Promise<void> {
  const { adopt, onWarning, signal } = request
  const { entries, failures } = await planGraph(graph, { adopt, signal })
  if (failures.length > 0) throw failedResources('UP_REFUSED', failures, [], undefined)
  for (const warning of adoptionWarnings(entries)) onWarning?.(warning)
  await assertRoom(aws, creationsOf(graph, entries))
}

function changed({ counts }: ApplyResult): boolean {
  return counts.created + counts.updated + counts.replaced + counts.deleted > 0
}

/** The reason that a run stopped, telling what it had done by then. */
export function withResult(error: Error, result: unknown): Error {
  return Object.assign(error, { result })
}
