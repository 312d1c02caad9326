import type { AwsContext } from '../../aws/context.js'
import { DatapipeError, UsageError } from '../../errors.js'
import type { RunRecord } from '../../transform/record.js'
import { findRun } from '../history/show.js'
import { runRecords } from '../records.js'

/** One source whose loads are taken out. */
export interface Withdrawal {
  /** `bucket/key` of the raw object. */
  source: string
  /** The loads that are taken out, the latest first. */
  runs: [RunRecord, ...RunRecord[]]
  /** The load whose rows come back; undefined: the source has none before. */
  back: RunRecord | undefined
}

export interface RollbackPlan {
  dataset: string
  /** The load after which the table is as it will be again; undefined: none that succeeded. */
  to: RunRecord | undefined
  withdrawals: Withdrawal[]
}

/**
 * What a roll-back takes out: every load after `to`, or the last one.
 * @throws UsageError RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_NOT_LOADED; DatapipeError NOTHING_LOADED, ENVIRONMENT_NOT_UP
 */
export async function planRollback(
  aws: AwsContext,
  dataset: string,
  to: string | undefined,
  signal: AbortSignal,
): Promise<RollbackPlan> {
  const records = await runRecords(aws, { dataset, signal })
  const loaded = records.filter(({ status }) => status === 'succeeded')
  const [latest] = loaded
  if (!latest) {
    throw new DatapipeError('NOTHING_LOADED', `Nothing of ${dataset} is loaded in ${aws.env}.`, {
      suggestions: [`See what was: datapipe history ${dataset} --env ${aws.env}`],
    })
  }
  const target = to === undefined ? undefined : await findRun(aws, to, signal, dataset)
  if (target && target.status !== 'succeeded') {
    throw new UsageError(
      'RUN_NOT_LOADED',
      `The run ${target.runId} ${target.status}: there is nothing to go back to.`,
      { suggestions: [`See the others: datapipe history ${dataset} --status succeeded`] },
    )
  }
  const out = target ? loaded.filter(({ finishedAt }) => finishedAt > target.finishedAt) : [latest]
  const stays = loaded.filter((record) => !out.includes(record))
  const bySource = new Map<string, RunRecord[]>()
  for (const record of out)
    bySource.set(sourceOf(record), [...(bySource.get(sourceOf(record)) ?? []), record])
  return {
    dataset,
    to: target ?? stays[0],
    withdrawals: [...bySource].map(([source, [first, ...rest]]) => ({
      source,
      runs: [first!, ...rest],
      back: stays.find((record) => sourceOf(record) === source),
    })),
  }
}

function sourceOf({ source }: RunRecord): string {
  return `${source.bucket}/${source.key}`
}
