import pLimit from 'p-limit'
import type { Column } from '../types.js'
import { adopt } from './adopt.js'
import { advance, prune } from './advance.js'
import { allEnded, type Recipe } from './build.js'
import type { Workshop } from './fold.js'
import type { Lake } from './lake.js'
import { withSource, type Generation, type SourceEntry } from './manifest.js'
import { clearPending, finishPending, notePending } from './pending.js'
import { seedSources } from './seed.js'
import { settle } from './settle.js'

/** What a load brings to the partitions of one table. */
export interface TableLoad {
  dataset: string
  table: string
  /** Columns that identify a row; empty: rows add up. */
  key: string[]
  columns: readonly Column[]
  /** By folder: the rows of this version of the source, without files where it has none any more. */
  entries: ReadonlyMap<string, SourceEntry>
}

export interface LoadOptions {
  runId: string
  /** Of this process alone. */
  token: string
  workshop: Workshop
  local: ReadonlyMap<string, string>
}

/** A generation that a version of a source made current. */
export interface MadeGeneration {
  table: string
  partition: Record<string, string | null>
  number: number
  location: string
  rows: number
}

/** A fold with less memory than this spills too much. */
const LEAST_MEMORY_MB = 512
const FOLDS_AT_ONCE = 4

/**
 * Brings a version of a source into the partitions of a table: generations, then manifests, then the places that readers are
 * sent to. All partitions are made ready before the first is switched. To do it twice changes nothing.
 */
export async function loadTable(
  lake: Lake,
  { dataset, table, key, columns, entries }: TableLoad,
  options: LoadOptions,
): Promise<MadeGeneration[]> {
  const folders = [...entries.keys()]
  await notePending(lake, table, options.token, folders)
  const { workshop } = options
  const parallel = Math.min(
    FOLDS_AT_ONCE,
    folders.length,
    Math.max(1, Math.floor(workshop.memoryLimitMb / LEAST_MEMORY_MB)),
  )
  const recipe: Recipe = {
    ...options,
    key,
    columns,
    workshop: { ...workshop, memoryLimitMb: Math.floor(workshop.memoryLimitMb / parallel) },
  }
  const limit = pLimit(parallel)
  const advances = await allEnded(
    [...entries].map(([folder, entry]) =>
      limit(() => {
        workshop.signal?.throwIfAborted()
        const place = { table, folder }
        return advance(
          lake,
          place,
          recipe,
          (sources) => withSource(sources, entry),
          () => seedSources(lake, dataset, place),
        )
      }),
    ),
  )
  for (const each of advances) {
    if (each.manifest.adopting) await adopt(lake, dataset, each.place, recipe)
  }
  await settle(lake, table, folders)
  await clearPending(lake, table, options.token)
  await finishPending(lake, dataset, table, recipe)
  for (const each of advances) await prune(lake, each)
  return advances
    .filter(
      ({ isChanged, manifest, place }) => isChanged || isBy(entries.get(place.folder), manifest.current),
    )
    .map(({ manifest: { current, partition } }) => made(table, partition, current))
}

/** An earlier attempt at this version made it, and died before it could say so. */
function isBy(entry: SourceEntry | undefined, { runId, sources }: Generation): boolean {
  return sources.some(
    (each) => each.source === entry?.source && each.versionId === entry.versionId && each.runId === runId,
  )
}

function made(table: string, partition: Record<string, string | null>, current: Generation): MadeGeneration {
  const { number, location, rows } = current
  return { table, partition, number, location, rows }
}
