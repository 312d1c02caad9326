import { createHash } from 'node:crypto'

/** Top-level names in the transformed bucket that are not datasets (dataset names cannot start with `datapipe_`). */
export const REJECTS_PREFIX = 'datapipe_rejects'
export const RUNS_PREFIX = 'datapipe_runs'
/** What a task tells its execution. */
export const RESULTS_PREFIX = 'datapipe_results'
export const SOURCES_PREFIX = 'datapipe_sources'
export const INBOX_PREFIX = 'inbox'

const LONGEST_SLUG = 80

/** Key of a raw object: `inbox/<dataset>/<file>`. */
export function inboxKey(dataset: string, fileName: string): string {
  return `${INBOX_PREFIX}/${dataset}/${fileName}`
}

/**
 * Name of everything that one source produces: `<slug of the file name>-<12 hex digits of sha256(sourceName)>`. The same
 * source always gets the same name, so a re-run overwrites; two sources never share one.
 * @param sourceName `bucket/key` of an object, or the name of a local file
 */
export function sourceId(sourceName: string): string {
  const fileName = sourceName.slice(sourceName.lastIndexOf('/') + 1)
  return `${slug(fileName)}-${sha256Hex(sourceName).slice(0, 12)}`
}

/** Name of the Parquet file of a source, the same in every partition. */
export function dataFileName(sourceName: string): string {
  return `${sourceId(sourceName)}.parquet`
}

/**
 * Key of a data file: `<dataset>/<partition>/<file>`.
 * @param partition the Hive folder such as `day=2023-06-26`, or '' for a table without partitions
 */
export function dataKey(dataset: string, partition: string, fileName: string): string {
  return [dataset, partition, fileName].filter((part) => part !== '').join('/')
}

export function rejectsKey(dataset: string, id: string, extension: 'parquet' | 'csv'): string {
  return `${REJECTS_PREFIX}/dataset=${dataset}/${id}.${extension}`
}

/** Key of the record of one run: one per version of the source. */
export function runKey(dataset: string, id: string, versionId: string): string {
  return `${RUNS_PREFIX}/dataset=${dataset}/${id}/${sha256Hex(versionId).slice(0, 16)}.json`
}

/** Key of the pointer that says which version of a source is published and what it produced. */
export function sourceKey(dataset: string, id: string): string {
  return `${SOURCES_PREFIX}/${dataset}/${id}.json`
}

function slug(fileName: string): string {
  const stem = fileName.replace(/\.gz$/i, '').replace(/\.[a-z0-9]{1,5}$/i, '')
  const plain = stem
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return plain.slice(0, LONGEST_SLUG) || 'file'
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
