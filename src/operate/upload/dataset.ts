import { nearestWord } from '../../config/nearest.js'
import type { Environment } from '../../config/schema.js'
import { DatapipeError, UsageError } from '../../errors.js'
import { datasetFor, isDatasetName } from '../../transform/dataset.js'

type Datasets = Environment['datasets']

/**
 * Checks a dataset that the user named. Where the configuration has none, any name will do that can be a table.
 * @throws UsageError INVALID_DATASET_NAME, UNKNOWN_DATASET
 */
export function requireDataset(name: string, datasets: Datasets): void {
  if (Object.hasOwn(datasets, name)) return
  const known = Object.keys(datasets)
  if (known.length > 0) {
    const near = nearestWord(name, known)
    throw new UsageError('UNKNOWN_DATASET', `There is no dataset "${name}" in the configuration.`, {
      suggestions: [
        ...(near === undefined ? [] : [`Did you mean ${near}?`]),
        `Datasets: ${known.join(', ')}`,
        'Add a new one under `datasets` in datapipe.yaml, then run datapipe up.',
      ],
    })
  }
  if (isDatasetName(name)) return
  throw new UsageError(
    'INVALID_DATASET_NAME',
    `"${name}" cannot be a dataset: it becomes a table name, of lower-case letters, digits and _, that starts with a letter.`,
  )
}

/**
 * The dataset of a file by its name: the first whose `match` fits, or the one whose name is the file's. Where the
 * configuration has no datasets, a name derived from the file's.
 * @throws DatapipeError NO_DATASET_FOR_FILE
 */
export function chooseDataset(fileName: string, datasets: Datasets): string {
  const known = Object.keys(datasets)
  const name = derive(fileName, datasets)
  if (name !== undefined && (known.length === 0 || known.includes(name))) return name
  throw new DatapipeError('NO_DATASET_FOR_FILE', `No dataset fits the file ${fileName}.`, {
    suggestions:
      known.length === 0
        ? ['Name the dataset: --dataset NAME']
        : [
            `Name the dataset: --dataset NAME, one of ${known.join(', ')}`,
            'Add a dataset with a `match` that fits the file name to datapipe.yaml.',
          ],
  })
}

function derive(fileName: string, datasets: Datasets): string | undefined {
  try {
    return datasetFor(fileName, datasets)
  } catch {
    return undefined
  }
}
