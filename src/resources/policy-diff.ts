import { normalizePolicy, type PolicyDocument } from '../aws/policy.js'
import { canonical, type Change } from '../engine/change.js'

/**
 * The change of a policy, as one property. Compared as a whole: a condition or a statement that is there and should not be
 * is a difference too, which a comparison of what we name alone would miss.
 *
 * @param observed as the service answers it, as text or as `normalizePolicy` made it; null when there is none
 */
export function diffPolicy(path: string, observed: unknown, desired: PolicyDocument): Change[] {
  const from = typeof observed === 'string' ? normalizePolicy(observed) : observed
  const to = normalizePolicy(desired)
  return canonical(from) === canonical(to) ? [] : [{ path, from, to, replaces: false }]
}
