import type { Dataset } from '../../config/dataset.js'
import { DataError } from '../errors.js'
import type { Column, TableResult } from '../types.js'
import { hiveType, type ExistingTable } from './hive.js'
import { widens } from './widening.js'

/** How a table has to change to take a file; both lists empty: not at all. Types are Hive's. */
export interface TableChange {
  added: Column[]
  widened: { name: string; from: string; to: string }[]
}

export interface TableTerms {
  policy: Dataset['contract']
  dataset: string
  /** What messages call the file. */
  file: string
}

/**
 * Compares a table with what a file would give. A table keeps its columns, their types but for widening, and its partitions.
 * @throws DataError TABLE_DIFFERS
 */
export function tableChange(existing: ExistingTable, wanted: TableResult, terms: TableTerms): TableChange {
  const keys = wanted.partitionKey ? [wanted.partitionKey] : []
  const [before, after] = [described(existing.partitionKeys), described(keys.map(inHive))]
  if (before !== after) {
    throw differs(existing, terms, `is partitioned by ${before}, and the dataset says ${after} now`, [
      `Change datasets.${terms.dataset}.partition back, or use a dataset with another name.`,
    ])
  }
  const columns = wanted.columns.map(inHive)
  for (const { name, type } of existing.columns) {
    if (columns.some((column) => column.name === name)) continue
    throw differs(
      existing,
      terms,
      `has the column "${name}" (${type}), which the dataset would not fill any more`,
      [`Bring the column back in datasets.${terms.dataset}, or use a dataset with another name.`],
    )
  }
  const change: TableChange = { added: [], widened: [] }
  for (const column of columns) {
    const { name, type } = column
    const old = existing.columns.find((each) => each.name === name)
    if (old === undefined) change.added.push(column)
    else if (old.type !== type) {
      if (!widens(old.type, type)) {
        throw differs(
          existing,
          terms,
          `has ${old.type} in the column "${name}", and the dataset would give ${type}`,
          [
            `Make "${name}" ${old.type} again in datasets.${terms.dataset}, or use a dataset with another name.`,
          ],
        )
      }
      change.widened.push({ name, from: old.type, to: type })
    }
  }
  const [first] = [...change.added, ...change.widened]
  if (first !== undefined && terms.policy === 'freeze') {
    throw differs(
      existing,
      terms,
      `is frozen, and the column "${first.name}" of the dataset is not as it is there`,
      [`Set datasets.${terms.dataset}.contract: evolve, or change the dataset back.`],
    )
  }
  return change
}

function differs(
  { name }: ExistingTable,
  { file }: TableTerms,
  what: string,
  suggestions: string[],
): DataError {
  return new DataError('TABLE_DIFFERS', `${file} cannot be loaded: the table ${name} ${what}.`, {
    suggestions,
  })
}

function inHive({ name, type }: Column): Column {
  return { name, type: hiveType(type) }
}

function described(keys: readonly Column[]): string {
  return keys.map(({ name, type }) => `${name} (${type})`).join(', ') || 'nothing'
}
