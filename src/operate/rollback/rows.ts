import { randomUUID } from 'node:crypto'
import { placeOf } from '../../transform/layout.js'
import { adopt } from '../../transform/merge/adopt.js'
import { advance, prune, type Advance } from '../../transform/merge/advance.js'
import type { Workshop } from '../../transform/merge/fold.js'
import { readManifest, type Lake, type Place } from '../../transform/merge/lake.js'
import type { SourceEntry } from '../../transform/merge/manifest.js'
import { clearPending, notePending } from '../../transform/merge/pending.js'
import { settle } from '../../transform/merge/settle.js'
import { restoreFiles, sourceFiles, type Output } from './files.js'
import { withoutVersions } from './withdraw.js'

/** What is to become of the rows of one source. */
export interface Exchange {
  dataset: string
  /** Every file that versions of the source have or had in the tables. */
  keys: readonly string[]
  /** The files that come back. */
  outputs: readonly Output[]
  /** The version that comes back, or the one that leaves no rows. */
  entry: Omit<SourceEntry, 'files'>
  /** Ids of the versions that go. */
  withdrawn: ReadonlySet<string>
  /** Throws PreconditionLost when a load has claimed the source since. */
  assertOurs: () => Promise<void>
}

/**
 * Partition by partition: a generation without the versions, or the files that readers see directly.
 * @returns where the rows that came back are now
 * @throws PreconditionLost when a load of the source came between
 */
export async function exchangeRows(lake: Lake, exchange: Exchange, workshop: Workshop): Promise<Output[]> {
  const token = `rb${randomUUID().slice(0, 8)}`
  const byTable = new Map<string, Advance[]>()
  const now: Output[] = []
  for (const [place, keys] of byPlace(exchange.keys)) {
    workshop.signal?.throwIfAborted()
    const outputs = exchange.outputs.filter(({ key }) => keys.includes(key))
    if (!(await readManifest(lake, place))) {
      const restored = await restoreFiles(lake, place, keys, outputs, exchange.assertOurs)
      // A compaction that began meanwhile may have missed it.
      if (!(await readManifest(lake, place))) {
        now.push(...restored)
        continue
      }
    }
    const advances = byTable.get(place.table) ?? []
    byTable.set(place.table, advances)
    await notePending(lake, place.table, token, [...advances.map((each) => each.place.folder), place.folder])
    const { advanced, restored } = await exchangeAt(lake, place, exchange, outputs, { token, workshop })
    advances.push(advanced)
    now.push(...restored)
  }
  for (const [table, advances] of byTable) {
    await settle(
      lake,
      table,
      advances.map(({ place }) => place.folder),
    )
    await clearPending(lake, table, token)
    for (const each of advances) await prune(lake, each)
  }
  return now
}

/** In a partition that has generations. */
async function exchangeAt(
  lake: Lake,
  place: Place,
  { dataset, entry, withdrawn }: Exchange,
  outputs: readonly Output[],
  { token, workshop }: { token: string; workshop: Workshop },
): Promise<{ advanced: Advance; restored: Output[] }> {
  const recipe = { runId: token, token, workshop }
  await adopt(lake, dataset, place, { ...recipe, key: [] })
  const key = (await readManifest(lake, place))?.manifest.current.key ?? []
  const files = await sourceFiles(lake, place, outputs)
  const advanced = await advance(lake, place, { ...recipe, key }, (sources) =>
    withoutVersions(sources, { ...entry, files }, withdrawn),
  )
  const restored = outputs.map((output, index): Output => {
    const at = files[index]?.key ?? output.key
    return at === output.key ? output : { ...output, key: at, versionId: undefined }
  })
  return { advanced, restored }
}

function byPlace(keys: readonly string[]): [Place, string[]][] {
  const places = new Map<string, [Place, string[]]>()
  for (const key of keys) {
    const found = placeOf(key)
    if (!found) continue
    const place = { table: found.table, folder: found.partition }
    const name = `${place.table}/${place.folder}`
    places.set(name, [place, [...(places.get(name)?.[1] ?? []), key]])
  }
  return [...places.values()]
}
