import type { Dataset } from '../../config/dataset.js'
import { judgePattern } from '../checks/predicate.js'
import { checkRules } from '../checks/rules.js'
import { conversion } from '../convert.js'
import { Database } from '../database.js'
import type { Column } from '../types.js'
import { columnRules, patternsOf } from './rules.js'

const MEMORY_MB = 128

/**
 * Finds what is wrong with the rules of a dataset, as far as its columns are known: it should not cost reading the file.
 * @throws UsageError PATTERN_INVALID, CHECK_INVALID, INVALID_VALUE, UNKNOWN_COLUMN
 */
export async function assertRules(
  { config, dataset, scratch }: { config: Dataset; dataset: string; scratch: string },
  columns: readonly Column[] | undefined,
): Promise<void> {
  const patterns = patternsOf(config)
  if (columns) columnRules(config, columns)
  if (patterns.length + config.checks.length === 0) return
  const database = await Database.open({
    scratch,
    memoryLimitMb: MEMORY_MB,
    threads: 1,
    keepOrder: true,
    pushFilters: true,
  })
  try {
    for (const each of patterns) await judgePattern(database, { dataset, ...each })
    if (columns === undefined) return
    const typed = columns.map((column) => ({
      ...column,
      sqlType: conversion(column.type, config.format).sqlType,
    }))
    await checkRules(database, config, dataset, typed)
  } finally {
    database.close()
  }
}
