import { createHash } from 'node:crypto'
import { withoutCompression } from './file-name.js'

/** Top-level names in the transformed bucket that are not datasets (dataset names cannot start with `datapipe_`). */
export const REJECTS_PREFIX = 'datapipe_rejects'
/** For people. Apart from the Parquet files, which are a table. */
export const REJECTS_CSV_PREFIX = 'datapipe_rejects_csv'
export const RUNS_PREFIX = 'datapipe_runs'
/** What a task tells its execution. */
export const RESULTS_PREFIX = 'datapipe_results'
/** Which version of each source is published; for tables with a key also the rows of each version, which are their truth. */
export const SOURCES_PREFIX = 'datapipe_sources'
/** What readers see of partitions that are merged or compacted: made from the sources, and replaceable by making it again. */
export const GENERATIONS_PREFIX = 'datapipe_generations'
/** One manifest per such partition: which source versions are in it, and which generation is current. */
export const MANIFESTS_PREFIX = 'datapipe_manifests'
/** Loads that are about to switch partitions, so that the next one can finish what a dead one left. */
export const PENDING_PREFIX = 'datapipe_pending'
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

/** @param versionId of the object; left out for a file on this disk, which has none */
export function rejectsKey(
  dataset: string,
  id: string,
  extension: 'parquet' | 'csv',
  versionId?: string,
): string {
  const version = versionId === undefined ? '' : `/${versionHash(versionId)}`
  return `${rejectsOf(dataset, id, extension)}${version}.${extension}`
}

/** What the keys of the rejected rows of every version of a source begin with, and no others. */
export function rejectsPrefixes(dataset: string, id: string): string[] {
  return [rejectsOf(dataset, id, 'parquet'), rejectsOf(dataset, id, 'csv')]
}

function rejectsOf(dataset: string, id: string, extension: 'parquet' | 'csv'): string {
  return `${extension === 'csv' ? REJECTS_CSV_PREFIX : REJECTS_PREFIX}/dataset=${dataset}/${id}`
}

/** Key of the record of one run: one per version of the source. */
export function runKey(dataset: string, id: string, versionId: string): string {
  return `${RUNS_PREFIX}/dataset=${dataset}/${id}/${versionHash(versionId)}.json`
}

/** Key of the pointer that says which version of a source is published and what it produced. */
export function sourceKey(dataset: string, id: string): string {
  return `${SOURCES_PREFIX}/${dataset}/${id}.json`
}

/**
 * Key of the rows that one version of a source gives one partition of a merged table. It names version and content, so what
 * is written there never changes.
 * @param fileName as in `dataKey`
 */
export function sourceRowsKey(
  table: string,
  partition: string,
  fileName: string,
  version: { versionId: string; sha256: string },
): string {
  const stem = fileName.replace(/\.parquet$/, '')
  const hash = sha256Hex(`${version.versionId}\n${version.sha256}`).slice(0, 16)
  return dataKey(`${SOURCES_PREFIX}/${table}`, partition, `${stem}-${hash}.parquet`)
}

/** Folder of one generation of a partition, with a slash at its end. */
export function generationFolder(table: string, partition: string, number: number, run: string): string {
  return `${dataKey(`${GENERATIONS_PREFIX}/${table}`, partition, `g${number}-${run}`)}/`
}

const WHOLE_TABLE = 'all'

export function manifestKey(table: string, partition: string): string {
  return dataKey(MANIFESTS_PREFIX, table, `${partition === '' ? WHOLE_TABLE : partition}.json`)
}

/** The partition of a manifest, the reverse of `manifestKey`. */
export function manifestFolder(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '')
  return name === WHOLE_TABLE ? '' : name
}

/** Key of the note of one load of a table. */
export function pendingKey(table: string, run: string): string {
  return `${PENDING_PREFIX}/${table}/${run}.json`
}

/** Table and partition of a data file, wherever it lies: `<table>/<partition>/<file>`, or the same below SOURCES_PREFIX. */
export function placeOf(key: string): { table: string; partition: string } | undefined {
  const parts = key.split('/')
  if (parts[0] === SOURCES_PREFIX) parts.shift()
  const [table, partition] = parts
  if (table === undefined || parts.length < 2 || parts.length > 3 || !key.endsWith('.parquet'))
    return undefined
  if (table.startsWith('datapipe_')) return undefined
  return { table, partition: parts.length === 3 ? (partition ?? '') : '' }
}

function slug(fileName: string): string {
  const stem = withoutCompression(fileName).replace(/\.[a-z0-9]{1,5}$/i, '')
  const plain = stem
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return plain.slice(0, LONGEST_SLUG) || 'file'
}

function versionHash(versionId: string): string {
  return sha256Hex(versionId).slice(0, 16)
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
