import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { catalogPartitions, type CatalogPartition, type CatalogTable } from './catalog.js'

/** One Parquet object of a table. */
export interface TableFile {
  bucket: string
  key: string
  etag: string
  bytes: number
  /** Partition key to value, in the order of the table's keys. Empty for a table without partitions. */
  partition: [name: string, value: string][]
}

interface StoredObject {
  bucket: string
  key: string
  etag: string
  bytes: number
}

/**
 * The objects that Athena would read for a table: those under registered partitions, recursively, without the ones whose
 * names start with `_` or `.`.
 */
export async function tableFiles(
  aws: AwsContext,
  table: CatalogTable,
  signal: AbortSignal,
): Promise<TableFile[]> {
  if (table.partitionKeys.length === 0) {
    const objects = await list(aws, table.location, signal)
    return objects.map((object) => ({ ...object, partition: [] }))
  }
  const partitions = await catalogPartitions(aws, table, signal)
  if (partitions.length === 0) return []
  const byLocation = new Map(partitions.map((partition) => [partition.location, partition]))
  // One listing of the whole table instead of one per partition; partitions that live elsewhere are listed by themselves.
  const elsewhere = partitions.filter(({ location }) => !location.startsWith(table.location))
  const places = partitions.length === elsewhere.length ? [] : [table.location]
  const objects: StoredObject[] = []
  for (const place of [...places, ...elsewhere.map(({ location }) => location)]) {
    objects.push(...(await list(aws, place, signal)))
  }
  return objects.flatMap((object) => {
    const partition = partitionOf(object, byLocation)
    if (partition === undefined) return []
    const values = table.partitionKeys.map(({ name }, index): [string, string] => [
      name,
      partition.values[index] ?? '',
    ])
    return [{ ...object, partition: values }]
  })
}

/** The partition whose folder holds the object, the nearest one if folders are nested. */
function partitionOf(
  { bucket, key }: StoredObject,
  byLocation: ReadonlyMap<string, CatalogPartition>,
): CatalogPartition | undefined {
  for (let slash = key.lastIndexOf('/'); slash >= 0; slash = key.lastIndexOf('/', slash - 1)) {
    const found = byLocation.get(`s3://${bucket}/${key.slice(0, slash + 1)}`)
    if (found !== undefined || slash === 0) return found
  }
  return undefined
}

async function list(aws: AwsContext, location: string, signal: AbortSignal): Promise<StoredObject[]> {
  // Not a URL: a percent sign in a key is a percent sign.
  const [, bucket = '', prefix = ''] = /^s3[an]?:\/\/([^/]+)\/(.*)$/.exec(location) ?? []
  const objects: StoredObject[] = []
  let token: string | undefined
  do {
    const page = await aws.clients.of(S3Client).send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ContinuationToken: token,
        ExpectedBucketOwner: aws.account,
      }),
      { abortSignal: signal },
    )
    for (const { ETag: etag = '', Key: key = '', Size: bytes = 0 } of page.Contents ?? []) {
      const hidden = key
        .slice(prefix.length)
        .split('/')
        .some((name) => name.startsWith('_') || name.startsWith('.'))
      if (bytes > 0 && !hidden) objects.push({ bucket, key, etag, bytes })
    }
    token = page.NextContinuationToken
  } while (token !== undefined)
  return objects
}
