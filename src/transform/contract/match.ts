import type { Dataset } from '../../config/dataset.js'
import { DataError } from '../errors.js'
import type { Header } from '../header.js'
import type { ContractColumn, Occasion } from './contract.js'

/** A column to read: where it stands in the file, and the type that is known for it. */
export interface FileColumn extends ContractColumn {
  /** 0-based position in the file; -1: the file does not have it. */
  index: number
}

/** Why columns that nobody declared are refused although the contract would add them, and what to do then. */
export interface Refusal {
  because: string
  suggestion: string
}

/** A column that only the file has, its type not known yet. */
export interface NewColumn {
  name: string
  index: number
}

export interface MatchedColumns {
  columns: FileColumn[]
  /** Those that nobody knew. */
  added: NewColumn[]
}

/**
 * Matches the columns of a contract with a header by name, in any order. All of them must be there but the optional ones; a
 * column that the contract does not have is added, or refused where it is frozen or there is a reason to.
 * @throws DataError MISSING_COLUMN, UNDECLARED_COLUMN
 */
export function matchColumns(
  header: Pick<Header, 'raw' | 'names'>,
  contract: readonly ContractColumn[],
  policy: Dataset['contract'],
  occasion: Occasion,
  refusal?: Refusal,
): MatchedColumns {
  const { file, dataset } = occasion
  const columns = contract.map((column) => ({ ...column, index: header.names.indexOf(column.name) }))
  const names = new Set(contract.map(({ name }) => name))
  const added = header.names.flatMap((name, index) => (names.has(name) ? [] : [{ name, index }]))
  const quoted = (indexes: readonly NewColumn[]) =>
    indexes.map(({ index }) => `"${header.raw[index] ?? ''}"`).join(', ')
  const missing = columns.filter(({ index, optional }) => index < 0 && optional !== true)
  if (missing.length > 0) {
    const list = missing.map(({ name }) => `"${name}"`).join(', ')
    const renamed =
      added.length > 0 ? [`If ${quoted(added)} is what it is called now, rename it in the file.`] : []
    throw new DataError(
      'MISSING_COLUMN',
      `${file} has no column ${list}, which the dataset ${dataset} needs. Its header: ${header.raw.join(', ').slice(0, 500)}.`,
      {
        suggestions: [
          'Correct the header of the file, its `format.delimiter`, or the columns of the dataset.',
          ...renamed,
          `If files may come without it: datasets.${dataset}.columns.${missing[0]?.name ?? ''}: { type: ${missing[0]?.type ?? ''}, optional: true }.`,
        ],
      },
    )
  }
  if (added.length > 0 && (policy === 'freeze' || refusal !== undefined)) {
    const because = refusal === undefined ? '' : `: ${refusal.because}`
    throw new DataError(
      'UNDECLARED_COLUMN',
      `${file} has the column ${quoted(added)}, which the dataset ${dataset} does not know${because}.`,
      {
        suggestions: [
          refusal?.suggestion ??
            `Add it to datasets.${dataset}.columns with contract: evolve, or leave it out of the file.`,
        ],
      },
    )
  }
  return { columns, added }
}
