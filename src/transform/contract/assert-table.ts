import type { Dataset } from '../../config/dataset.js'
import { columnsAfter } from '../pii/actions.js'
import { outputTables, tableResult } from '../tables.js'
import type { Column } from '../types.js'
import { declaredConfig } from './contract.js'
import type { ExistingTable } from './hive.js'
import { tableChange } from './table.js'

/**
 * Finds out whether the table that is there can take the rows of a file, before the file is read. What queries make is
 * known, and compared, when they have run.
 * @throws DataError TABLE_DIFFERS
 */
export function assertTable(
  config: Dataset,
  { dataset, file }: { dataset: string; file: string },
  columns: readonly Column[],
  existing: readonly ExistingTable[],
): void {
  if (config.sql !== undefined || config.tables !== undefined) return
  const published = columnsAfter(declaredConfig(config), columns)
  for (const table of outputTables(dataset, config, {
    accepted: { path: '', rows: 0 },
    columns: published,
  })) {
    const there = existing.find(({ name }) => name === table.name)
    if (there) tableChange(there, tableResult(table), { policy: config.contract, dataset, file })
  }
}
