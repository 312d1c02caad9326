import { nearestWord } from '../../config/nearest.js'
import type { Graph } from '../../engine/graph.js'
import type { PlanEntry } from '../../engine/plan.js'
import { UsageError } from '../../errors.js'

/**
 * Before anything is looked at: what is to be adopted must be a resource of the environment.
 * @throws UsageError UNKNOWN_RESOURCE
 */
export function assertKnown(graph: Graph, adopt: ReadonlySet<string> = new Set()): void {
  const unknown = [...adopt].filter((id) => !graph.has(id))
  if (unknown.length === 0) return
  const ids = graph.resources.map(({ id }) => id)
  const near = unknown.flatMap((id) => nearestWord(id, ids) ?? [])
  throw new UsageError(
    'UNKNOWN_RESOURCE',
    `--adopt names what this environment has not: ${unknown.join(', ')}.`,
    {
      suggestions: [
        ...near.map((id) => `Did you mean --adopt ${id}?`),
        'It takes the id of a resource, as `datapipe plan` names it: for example storage/raw.',
      ],
    },
  )
}

/** What somebody must know who takes these over, one sentence or two for each. */
export function adoptionWarnings(entries: readonly PlanEntry[]): string[] {
  return entries.flatMap(({ adopts, id, physicalId }) => {
    if (adopts === undefined) return []
    const what = `${id} (${physicalId ?? '?'}) is taken over: from then on \`up\` makes it what datapipe.yaml says.`
    const end =
      adopts === 'marked'
        ? 'It is marked with the tag datapipe:adopted, and `down` keeps it, with what it uses, unless --delete-data is given.'
        : 'AWS has no tags for it, so nothing tells it from what datapipe made: `down` deletes it.'
    return [`${what} ${end}`]
  })
}
