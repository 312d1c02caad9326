import { copyFile, link, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import pLimit from 'p-limit'
import { fetchObject } from '../container/fetch.js'
import { headObject, PreconditionLost } from '../container/objects.js'
import { planUpload, runUpload } from '../container/upload.js'
import { DatapipeError } from '../../errors.js'
import { IntegrityError } from '../errors.js'
import { generationFolder } from '../layout.js'
import type { Column } from '../types.js'
import { fold, type Workshop } from './fold.js'
import type { Lake, Place } from './lake.js'
import {
  contributing,
  continuation,
  inOrder,
  sameRows,
  type DataFile,
  type Generation,
  type Manifest,
  type SourceEntry,
} from './manifest.js'

/** What makes a generation out of sources. */
export interface Recipe {
  /** Columns that identify a row; empty: rows add up. */
  key: string[]
  /** Columns of the table; undefined: as the files have them. */
  columns?: readonly Column[]
  /** The load, compaction or rollback. */
  runId: string
  /** Part of the names of what this process writes, so that two of them never write the same. */
  token: string
  workshop: Workshop
  /** Files of sources that are on this disk already: key to path. */
  local?: ReadonlyMap<string, string>
  /** Make the files anew, even if a kept generation has the same rows. */
  rewrite?: boolean
}

const TRANSFERS_AT_ONCE = 4

/**
 * The generation that a list of sources makes: a kept one if it has the same rows, the current one carried on by what is new,
 * or all of it anew. Whatever is written goes to a folder of its own, which no reader knows yet.
 */
export async function nextGeneration(
  lake: Lake,
  place: Place,
  manifest: Manifest | undefined,
  sources: SourceEntry[],
  recipe: Recipe,
): Promise<Generation> {
  const { key, runId, token } = recipe
  const number = (manifest?.current.number ?? 0) + 1
  const at = new Date().toISOString()
  const fresh = generationFolder(place.table, place.folder, number, token)
  const base = { number, runId, at, key, sources }
  if (contributing(sources).length === 0) return { ...base, location: fresh, files: [], rows: 0 }
  const current = manifest?.current
  const kept = [...(current ? [current] : []), ...[...(manifest?.history ?? [])].reverse()].find(
    (generation) =>
      recipe.rewrite !== true && isSameKey(generation, key) && sameRows(generation.sources, sources),
  )
  if (kept && !isShared(manifest, kept)) {
    return { ...base, location: kept.location, files: kept.files, rows: kept.rows }
  }
  const added =
    current && recipe.rewrite !== true && isSameKey(current, key)
      ? continuation(current.sources, sources)
      : undefined
  if (current && added && key.length === 0) return carriedOn(current, added, base)
  const files = await written(lake, place, fresh, current && added ? { current, added } : { sources }, recipe)
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  return { ...base, location: fresh, files, rows }
}

/** Without a key, new rows are files beside the others. `settle` copies them there, after the manifest says so. */
function carriedOn(
  current: Generation,
  added: readonly SourceEntry[],
  base: Omit<Generation, 'location' | 'files' | 'rows'>,
): Generation {
  const copies = added
    .flatMap(({ files }) => files)
    .map((file) => ({ ...file, key: current.location + basename(file.key) }))
  return {
    ...base,
    location: current.location,
    files: [...current.files, ...copies],
    rows: current.rows + copies.reduce((sum, { rows }) => sum + rows, 0),
  }
}

/** Whether a later generation put more files into the same folder. */
function isShared(manifest: Manifest | undefined, { location, files }: Generation): boolean {
  const all = manifest ? [manifest.current, ...manifest.history] : []
  return all.some((other) => other.location === location && other.files.length > files.length)
}

function isSameKey(generation: Generation, key: readonly string[]): boolean {
  return generation.key.join('\n') === key.join('\n')
}

type Ingredients =
  { current: Generation; added: readonly SourceEntry[] } | { sources: readonly SourceEntry[] }

async function written(
  lake: Lake,
  { table }: Place,
  location: string,
  ingredients: Ingredients,
  recipe: Recipe,
): Promise<DataFile[]> {
  const { workshop, key, columns = [], local } = recipe
  await mkdir(workshop.scratch, { recursive: true })
  const scratch = await mkdtemp(join(workshop.scratch, 'fold-'))
  try {
    const out = join(scratch, 'out')
    await mkdir(out)
    const bring = fetcher(lake, scratch, local, workshop.signal)
    const base = 'current' in ingredients ? await bring(ingredients.current.files) : []
    const list = 'current' in ingredients ? ingredients.added : ingredients.sources
    const own = contributing(inOrder(list)).flatMap(({ files }) => files)
    const sources = await bring(own)
    const files = await fold({ table, sources, base, key, columns, out }, { ...workshop, scratch })
    assertAddsUp(table, key, own, files)
    const limit = pLimit(TRANSFERS_AT_ONCE)
    return await allEnded(
      files.map(({ path, output }) =>
        limit(async () => {
          const upload = {
            bucket: lake.bucket,
            key: location + output.path,
            path,
            contentType: 'application/vnd.apache.parquet',
          }
          await runUpload(lake.s3, await planUpload(lake.s3, upload, workshop.signal), workshop.signal)
          return { key: upload.key, rows: output.rows, bytes: output.bytes }
        }),
      ),
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Without a key every row must be there again. */
function assertAddsUp(
  table: string,
  key: readonly string[],
  sources: readonly DataFile[],
  files: readonly { output: { rows: number } }[],
): void {
  const expected = sources.reduce((sum, { rows }) => sum + rows, 0)
  const found = files.reduce((sum, { output }) => sum + output.rows, 0)
  if (key.length > 0 || expected === found) return
  throw new IntegrityError(
    'ROWS_DO_NOT_ADD_UP',
    `${expected} rows of ${table} were to be written together, but ${found} were. Nothing was published.`,
    { suggestions: ['This is a defect of datapipe: please report it.'] },
  )
}

/**
 * Gives the paths of files on this disk, in order; what is not here is fetched. One that was replaced meanwhile is a
 * PreconditionLost.
 */
function fetcher(
  { s3, bucket }: Lake,
  scratch: string,
  local: ReadonlyMap<string, string> | undefined,
  signal?: AbortSignal,
): (files: readonly DataFile[]) => Promise<string[]> {
  const limit = pLimit(TRANSFERS_AT_ONCE)
  let number = 0
  return (files) =>
    allEnded(
      files.map(({ etag: expected, key }) => {
        const path = join(scratch, `in-${number++}.parquet`)
        return limit(async () => {
          const known = local?.get(key)
          if (known !== undefined) {
            // DuckDB reaches the scratch folder only.
            await link(known, path).catch(() => copyFile(known, path))
            return path
          }
          const head = await headObject(s3, bucket, key)
          if (!head) throw rowsLost(bucket, key)
          const { ETag: etag = '', ContentLength: bytes = 0 } = head
          if (expected !== undefined && expected !== etag) throw new PreconditionLost(`${key} was replaced`)
          await fetchObject(
            s3,
            { bucket, key, versionId: undefined, etag, bytes, lastModified: 0 },
            path,
            signal,
          )
          return path
        })
      }),
    )
}

/** As Promise.all, but not before all have ended: they work in a scratch folder that is removed next. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(work)
  return ended.map((end) => {
    if (end.status === 'fulfilled') return end.value
    throw end.reason
  })
}

function rowsLost(bucket: string, key: string): DatapipeError {
  return new DatapipeError(
    'SOURCE_ROWS_MISSING',
    `s3://${bucket}/${key} is gone, with the rows of a source; nothing was changed.`,
    {
      suggestions: [
        'Restore it from its versions in S3 (they are kept for 7 days), or load its file again: datapipe run --file KEY',
      ],
    },
  )
}
