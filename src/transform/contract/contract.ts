import type { Dataset } from '../../config/dataset.js'
import { columnConfig } from '../../config/dataset/columns.js'
import { DataError } from '../errors.js'
import { safeNames } from '../names.js'
import type { Column } from '../types.js'
import type { Drift } from './drift.js'
import { isSameType, widens } from './widening.js'

/** A column that the files of a dataset have. */
export interface ContractColumn extends Column {
  /** A file may lack it; its rows then have no value in it. */
  optional?: boolean
  /** A file brought it when the table was there already. */
  added?: boolean
  /** Its type was inferred: only text that a value gives back without loss fits. */
  strict?: boolean
}

export interface Contract {
  columns: ContractColumn[]
  /** How the table differs from what is declared now. */
  drift: Drift[]
}

/** What refusals and reports need to know. */
export interface Occasion {
  /** What messages call the file. */
  file: string
  dataset: string
}

/** The columns that a dataset declares, by their names in the configuration; those of its only sheet count. */
export function declaredConfig({ columns, sheets }: Pick<Dataset, 'columns' | 'sheets'>): Dataset['columns'] {
  const [only, ...others] = Object.values(sheets ?? {})
  return others.length > 0 ? columns : (only?.columns ?? columns)
}

/** Declared columns under their table names. */
export function declaredContract(columns: NonNullable<Dataset['columns']>): ContractColumn[] {
  const names = safeNames(Object.keys(columns))
  return Object.values(columns).map((column, index) => {
    const { type, optional } = columnConfig(column)
    return { name: names[index] ?? '', type, ...(optional ? { optional } : {}) }
  })
}

/**
 * What the files of a dataset have to look like: its declared columns and those that its table got later, in the order of
 * the table. Without declared columns the table says it all; undefined: neither is there, or there are several sheets.
 * @param catalog the columns that files of the table were read with
 * @throws DataError TABLE_DIFFERS when the table cannot become what is declared
 */
export function contractOf(
  config: Dataset,
  catalog: readonly ContractColumn[] | undefined,
  occasion: Occasion,
): Contract | undefined {
  // Of several sheets each has its own; which one the table is made of, only queries know.
  if (Object.keys(config.sheets ?? {}).length > 1) return undefined
  const configured = declaredConfig(config)
  if (configured === undefined) {
    if (catalog === undefined) return undefined
    const columns = catalog.map((column) => ({ ...column, optional: column.added === true, strict: true }))
    return { columns, drift: [] }
  }
  const declared = declaredContract(configured)
  if (catalog === undefined) return { columns: declared, drift: [] }
  const drift: Drift[] = []
  const columns = catalog.map((column): ContractColumn => {
    const own = declared.find(({ name }) => name === column.name)
    if (own === undefined) {
      if (column.added !== true) throw undeclared(column, occasion)
      return { ...column, optional: true, strict: true }
    }
    if (!isSameType(column.type, own.type)) {
      if (config.contract === 'freeze' || !widens(column.type, own.type))
        throw otherType(column, own, config, occasion)
      drift.push({
        file: occasion.file,
        column: own.name,
        change: 'widened',
        from: column.type,
        to: own.type,
      })
    }
    return column.added === true ? { ...own, added: true } : own
  })
  const fresh = declared.filter(({ name }) => !catalog.some((column) => column.name === name))
  for (const { name, type } of fresh) {
    if (config.contract === 'freeze') throw frozen(name, type, occasion)
    drift.push({ file: occasion.file, column: name, change: 'added', from: null, to: type })
  }
  return { columns: [...columns, ...fresh], drift }
}

function undeclared({ name, type }: Column, { file, dataset }: Occasion): DataError {
  return new DataError(
    'TABLE_DIFFERS',
    `${file} cannot be loaded: the table of ${dataset} has the column "${name}" (${type}), which datasets.${dataset}.columns does not declare any more.`,
    {
      suggestions: [
        `Declare it again, as { type: ${type}, optional: true } if files come without it.`,
        'Or use a dataset with another name.',
      ],
    },
  )
}

function otherType(
  old: Column,
  wanted: Column,
  { contract }: Dataset,
  { file, dataset }: Occasion,
): DataError {
  const isFrozen = contract === 'freeze' && widens(old.type, wanted.type)
  const why = isFrozen ? 'and its contract is frozen' : 'and not every such value is one'
  return new DataError(
    'TABLE_DIFFERS',
    `${file} cannot be loaded: the column "${old.name}" of ${dataset} was ${old.type} and is declared as ${wanted.type} now, ${why}.`,
    {
      suggestions: [
        `Change datasets.${dataset}.columns.${old.name} back to ${old.type}, or use a dataset with another name.`,
        ...(isFrozen ? [`Or set datasets.${dataset}.contract: evolve.`] : []),
      ],
    },
  )
}

function frozen(name: string, type: string, { file, dataset }: Occasion): DataError {
  return new DataError(
    'TABLE_DIFFERS',
    `${file} cannot be loaded: the table of ${dataset} does not have the column "${name}" (${type}) that is declared now, and its contract is frozen.`,
    { suggestions: [`Set datasets.${dataset}.contract: evolve, or take the column out again.`] },
  )
}
