import { inOrder, type SourceEntry } from '../../transform/merge/manifest.js'

/**
 * The sources of a partition without some versions of one source. Where a version came meanwhile that is to stay, nothing
 * changes.
 * @param back what the source gives the partition from now on
 * @param withdrawn ids of the versions that are taken out
 */
export function withoutVersions(
  sources: readonly SourceEntry[],
  back: SourceEntry,
  withdrawn: ReadonlySet<string>,
): SourceEntry[] {
  const found = sources.find(({ source }) => source === back.source)
  if (!found || !withdrawn.has(found.versionId)) return [...sources]
  return inOrder([...sources.filter((entry) => entry !== found), back])
}
