import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import type { EngineListener } from '../../engine/events.js'
import { planGraph } from '../../engine/plan.js'
import { countPlan, type ChangeCounts, type PlannedResource } from '../../ui/plan.js'
import { adoptionWarnings, assertKnown } from './adopt.js'
import { creationsOf } from './creations.js'
import { failedResources } from './failures.js'
import { roomProblem } from '../../pipeline/network/room.js'
import { idleCost, type IdleCost } from './cost.js'
import { assertDatasets } from './datasets-check.js'
import { prepare } from './prepare.js'
import { secondsOf, secondWarnings } from './seconds.js'
import { processingCost, type ProcessingCost } from './processing-cost.js'

export interface PlanResult {
  changes: ChangeCounts
  resources: PlannedResource[]
  cost: IdleCost & { processing: ProcessingCost[] }
}

export interface PlanRequest {
  adopt?: ReadonlySet<string>
  signal: AbortSignal
  onEvent: EngineListener
  /** Told what could not be found out, and what `up` would refuse for. */
  onWarning?: (message: string) => void
}

/**
 * What `up` would do. Reads only; takes no lease.
 * @throws UsageError for datasets that no file could be loaded with, UNKNOWN_RESOURCE and NOT_ADOPTABLE; DatapipeError PLAN_FAILED with every reason, when something cannot be read or would be refused
 */
export async function plan(
  aws: AwsContext,
  environment: Environment,
  request: PlanRequest,
): Promise<PlanResult> {
  await assertDatasets(environment.datasets, request.signal)
  const { graph, items, orphans, warnings } = await prepare(aws, environment)
  assertKnown(graph, request.adopt)
  for (const warning of warnings) request.onWarning?.(warning)
  const { entries, failures } = await planGraph(graph, { ...request, orphans })
  const seconds = await secondsOf(aws, items, graph, entries)
  for (const warning of [...adoptionWarnings(entries), ...secondWarnings(seconds)])
    request.onWarning?.(warning)
  const resources = entries.map(({ action, changes, id, type }) => ({ id, type, action, diff: changes }))
  const result = {
    changes: countPlan(resources),
    resources,
    cost: {
      ...idleCost(graph.resources),
      processing: processingCost(environment.compute.architecture, []),
    },
  }
  if (failures.length > 0) throw failedResources('PLAN_FAILED', failures, [], result)
  const problem = await roomProblem(aws, creationsOf(graph, entries))
  if (problem !== undefined) request.onWarning?.(problem)
  return result
}
