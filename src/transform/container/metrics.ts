import type { RunRecord } from '../record.js'
import { errorDetails, type Log } from './log.js'
import { environmentDimension, METRIC_NAMESPACE, REJECTED_METRIC } from './metric-names.js'

/** Of what is published. */
export interface MetricSource {
  project: string
  env: string
}

/** A metric is worth no more waiting than this. */
const TIMEOUT_MS = 5000

/**
 * Publishes how many rows a run rejected, once for the environment and once for the dataset; nothing when there are none,
 * because CloudWatch charges for a metric in every month in which it is written. Never throws: the file is loaded, whatever
 * becomes of the metric (in a network without a way to CloudWatch it is lost).
 */
export async function publishRejected(
  { dataset, rowsRejected, status }: Pick<RunRecord, 'dataset' | 'rowsRejected' | 'status'>,
  { env, project }: MetricSource,
  log: Log,
): Promise<void> {
  if (rowsRejected === 0 || status === 'superseded') return
  try {
    const { CloudWatchClient, PutMetricDataCommand } = await import('@aws-sdk/client-cloudwatch')
    const cloudwatch = new CloudWatchClient({ maxAttempts: 2 })
    const environment = { Name: 'Environment', Value: environmentDimension(project, env) }
    const datum = { MetricName: REJECTED_METRIC, Value: rowsRejected, Unit: 'Count' as const }
    try {
      await cloudwatch.send(
        new PutMetricDataCommand({
          Namespace: METRIC_NAMESPACE,
          MetricData: [
            { ...datum, Dimensions: [environment] },
            { ...datum, Dimensions: [environment, { Name: 'Dataset', Value: dataset }] },
          ],
        }),
        { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
      )
    } finally {
      cloudwatch.destroy()
    }
  } catch (error) {
    log('metric_lost', { metric: REJECTED_METRIC, ...errorDetails(error) })
  }
}
