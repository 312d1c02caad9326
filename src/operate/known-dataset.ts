import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { runRecords } from './records.js'
import { requireDataset } from './upload/dataset.js'

/**
 * Checks the name of a dataset that somebody asks about: the configuration has it, or something of it was loaded, from an
 * earlier configuration.
 * @throws UsageError UNKNOWN_DATASET, INVALID_DATASET_NAME; DatapipeError ENVIRONMENT_NOT_UP
 */
export async function requireKnownDataset(
  aws: AwsContext,
  name: string | undefined,
  datasets: Environment['datasets'],
  signal: AbortSignal,
): Promise<void> {
  if (name === undefined || Object.hasOwn(datasets, name)) return
  const [loaded] = await runRecords(aws, { dataset: name, limit: 1, signal })
  if (loaded === undefined) requireDataset(name, datasets)
}
