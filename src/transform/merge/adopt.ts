import { PreconditionLost } from '../container/objects.js'
import { SOURCES_PREFIX } from '../layout.js'
import { advance, type Advance } from './advance.js'
import type { Recipe } from './build.js'
import { readManifest, writeManifest, type Lake, type Place } from './lake.js'
import { inOrder, sameSources, type SourceEntry } from './manifest.js'
import { originals, seedSources } from './seed.js'

/**
 * Completes the first manifest of a partition whose files readers see one by one. From that manifest on, loads bring their rows to
 * the partition's generations. A load that looked for a manifest before there was one has written its file by then; so the files
 * are looked at again, until they are what the manifest says. Only then may readers be sent to a generation. Whoever comes across
 * such a partition completes it, since the one that began may be dead.
 * @returns the last generation that it made; undefined: the partition was complete, or nothing was missing
 */
export async function adopt(
  lake: Lake,
  dataset: string,
  place: Place,
  recipe: Recipe,
): Promise<Advance | undefined> {
  let last: Advance | undefined
  for (;;) {
    if ((await readManifest(lake, place))?.manifest.adopting !== true) return last
    try {
      const objects = await originals(lake, place)
      const seen = await seedSources(lake, dataset, place, objects)
      const keys = new Set(objects.map(({ key }) => key))
      const stored = await readManifest(lake, place)
      if (stored?.manifest.adopting !== true) return last
      const { current } = stored.manifest
      if (sameSources(caughtUp(current.sources, seen, keys), current.sources)) {
        await writeManifest(lake, place, { ...stored.manifest, adopting: undefined }, stored.etag)
        return last
      }
      const own = { ...recipe, key: current.key, rewrite: false }
      last = await advance(lake, place, own, (sources) => caughtUp(sources, seen, keys))
    } catch (error) {
      // Another load got on meanwhile: look again.
      if (!(error instanceof PreconditionLost)) throw error
    }
  }
}

/**
 * The sources, with those whose files came, changed or went since the manifest was made.
 * @param seen what lies in the folder
 * @param keys its files
 */
function caughtUp(
  sources: readonly SourceEntry[],
  seen: readonly SourceEntry[],
  keys: ReadonlySet<string>,
): SourceEntry[] {
  const bySource = new Map(sources.map((entry) => [entry.source, entry]))
  for (const entry of sources) {
    // Its file is gone: a corrected version has no rows here.
    if (entry.files.some(({ key }) => isDirect(key) && !keys.has(key))) {
      bySource.set(entry.source, { ...entry, files: [] })
    }
  }
  for (const entry of seen) {
    const known = bySource.get(entry.source)
    // One that a load has brought through the manifest is newer than what lies in the folder.
    if (!known || known.files.some(({ key }) => isDirect(key))) bySource.set(entry.source, entry)
  }
  return inOrder([...bySource.values()])
}

/** Whether a file lies where readers see it before there are generations. */
function isDirect(key: string): boolean {
  return !key.startsWith(`${SOURCES_PREFIX}/`)
}
