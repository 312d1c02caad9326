import pLimit from 'p-limit'
import { parsePointer } from '../../transform/container/pointer.js'
import { getJson } from '../../transform/container/objects.js'
import {
  GENERATIONS_PREFIX,
  MANIFESTS_PREFIX,
  manifestFolder,
  placeOf,
  SOURCES_PREFIX,
} from '../../transform/layout.js'
import { copyObject } from '../../transform/merge/copy.js'
import { readManifest, type Lake } from '../../transform/merge/lake.js'
import { listObjects, type ListedObject } from '../../transform/merge/list.js'
import { referencedKeys } from '../../transform/merge/manifest.js'
import { sourceOf } from '../../transform/merge/seed.js'
import { removeObjects } from '../../transform/merge/remove.js'
import { lastVersion } from '../last-version.js'

/** A file that nothing needs. */
export interface Leftover {
  key: string
  bytes: number
}

export interface SweepScope {
  dataset: string
  tables: readonly string[]
  /** The time by which ages are told. */
  now: Date
  signal?: AbortSignal
}

/** Longer than any load: what is younger may be needed by one that has not said so yet. */
const YOUNGEST_MS = 86_400_000
const READS_AT_ONCE = 16

/** What the tables of a dataset need. */
interface Needs {
  keys: Set<string>
  /** `<table>/<folder>` of partitions whose readers were sent to a generation. */
  managed: Set<string>
}

/**
 * Files, older than a day, that belong to no generation that is kept, to no version of a source that is loaded, and to no load
 * under way: what loads that died left, and rows of versions that were replaced when earlier generations still needed them.
 */
export async function leftovers(lake: Lake, scope: SweepScope): Promise<Leftover[]> {
  const before = scope.now.getTime() - YOUNGEST_MS
  const old: ListedObject[] = []
  for (const table of scope.tables) {
    for (const prefix of [`${GENERATIONS_PREFIX}/${table}/`, `${SOURCES_PREFIX}/${table}/`, `${table}/`]) {
      const found = await listObjects(lake.s3, lake.bucket, prefix, { signal: scope.signal })
      old.push(...found.filter(({ key, lastModified }) => key.endsWith('.parquet') && lastModified <= before))
    }
  }
  if (old.length === 0) return []
  // Asked after the listing: a load that has claimed one of these says so by now.
  const { keys, managed } = await needs(lake, scope)
  return old
    .filter(({ key }) => !keys.has(key) && (key.startsWith('datapipe_') || isIn(key, managed)))
    .map(({ key, bytes }) => ({ key, bytes }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
}

/**
 * Deletes the leftovers. A load that claimed one of them at that moment, and found it there, gets it back.
 * @returns what was deleted
 */
export async function sweep(lake: Lake, scope: SweepScope): Promise<Leftover[]> {
  const found = await leftovers(lake, scope)
  if (found.length === 0) return []
  const { s3, bucket } = lake
  await removeObjects(
    s3,
    bucket,
    found.map(({ key }) => key),
  )
  const { keys } = await needs(lake, scope)
  for (const { key, bytes } of found) {
    if (!keys.has(key)) continue
    const last = await lastVersion(s3, bucket, key)
    if (last) await copyObject(s3, { bucket, from: key, versionId: last.versionId, to: key, bytes })
  }
  return found.filter(({ key }) => !keys.has(key))
}

/** A file that datapipe wrote and readers saw before there were generations: only where they see these now. */
function isIn(key: string, managed: ReadonlySet<string>): boolean {
  const place = placeOf(key)
  return (
    place !== undefined && sourceOf(key) !== undefined && managed.has(`${place.table}/${place.partition}`)
  )
}

async function needs(lake: Lake, { dataset, tables, signal }: SweepScope): Promise<Needs> {
  const { s3, bucket } = lake
  const limit = pLimit(READS_AT_ONCE)
  const keys = new Set<string>()
  const managed = new Set<string>()
  // The pointers first: a load says in its pointer what it is going to write before a manifest has it.
  const pointers = await listObjects(s3, bucket, `${SOURCES_PREFIX}/${dataset}/`, { signal })
  const read = async (key: string) => {
    const found = await getJson(s3, bucket, key)
    if (found) for (const output of parsePointer(found.body).outputs) keys.add(output)
  }
  await Promise.all(
    pointers.filter(({ key }) => key.endsWith('.json')).map(({ key }) => limit(() => read(key))),
  )
  const look = async (table: string, folder: string) => {
    const stored = await readManifest(lake, { table, folder })
    if (!stored) return
    for (const key of referencedKeys(stored.manifest)) keys.add(key)
    if (stored.manifest.adopting !== true) managed.add(`${table}/${folder}`)
  }
  for (const table of tables) {
    const manifests = await listObjects(s3, bucket, `${MANIFESTS_PREFIX}/${table}/`, { signal })
    await Promise.all(manifests.map(({ key }) => limit(() => look(table, manifestFolder(key)))))
  }
  return { keys, managed }
}
