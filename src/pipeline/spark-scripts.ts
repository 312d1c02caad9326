import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../aws/context.js'
import { unlessMissing } from '../aws/retry.js'
import type { AwsResource } from '../resources/resource.js'
import type { InventoryItem } from './inventory.js'
import { SCRIPTS_PREFIX } from './policies/glue.js'

/** Of the script that the job runs. */
export const SCRIPT_ID = 'spark/script'
/** What crawler and job share; it goes after the scripts, so while there is any, it is there. */
const TRACE = 'security/role/glue'

/**
 * The scripts in the artifacts bucket. Each has a key of its own content, so an `up` with a changed one leaves the old one
 * behind. Looked for only where Glue is, or was, in use.
 * @param items what was found otherwise
 */
export async function sparkScripts(
  aws: AwsContext,
  items: readonly InventoryItem[],
): Promise<InventoryItem[]> {
  if (!items.some(({ id }) => id === TRACE)) return []
  const bucket = aws.names.bucket('artifacts')
  const pages = paginateListObjectsV2(
    { client: aws.clients.of(S3Client) },
    { Bucket: bucket, Prefix: SCRIPTS_PREFIX, ExpectedBucketOwner: aws.account },
  )
  const found: InventoryItem[] = []
  const read = async () => {
    for await (const page of pages) {
      for (const { Key: key, LastModified: modified } of page.Contents ?? []) {
        if (key === undefined || !SCRIPT.test(key)) continue
        const id = `${SCRIPT_ID}/${key.slice(SCRIPTS_PREFIX.length)}`
        const arn = `${aws.names.bucketArn('artifacts')}/${key}`
        found.push({ arn, id, tags: aws.tags(id, key), modified: modified?.getTime() ?? 0 })
      }
    }
  }
  await unlessMissing(read(), 'NoSuchBucket')
  return found
}

/** What `scriptKey` makes; what people put beside it is theirs. */
const SCRIPT = new RegExp(`^${SCRIPTS_PREFIX}[0-9a-f]{16}\\.py$`)

/**
 * Ids of the scripts that a run may still ask for: the one that the job names now, and the newest of the others. A run that
 * was started, or queued, before this `up` reads the script that the job named then. Without a job there are no runs.
 */
export function scriptsInUse(items: readonly InventoryItem[], known: readonly AwsResource[]): string[] {
  const current = known.find(({ id }) => id === SCRIPT_ID)
  if (current === undefined) return []
  const [previous] = items
    .filter(({ id, tags }) => id.startsWith(`${SCRIPT_ID}/`) && tags.Name !== current.name)
    .sort((a, b) => (b.modified ?? 0) - (a.modified ?? 0))
  const id = `${SCRIPT_ID}/${current.name.slice(SCRIPTS_PREFIX.length)}`
  return previous === undefined ? [id] : [id, previous.id]
}
