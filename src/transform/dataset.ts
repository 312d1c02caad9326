import picomatch from 'picomatch'
import { DataError } from './errors.js'
import { withoutCompression } from './file-name.js'
import { INBOX_PREFIX } from './layout.js'

const DATASET_NAME = /^[a-z][a-z0-9_]{0,62}$/

/**
 * The dataset that a file belongs to. In this order: the folder of a raw key `inbox/<dataset>/<file>`; the first dataset
 * whose `match` fits the file name; a name derived from the file name (`20230703_measurement_data.csv` ->
 * `measurement_data`).
 * @param key a raw key, or a file name with or without its folder
 * @throws DataError NO_DATASET when nothing can be derived
 */
export function datasetFor(key: string, datasets: Readonly<Record<string, { match?: string }>>): string {
  const parts = key.split('/')
  const fileName = parts.at(-1) ?? ''
  const folder = parts[1]
  if (parts.length > 2 && parts[0] === INBOX_PREFIX && folder !== undefined && isDatasetName(folder))
    return folder
  const names = [fileName, withoutCompression(fileName)]
  for (const [dataset, { match }] of Object.entries(datasets)) {
    if (match !== undefined && names.some((name) => picomatch.isMatch(name, match))) return dataset
  }
  return derivedName(fileName)
}

/** Whether a text can be a dataset: the same rule as `datasets` in the configuration. */
export function isDatasetName(name: string): boolean {
  return DATASET_NAME.test(name) && !name.startsWith('datapipe_')
}

/** File name without its extension and without the numbers and dates around its words. */
function derivedName(fileName: string): string {
  const stem = withoutCompression(fileName).replace(/\.[^.]*$/, '')
  const name = stem
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[\d_]+/, '')
    .replace(/(_\d+)+_*$/, '')
    .slice(0, 63)
    .replace(/_+$/, '')
  if (isDatasetName(name)) return name
  throw new DataError(
    'NO_DATASET',
    `No dataset fits the file "${fileName}", and no name can be derived from it.`,
    {
      suggestions: [
        'Name the dataset with --dataset, or add a dataset with a fitting `match` to datapipe.yaml.',
      ],
    },
  )
}
