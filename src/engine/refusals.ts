import { DatapipeError } from '../errors.js'
import type { Change } from './change.js'
import type { Observed, Resource } from './resource.js'

/** FOREIGN_RESOURCE: it has our name but not our tags. */
export function foreignError(resource: Resource, observed: Observed<object>): DatapipeError {
  return new DatapipeError(
    'FOREIGN_RESOURCE',
    `${resource.id}: ${observed.physicalId} exists already and does not carry the tags of this environment, so it ` +
      'belongs to somebody else. It is left alone.',
    {
      suggestions: [
        `If it is yours, also when its tags were removed by hand, take it over with --adopt ${resource.id}.`,
        'Otherwise choose another project or environment name.',
      ],
    },
  )
}

/** PROTECTED_REPLACEMENT: it holds data or was made by somebody else, and the change needs it to be deleted and created anew. */
export function protectedReplacementError(
  resource: Resource,
  observed: Observed<object>,
  changes: readonly Change[],
  parent?: Resource,
): DatapipeError {
  const paths = changes.filter((change) => change.replaces).map((change) => change.path)
  const causes = [
    ...(paths.length > 0 ? [`${paths.join(', ')} cannot be changed in place`] : []),
    ...(parent === undefined ? [] : [`${parent.id}, which it lives in, has to be replaced`]),
  ]
  return new DatapipeError(
    'PROTECTED_REPLACEMENT',
    `${resource.id} (${observed.physicalId}) ${resource.adopted || !observed.owned ? 'was not made by this environment' : 'holds data'} and is never replaced, but ${causes.join(' and ')}.`,
    {
      suggestions: [
        'Take the change back in the configuration.',
        'Or put the new settings into another environment, and move the data there.',
      ],
    },
  )
}

/** DELETE_BLOCKED: something else holds what has to be deleted. */
export function blockedError(resource: Resource, physicalId: string, by: readonly string[]): DatapipeError {
  return new DatapipeError(
    'DELETE_BLOCKED',
    `${resource.id} (${physicalId}) cannot be deleted: it is still held by ${by.join(', ')}.`,
    { suggestions: ['Remove what holds it, then run the same command again.'] },
  )
}

/** Why a resource was not created or updated. */
export function unreachable(because: Resource): string {
  return `depends on ${because.id}, which failed`
}

/** Why a resource was not deleted. */
export function stillNeeded(because: Resource): string {
  return `waits for ${because.id}, which could not be deleted`
}
