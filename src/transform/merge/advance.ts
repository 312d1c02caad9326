import { setTimeout } from 'node:timers/promises'
import { DatapipeError } from '../../errors.js'
import { PreconditionLost } from '../container/objects.js'
import { nextGeneration, type Recipe } from './build.js'
import { readManifest, writeManifest, type Lake, type Place } from './lake.js'
import { referencedKeys, sameSources, type Generation, type Manifest, type SourceEntry } from './manifest.js'
import { partitionOf } from './partition-values.js'
import { removeObjects } from './remove.js'
import { advanced } from './retention.js'

/** What became of a partition. */
export interface Advance {
  place: Place
  manifest: Manifest
  /** It has a new generation. */
  isChanged: boolean
  /** Keys that no kept generation needs any more: to be deleted when no reader is sent there. */
  dropped: string[]
}

/** Every lost race means that another load of the same partition got on; so many in a row never happened. */
const ATTEMPTS = 50
/** Longest wait before an attempt. */
const LONGEST_WAIT_MS = 1000

/**
 * Gives a partition its next generation: what `change` makes of its sources. If another load is quicker, the change is made to
 * what that one left. Readers do not see it before `settle`.
 * @param seed the sources of a partition that has no manifest yet; where there are some, it is to be adopted
 * @throws DatapipeError PARTITION_CHANGING
 */
export async function advance(
  lake: Lake,
  place: Place,
  recipe: Recipe,
  change: (sources: readonly SourceEntry[]) => SourceEntry[],
  seed: () => Promise<SourceEntry[]> = () => Promise.resolve([]),
): Promise<Advance> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(lake, place, recipe, change, seed)
    } catch (error) {
      if (!(error instanceof PreconditionLost)) throw error
      if (attempt === ATTEMPTS) throw changing(place, error)
      // Not all of those that lost at the same time come back at the same time.
      await setTimeout(Math.random() * Math.min(LONGEST_WAIT_MS, attempt * 20))
    }
  }
}

/** @throws PreconditionLost when another load was quicker, or replaced a file that this one read */
async function once(
  lake: Lake,
  place: Place,
  recipe: Recipe,
  change: (sources: readonly SourceEntry[]) => SourceEntry[],
  seed: () => Promise<SourceEntry[]>,
): Promise<Advance> {
  const stored = await readManifest(lake, place)
  const current = stored?.manifest.current
  const before = current?.sources ?? (await seed())
  const sources = change(before)
  if (stored && current && !recipe.rewrite && isDone(current, sources, recipe)) {
    return { place, manifest: stored.manifest, isChanged: false, dropped: [] }
  }
  const next = await nextGeneration(lake, place, stored?.manifest, sources, recipe)
  const manifest: Manifest = stored
    ? advanced(stored.manifest, next, new Date())
    : {
        schemaVersion: 1,
        table: place.table,
        partition: partitionOf(place.folder),
        ...(before.length > 0 ? { adopting: true } : {}),
        current: next,
        history: [],
      }
  try {
    await writeManifest(lake, place, manifest, stored?.etag)
  } catch (error) {
    if (error instanceof PreconditionLost) {
      await removeObjects(lake.s3, lake.bucket, ownFiles(next, stored?.manifest))
    }
    throw error
  }
  const needed = referencedKeys(manifest)
  const dropped = stored ? [...referencedKeys(stored.manifest)].filter((key) => !needed.has(key)) : []
  return { place, manifest, isChanged: true, dropped }
}

function changing({ folder, table }: Place, cause: unknown): DatapipeError {
  return new DatapipeError(
    'PARTITION_CHANGING',
    `Other loads change ${table}/${folder} faster than this one can follow; it changed nothing there.`,
    { cause, suggestions: ['Run again when fewer files are loaded at once.'] },
  )
}

function isDone(current: Generation, sources: SourceEntry[], { key }: Recipe): boolean {
  return sameSources(current.sources, sources) && current.key.join('\n') === key.join('\n')
}

/** Files that were written for a generation alone: not those of a kept one that it would have used again. */
function ownFiles(next: Generation, manifest: Manifest | undefined): string[] {
  const known = manifest ? [manifest.current, ...manifest.history] : []
  if (known.some(({ location }) => location === next.location)) return []
  return next.files.map(({ key }) => key)
}

/** Deletes what no generation needs; looks once more, since a load may have begun to need it again. */
export async function prune(lake: Lake, { place, dropped }: Advance): Promise<void> {
  if (dropped.length === 0) return
  const stored = await readManifest(lake, place)
  const needed = stored ? referencedKeys(stored.manifest) : new Set<string>()
  await removeObjects(
    lake.s3,
    lake.bucket,
    dropped.filter((key) => !needed.has(key)),
  )
}
