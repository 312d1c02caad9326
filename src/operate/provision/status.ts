import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import type { EngineListener } from '../../engine/events.js'
import { planGraph, type PlanEntry } from '../../engine/plan.js'
import type { RunRecord } from '../../transform/record.js'
import { runRecords } from '../records.js'
import { idleCost, type IdleCost } from './cost.js'
import { datasetStatus, type DatasetStatus } from './datasets.js'
import { failedResources } from './failures.js'
import { prepare } from './prepare.js'
import { processingCost, type ProcessingCost } from './processing-cost.js'

export type ResourceState = 'ok' | 'drifted' | 'missing' | 'superfluous'

export interface ResourceStatus {
  id: string
  type: string
  physicalId: string | null
  state: ResourceState
  /** Property paths that are not as desired. */
  drift: string[]
}

export interface StatusResult {
  resources: ResourceStatus[]
  datasets: DatasetStatus[]
  /** The latest first. */
  runs: RunRecord[]
  cost: IdleCost & { processing: ProcessingCost[] }
}

export interface StatusRequest {
  signal: AbortSignal
  onEvent: EngineListener
}

/** What exists, what drifted, what is in the tables, what ran, and what it costs. Reads only. */
export async function status(
  aws: AwsContext,
  environment: Environment,
  request: StatusRequest,
): Promise<StatusResult> {
  const { graph, orphans, parts } = await prepare(aws, environment)
  const { entries, failures } = await planGraph(graph, { ...request, orphans })
  if (failures.length > 0) throw failedResources('STATUS_FAILED', failures, [], undefined)
  const missing = new Set(entries.filter(({ action }) => action === 'create').map(({ id }) => id))
  const hasData = !missing.has(parts.storage.transformed.id)
  const records = hasData ? await runRecords(aws) : []
  return {
    resources: entries.map(toStatus),
    datasets: datasetStatus(environment.datasets, records),
    runs: records.slice(0, 10),
    cost: {
      ...idleCost(graph.resources.filter(({ id }) => !missing.has(id))),
      processing: processingCost(environment.compute.architecture, records),
    },
  }
}

function toStatus({ action, changes, id, physicalId, type }: PlanEntry): ResourceStatus {
  const states = {
    create: 'missing',
    update: 'drifted',
    replace: 'drifted',
    delete: 'superfluous',
    unchanged: 'ok',
  } as const
  return {
    id,
    type,
    physicalId: action === 'create' ? null : (physicalId ?? null),
    state: states[action],
    drift: changes.map(({ path }) => path),
  }
}
