import { HIVE_NULL } from '../partition.js'

/** Partition key to value of a Hive folder, the reverse of `partitionFolder`; empty for ''. */
export function partitionOf(folder: string): Record<string, string | null> {
  if (folder === '') return {}
  const equals = folder.indexOf('=')
  const value = decodeURIComponent(folder.slice(equals + 1))
  return { [folder.slice(0, equals)]: value === HIVE_NULL ? null : value }
}
