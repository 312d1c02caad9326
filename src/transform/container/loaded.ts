import { createHash } from 'node:crypto'
import type { Dataset } from '../../config/dataset.js'
import { runKey, sourceId, sourceKey } from '../layout.js'
import { runRecordSchema, type RunRecord } from '../record.js'
import { datapipeVersion, engineVersion } from '../version.js'
import type { ObjectVersion } from './fetch.js'
import { getJson } from './objects.js'
import { publishedVersion } from './pointer.js'
import type { Target } from './publish.js'

/** Tells configurations of a dataset apart, defaults included. */
export function configurationHash(config: Dataset): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex')
}

/** What an earlier run said of this version; undefined before the first, and where objects have no versions. */
export async function earlierRecord(
  { bucket, dataset, s3 }: Pick<Target, 'bucket' | 'dataset' | 's3'>,
  source: ObjectVersion,
): Promise<RunRecord | undefined> {
  if (source.versionId === undefined) return undefined
  const id = sourceId(`${source.bucket}/${source.key}`)
  const found = await getJson(s3, bucket, runKey(dataset, id, source.versionId))
  return runRecordSchema.safeParse(found?.body).data
}

/**
 * The record of the load that makes another one needless: it succeeded with exactly this version of the object, this
 * configuration of its dataset and this release, and what it published is still what is published; or it was rolled back; or
 * its data were bad, which they still are.
 * undefined: there is none.
 */
export async function alreadyLoaded(
  { bucket, dataset, s3 }: Pick<Target, 'bucket' | 'dataset' | 's3'>,
  source: ObjectVersion,
  configuration: string,
): Promise<RunRecord | undefined> {
  const record = await earlierRecord({ bucket, dataset, s3 }, source)
  if (record === undefined) return undefined
  // Somebody took it out of the table; only somebody can put it back. Bad data may pass by another configuration, but that is
  // for a replay to try: a sweep long after would quarantine and report the same file anew.
  if (record.status === 'rolled_back') return record
  if (record.status === 'failed' || record.status === 'rejected') return record
  const same =
    record.status === 'succeeded' &&
    record.source.versionId === source.versionId &&
    record.configuration === configuration &&
    record.datapipe === datapipeVersion() &&
    record.engine === engineVersion()
  if (!same) return undefined
  const id = sourceId(`${source.bucket}/${source.key}`)
  const published = await publishedVersion(s3, { bucket, key: sourceKey(dataset, id) })
  return published === source.versionId ? record : undefined
}
