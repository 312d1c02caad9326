import { randomUUID } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { sourceId, sourceKey } from '../layout.js'
import { finishPending } from '../merge/pending.js'
import { managedFolders } from '../merge/managed.js'
import { loadTable, type MadeGeneration } from '../merge/load.js'
import type { Lake } from '../merge/lake.js'
import type { Workshop } from '../merge/fold.js'
import { settle } from '../merge/settle.js'
import type { Output, RejectFiles, TableResult, TransformResult } from '../types.js'
import { removeEmptied } from './catalog/emptied.js'
import { ensurePartitions } from './catalog/partitions.js'
import { widenPartitions } from './catalog/evolve.js'
import { partitionValues } from './catalog/location.js'
import { ensureTable, type EnsuredTable, type TableLoadTerms } from './catalog/table.js'
import type { ObjectVersion } from './fetch.js'
import { deleteUnchanged, headObject, PreconditionLost } from './objects.js'
import { claimSource, commitSource, type Claim } from './pointer.js'
import {
  areManagedMeanwhile,
  managedLoads,
  piecesOf,
  stalePlaces,
  type Managed,
  type Piece,
} from './pieces.js'
import { staleRejects } from './stale-rejects.js'
import { planUpload, runUpload, type PlannedUpload } from './upload.js'

export interface Target extends Lake {
  dataset: string
  runId: string
  /** For merging partitions. */
  workshop: Workshop
  terms: TableLoadTerms
}

/** Where the rows of a load are now. */
export interface Published {
  outputs: PublishedOutput[]
  generations: MadeGeneration[]
}

/** `path` is the key in the transformed bucket. */
export interface PublishedOutput extends Output {
  /** Of the object, where the bucket has versions. */
  versionId: string | undefined
}

const UPLOADS_AT_ONCE = 4
const ATTEMPTS = 5

/**
 * Puts the files of a transform in place of what earlier versions of the source left. Where rows add up, readers see each file
 * under its key; outputs under the same key are replaced, others removed. Partitions of tables with a key, and those that were
 * compacted, get a next generation instead. Undefined: a newer version was there first, and nothing of it was touched.
 */
export async function publish(
  target: Target,
  source: ObjectVersion,
  out: string,
  result: TransformResult,
  signal?: AbortSignal,
): Promise<Published | undefined> {
  const { s3, glue, bucket, dataset } = target
  const tables: EnsuredTable[] = []
  for (const table of result.tables) {
    const place = { ...target, table: table.name }
    const ensured = await ensureTable(glue, place, table, result.inputs, target.terms)
    tables.push(ensured)
    // Partitions got other columns; one that a load switched at that moment may have lost its place.
    if (ensured.isChanged) {
      await settle(target, table.name, [...(await managedFolders(s3, bucket, table.name))])
    }
  }
  const id = sourceId(`${source.bucket}/${source.key}`)
  const pointer = { bucket, key: sourceKey(dataset, id) }
  const versionId = source.versionId ?? 'null'
  const rejects = result.rejects ? [result.rejects.parquet, result.rejects.csv] : []
  for (let attempt = 1; ; attempt++) {
    const managed = await managedTables(target, result)
    const pieces = await piecesOf(result, out, versionId, managed, signal)
    const outputs = pieces.map(({ key }) => key)
    const wanted = { versionId, lastModified: source.lastModified, outputs, rejects }
    const claim = await claimSource(s3, pointer, wanted)
    if (!claim) return undefined
    try {
      const files = [...pieces, ...rejects.map((key) => ({ key, path: join(out, key) }))]
      const plans = await plan(target, files, signal)
      const left = stalePlaces(claim.stale, managed)
      const doomed = await etagsOf(
        target,
        claim.stale.filter((key) => !left.managedKeys.has(key)),
      )
      // What the plans expect to replace or delete is older than any claim after ours: a later run's files stay.
      await assertStillOurs(s3, pointer, claim)
      for (const { result: table } of tables.filter(({ isWidened }) => isWidened))
        await widenPartitions(glue, { ...target, table: table.name }, valuesOf(table, pieces))
      const versions = await upload(target, plans, signal)
      for (const { result: table } of tables) {
        const own = pieces.filter(({ output, isManaged }) => output.table === table.name && !isManaged)
        await ensurePartitions(
          glue,
          { ...target, table: table.name },
          table,
          own.map(({ output }) => output),
        )
      }
      // A version that was over the limit left its rejects without a claim.
      const others = await staleRejects(s3, { bucket, dataset, id }, source, rejects)
      for (const [key, etag] of doomed) await deleteUnchanged(s3, bucket, key, etag)
      for (const key of others) if (!doomed.has(key)) await deleteUnchanged(s3, bucket, key)
      await removeEmptied(target, left.plain)
      // A compaction that began meanwhile may have missed what was written or deleted under its eyes.
      const now = await managedTables(target, result)
      if (areManagedMeanwhile(pieces, now)) throw new PreconditionLost('A partition has generations by now')
      const entry = { source: id, versionId, lastModified: source.lastModified, runId: target.runId }
      const generations = await load(target, result, managedLoads(pieces, claim.stale, now, entry), pieces)
      await commitSource(s3, pointer, claim)
      return { outputs: published(pieces, versions), generations }
    } catch (error) {
      // Somebody else works on the same source. If it is a newer version, the next claim says so.
      if (!(error instanceof PreconditionLost) || attempt === ATTEMPTS) throw error
    }
  }
}

async function load(
  target: Target,
  result: TransformResult,
  loads: ReturnType<typeof managedLoads>,
  pieces: readonly Piece[],
): Promise<MadeGeneration[]> {
  const local = new Map(pieces.map(({ key, path }) => [key, path]))
  const token = randomUUID().slice(0, 8)
  const { runId, workshop } = target
  const generations: MadeGeneration[] = []
  for (const [table, entries] of loads) {
    const own = result.tables.find(({ name }) => name === table)
    generations.push(
      ...(await loadTable(
        target,
        {
          dataset: target.dataset,
          table,
          key: own?.key ?? [],
          columns: own?.columns ?? [],
          entries,
        },
        { runId, token, workshop, local },
      )),
    )
  }
  // Also where this file had nothing to bring.
  for (const { key = [], name } of result.tables) {
    if (!loads.has(name))
      await finishPending(target, target.dataset, name, { key, runId, token, workshop, local })
  }
  return generations
}

/** The partitions that readers are to find files in where they are uploaded. */
function valuesOf(table: TableResult, pieces: readonly Piece[]): string[][] {
  if (table.partitionKey === null) return []
  return pieces
    .filter(({ output, isManaged }) => output.table === table.name && !isManaged)
    .map(({ output }) => partitionValues(output.partition))
}

/** Uploads the two files with the rejected rows. */
export async function uploadRejects(
  target: Pick<Target, 's3' | 'bucket'>,
  out: string,
  rejects: RejectFiles,
  signal?: AbortSignal,
): Promise<void> {
  const files = [rejects.parquet, rejects.csv].map((key) => ({ key, path: join(out, key) }))
  await upload(target, await plan(target, files, signal), signal)
}

async function managedTables(target: Target, result: TransformResult): Promise<Managed> {
  const tables = new Map<string, 'all' | Set<string>>()
  for (const { name, key } of result.tables) {
    tables.set(name, key ? 'all' : await managedFolders(target.s3, target.bucket, name))
  }
  return tables
}

/** @returns of the keys that are there */
async function etagsOf(
  { s3, bucket }: Pick<Target, 's3' | 'bucket'>,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const limit = pLimit(UPLOADS_AT_ONCE)
  const found = new Map<string, string>()
  const look = async (key: string) => {
    const etag = (await headObject(s3, bucket, key))?.ETag
    if (etag !== undefined) found.set(key, etag)
  }
  await Promise.all(keys.map((key) => limit(() => look(key))))
  return found
}

async function assertStillOurs(
  s3: S3Client,
  pointer: { bucket: string; key: string },
  claim: Claim,
): Promise<void> {
  const head = await headObject(s3, pointer.bucket, pointer.key)
  if (head?.ETag !== claim.etag) throw new PreconditionLost('Another run claimed the source')
}

async function plan(
  { s3, bucket }: Pick<Target, 's3' | 'bucket'>,
  files: readonly { key: string; path: string }[],
  signal?: AbortSignal,
): Promise<PlannedUpload[]> {
  const limit = pLimit(UPLOADS_AT_ONCE)
  return Promise.all(
    files.map(({ key, path }) =>
      limit(() => planUpload(s3, { bucket, key, path, contentType: contentTypeOf(key) }, signal)),
    ),
  )
}

/** @returns by key: the version of the object */
async function upload(
  { s3 }: Pick<Target, 's3'>,
  plans: readonly PlannedUpload[],
  signal?: AbortSignal,
): Promise<Map<string, string | undefined>> {
  const limit = pLimit(UPLOADS_AT_ONCE)
  try {
    const versions = await Promise.all(plans.map((planned) => limit(() => runUpload(s3, planned, signal))))
    return new Map(plans.map(({ key }, index) => [key, versions[index]]))
  } finally {
    limit.clearQueue()
  }
}

function published(
  pieces: readonly Piece[],
  versions: ReadonlyMap<string, string | undefined>,
): PublishedOutput[] {
  return pieces.map(({ output, key }) => ({ ...output, path: key, versionId: versions.get(key) }))
}

function contentTypeOf(key: string): string {
  return key.endsWith('.csv') ? 'text/csv; charset=utf-8' : 'application/vnd.apache.parquet'
}
