import { basename } from 'node:path'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { parquetMetadataAsync } from 'hyparquet'
import pLimit from 'p-limit'
import { losing } from '../container/objects.js'
import { readPointer } from '../container/pointer.js'
import { dataKey, sourceKey } from '../layout.js'
import type { Lake, Place } from './lake.js'
import { listObjects, type ListedObject } from './list.js'
import { inOrder, type SourceEntry } from './manifest.js'

const READS_AT_ONCE = 8
const SOURCE_FILE = /^(.+-[0-9a-f]{12})(?:[-.].*)?\.parquet$/

/**
 * The sources of a partition whose files readers still see one by one, from the files themselves: those of a table that had no
 * key so far, or that is about to be compacted.
 * @param objects its files, where they are known
 */
export async function seedSources(
  lake: Lake,
  dataset: string,
  place: Place,
  objects?: readonly ListedObject[],
): Promise<SourceEntry[]> {
  const bySource = new Map<string, ListedObject[]>()
  for (const object of objects ?? (await originals(lake, place))) {
    // A file that something else put there has rows that readers see; it is a source of its own.
    const source = sourceOf(object.key) ?? basename(object.key)
    bySource.set(source, [...(bySource.get(source) ?? []), object])
  }
  const limit = pLimit(READS_AT_ONCE)
  const entries = [...bySource].map(([source, objects]) =>
    limit(async (): Promise<SourceEntry> => {
      const pointer = await readPointer(lake.s3, { bucket: lake.bucket, key: sourceKey(dataset, source) })
      const files = []
      for (const { key, bytes, etag } of objects) {
        files.push({ key, bytes, rows: await rowsOf(lake.s3, lake.bucket, { key, bytes, etag }), etag })
      }
      const lastModified = pointer?.lastModified ?? Math.max(...objects.map((object) => object.lastModified))
      return { source, versionId: pointer?.versionId ?? 'null', lastModified, runId: '', files }
    }),
  )
  return inOrder(await Promise.all(entries))
}

/** The source of a data file; undefined: datapipe did not write it. */
export function sourceOf(key: string): string | undefined {
  return SOURCE_FILE.exec(basename(key))?.[1]
}

/** The data files that lie directly in the folder that the partition has while nobody merged or compacted it. */
export async function originals({ s3, bucket }: Lake, { table, folder }: Place): Promise<ListedObject[]> {
  const prefix = dataKey(table, folder, '') + '/'
  const objects = await listObjects(s3, bucket, prefix)
  return objects.filter(({ key }) => key.endsWith('.parquet') && !key.slice(prefix.length).includes('/'))
}

/** From the footer alone. @throws PreconditionLost when the object is another one by now */
async function rowsOf(
  s3: S3Client,
  bucket: string,
  { bytes, etag, key }: Pick<ListedObject, 'bytes' | 'etag' | 'key'>,
): Promise<number> {
  const slice = async (start: number, end = bytes): Promise<ArrayBuffer> => {
    const { Body } = await losing(
      s3.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          IfMatch: etag,
          Range: `bytes=${start}-${end - 1}`,
        }),
      ),
    )
    const found = (await Body?.transformToByteArray()) ?? new Uint8Array()
    return new Uint8Array(found).buffer
  }
  return Number((await parquetMetadataAsync({ byteLength: bytes, slice })).num_rows)
}
