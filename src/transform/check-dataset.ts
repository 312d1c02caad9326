import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import { assertRules } from './contract/assert-rules.js'
import { contractOf } from './contract/contract.js'
import { knownInputs, queriesOf } from './query/query.js'
import { checkQueries, parseQueries } from './query/run.js'
import { makeScratch } from './scratch.js'

const MEMORY_MB = 256

/**
 * Finds what is wrong with the queries, checks and patterns of a dataset without a file: what DuckDB cannot read, and, where
 * its columns are declared, what does not fit them.
 * @throws UsageError SQL_…, CHECK_INVALID, PATTERN_INVALID, UNKNOWN_COLUMN, and those of tableShape
 */
export async function checkDataset(dataset: string, config: Dataset, signal: AbortSignal): Promise<void> {
  const scratch = await makeScratch(tmpdir())
  try {
    const declared = contractOf(config, undefined, { dataset, file: dataset })?.columns
    await assertRules({ config, dataset, scratch }, declared)
    const queries = queriesOf(dataset, config)
    if (queries === undefined) return
    const resources = { memoryLimitMb: MEMORY_MB, signal }
    const options = { dataset, config, queries, folder: join(scratch, 'tables'), resources }
    const known = knownInputs(config, declared)
    await (known ? checkQueries(options, known) : parseQueries(options))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
