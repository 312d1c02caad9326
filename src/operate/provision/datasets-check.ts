import type { Dataset } from '../../config/dataset.js'
import { columnConfig } from '../../config/dataset/columns.js'
import type { Environment } from '../../config/schema.js'

/**
 * Refuses datasets whose SQL no file could be loaded with, before anything is deployed. DuckDB, which judges it, is only
 * loaded where there is some.
 * @throws UsageError as checkDataset does
 */
export async function assertDatasets(datasets: Environment['datasets'], signal: AbortSignal): Promise<void> {
  const judged = Object.entries(datasets).filter(([, config]) => needsEngine(config))
  if (judged.length === 0) return
  const { checkDataset } = await import('../../transform/check-dataset.js')
  for (const [name, config] of judged) await checkDataset(name, config, signal)
}

/** Whether only DuckDB can tell if something in the configuration of a dataset is right. */
function needsEngine({ checks, columns, sheets, sql, tables }: Dataset): boolean {
  const declared = [columns, ...Object.values(sheets ?? {}).map((sheet) => sheet.columns)]
  return (
    sql !== undefined ||
    tables !== undefined ||
    checks.some((check) => typeof check === 'string' || 'sql' in check) ||
    declared.some((each) =>
      Object.values(each ?? {}).some((column) => columnConfig(column).pattern !== undefined),
    )
  )
}
