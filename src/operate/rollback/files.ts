import { removeEmptied } from '../../transform/container/catalog/emptied.js'
import { switchLocations } from '../../transform/container/catalog/location.js'
import { deleteUnchanged, headObject } from '../../transform/container/objects.js'
import { SOURCES_PREFIX, sourceRowsKey } from '../../transform/layout.js'
import { copyObject } from '../../transform/merge/copy.js'
import type { Lake, Place } from '../../transform/merge/lake.js'
import type { DataFile } from '../../transform/merge/manifest.js'
import { partitionOf } from '../../transform/merge/partition-values.js'
import type { RunRecord } from '../../transform/record.js'

export type Output = RunRecord['outputs'][number]

/**
 * Puts files that readers see one by one back to what they were. What a load of a newer version writes meanwhile stays.
 * @param keys the files that may be there
 * @param outputs those that are to be there
 * @param assertOurs throws PreconditionLost when a load has claimed the source since
 * @returns the outputs as they are now: what was copied has another version
 * @throws PreconditionLost
 */
export async function restoreFiles(
  lake: Lake,
  place: Place,
  keys: readonly string[],
  outputs: readonly Output[],
  assertOurs: () => Promise<void>,
): Promise<Output[]> {
  const { s3, bucket } = lake
  const found = new Map<string, { etag: string | undefined; versionId: string | undefined }>()
  for (const key of keys) {
    const head = await headObject(s3, bucket, key)
    if (head) found.set(key, { etag: head.ETag, versionId: head.VersionId })
  }
  // What was found is older than any claim after ours, so it is nothing of a newer version.
  await assertOurs()
  const now: Output[] = []
  for (const output of outputs) {
    const { key, versionId, bytes } = output
    const current = found.get(key)
    if (current && (versionId === undefined || current.versionId === versionId)) {
      now.push(output)
      continue
    }
    const expected = { etag: current?.etag }
    const copy = await copyObject(s3, { bucket, from: key, versionId, to: key, bytes, expected })
    now.push({ ...output, versionId: copy })
  }
  const stay = new Set(outputs.map(({ key }) => key))
  for (const [key, { etag }] of found) if (!stay.has(key)) await deleteUnchanged(s3, bucket, key, etag)
  if (outputs.length === 0) {
    await removeEmptied(lake, [place])
  } else if (place.folder !== '') {
    const location = `s3://${bucket}/${place.table}/${place.folder}/`
    await switchLocations(lake.glue, { database: lake.database, table: place.table }, [
      { partition: partitionOf(place.folder), location },
    ])
  }
  return now
}

/**
 * The rows that come back as files of a source. One whose key does not name its content, because it was loaded before the
 * partition had generations, and that a later version replaced, gets a key of its own.
 */
export async function sourceFiles(
  { s3, bucket }: Lake,
  { folder, table }: Place,
  outputs: readonly Output[],
): Promise<DataFile[]> {
  const files: DataFile[] = []
  for (const { key, rows, bytes, versionId } of outputs) {
    if (key.startsWith(`${SOURCES_PREFIX}/`)) {
      files.push({ key, rows, bytes })
      continue
    }
    const head = await headObject(s3, bucket, key)
    if (head && (versionId === undefined || head.VersionId === versionId)) {
      files.push({ key, rows, bytes, etag: head.ETag })
      continue
    }
    const name = key.slice(key.lastIndexOf('/') + 1)
    const to = sourceRowsKey(table, folder, name, { versionId: versionId ?? 'null', sha256: '' })
    if (!(await headObject(s3, bucket, to))) await copyObject(s3, { bucket, from: key, versionId, to, bytes })
    files.push({ key: to, rows, bytes })
  }
  return files
}
