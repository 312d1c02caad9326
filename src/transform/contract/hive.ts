import type { Column } from '../types.js'

/** Hive's name of a column type; Athena has no timestamp with a zone in tables, its timestamp is in UTC. */
export function hiveType(type: string): string {
  if (type === 'integer') return 'int'
  return type === 'timestamptz' ? 'timestamp' : type.replace(/\s/g, '')
}

/** A table that exists, in Hive's types. */
export interface ExistingTable {
  name: string
  columns: Column[]
  partitionKeys: Column[]
}
