import type { Environment } from '../config/schema.js'
import { needsKey } from '../transform/pii/actions.js'

/** Whether a dataset of the environment hashes personal data. */
export function hashesPersonalData({ datasets }: Pick<Environment, 'datasets'>): boolean {
  return Object.values(datasets).some(needsKey)
}
