import type { Environment } from '../../config/schema.js'
import type { RunRecord } from '../../transform/record.js'

/** What is published of one dataset. */
export interface DatasetStatus {
  name: string
  table: string
  rows: number
  files: number
}

/**
 * Rows and files of each table, from the run records: of every source the last load that succeeded, because a later
 * version of a file replaces what the earlier one published.
 * @param configured the datasets in datapipe.yaml, whose tables are shown also when nothing is in them yet
 * @param records latest first
 */
export function datasetStatus(
  configured: Environment['datasets'],
  records: readonly RunRecord[],
): DatasetStatus[] {
  const tables = new Map<string, DatasetStatus>(
    Object.entries(configured).flatMap(([name, { tables: own }]) =>
      Object.keys(own ?? { [name]: {} }).map((table) => [
        `${name}/${table}`,
        { name, table, rows: 0, files: 0 },
      ]),
    ),
  )
  const counted = new Set<string>()
  for (const { dataset, outputs, source, status } of records) {
    const key = `${source.bucket}/${source.key}`
    if (status !== 'succeeded' || counted.has(key)) continue
    counted.add(key)
    for (const { rows, table } of outputs) {
      const entry = tables.get(`${dataset}/${table}`) ?? { name: dataset, table, rows: 0, files: 0 }
      tables.set(`${dataset}/${table}`, { ...entry, rows: entry.rows + rows, files: entry.files + 1 })
    }
  }
  return [...tables.values()].sort((a, b) => (a.name + a.table < b.name + b.table ? -1 : 1))
}
