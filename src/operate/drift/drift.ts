import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import type { EngineListener } from '../../engine/events.js'
import type { Kept } from '../../engine/outcome.js'
import { planGraph } from '../../engine/plan.js'
import { DatapipeError } from '../../errors.js'
import { failedResources } from '../provision/failures.js'
import { prepare, type PrepareOptions } from '../provision/prepare.js'
import { secondsOf } from '../provision/seconds.js'
import { environmentOf, isSame, readApplied, settingsOf, type Applied } from './applied.js'
import { driftOf, type DriftItem } from './differences.js'

/** What AWS is compared with. */
export type Baseline =
  | {
      kind: 'last-up'
      /** ISO time. */
      at: string
      /** Version of datapipe that it was. */
      datapipe: string
      /** ISO time since which an `up` with other settings may have been under way; null: none is. */
      unfinishedSince: string | null
      /** datapipe.yaml says something else by now. */
      configurationChanged: boolean
    }
  /** Nobody noted what the last `up` was asked for: datapipe.yaml, and its changes show as drift. */
  | { kind: 'configuration' }

export interface DriftResult {
  baseline: Baseline
  drift: DriftItem[]
  /** Resources that were looked at. */
  compared: number
  /** Ids of resources that could not be compared, because something they belong to is not what it should be. */
  notCompared: string[]
  /** Left over from an earlier configuration, and left alone by `up`: no drift. */
  kept: Kept[]
}

export interface DriftRequest {
  signal: AbortSignal
  onEvent: EngineListener
  /** Told what could not be found out. */
  onWarning?: (message: string) => void
}

/**
 * What was changed in AWS since the last `up`. Reads only; takes no lease.
 * @throws DatapipeError ENVIRONMENT_NOT_UP; DRIFT_FAILED, or the one cause, when something cannot be read
 */
export async function drift(
  aws: AwsContext,
  environment: Environment,
  request: DriftRequest,
): Promise<DriftResult> {
  const { baseline, expected, options } = await lookUp(aws, environment, request)
  const { graph, items, orphans, warnings } = await prepare(aws, expected, options)
  for (const warning of warnings) request.onWarning?.(warning)
  const plan = await planGraph(graph, { ...request, orphans })
  if (plan.failures.length === 0 && plan.entries.every(({ action }) => action === 'create')) {
    throw new DatapipeError('ENVIRONMENT_NOT_UP', `There is nothing of environment ${aws.env} in AWS.`, {
      suggestions: [`Create it with \`datapipe up --env ${aws.env}\`.`],
    })
  }
  const { drift: found, unreadable } = driftOf(plan, await secondsOf(aws, items, graph, plan.entries))
  const compared = new Set([...plan.entries, ...plan.failures].map(({ id }) => id))
  const result: DriftResult = {
    baseline,
    drift: found,
    compared: compared.size,
    notCompared: graph.resources.map(({ id }) => id).filter((id) => !compared.has(id)),
    kept: plan.kept,
  }
  if (unreadable.length > 0) throw failedResources('DRIFT_FAILED', unreadable, [], result)
  return result
}

interface Expected {
  baseline: Baseline
  expected: Environment
  options: PrepareOptions
}

async function lookUp(
  aws: AwsContext,
  environment: Environment,
  { onWarning }: DriftRequest,
): Promise<Expected> {
  const applied = await readApplied(aws)
  const expected = applied && readable(applied, environment)
  if (applied === undefined || expected === undefined) {
    if (applied !== undefined) {
      onWarning?.(
        `The last \`up\` was that of datapipe ${applied.datapipe}, whose settings this version cannot read: AWS is compared with datapipe.yaml.`,
      )
    }
    return { baseline: { kind: 'configuration' }, expected: environment, options: {} }
  }
  const { at, datapipe, image, unfinishedSince = null } = applied
  const configurationChanged = !isSame(applied, settingsOf(environment))
  return {
    baseline: { kind: 'last-up', at, datapipe, unfinishedSince, configurationChanged },
    expected,
    options: { version: datapipe, ...(image !== undefined && { image: { pinned: image } }) },
  }
}

/** undefined: another version wrote it, and had other settings. */
function readable(applied: Applied, environment: Environment): Environment | undefined {
  try {
    return environmentOf(applied, environment)
  } catch {
    return undefined
  }
}
