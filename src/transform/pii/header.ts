import type { Dataset } from '../../config/dataset.js'
import type { ContractColumn, Occasion } from '../contract/contract.js'
import { matchColumns, type MatchedColumns } from '../contract/match.js'
import type { Header } from '../header.js'
import { hasPersonalData } from './actions.js'
import { WITHHELD } from './withheld.js'

/**
 * Matches columns with a header, see matchColumns. A dataset with personal data takes no column that nobody declared, since
 * that may be personal as well; and its messages do not quote a row of values that stands where the header should be.
 * @throws DataError MISSING_COLUMN, UNDECLARED_COLUMN
 */
export function matchHeader(
  config: Dataset,
  header: Pick<Header, 'raw' | 'names'>,
  columns: readonly ContractColumn[],
  occasion: Occasion,
): MatchedColumns {
  if (!hasPersonalData(config)) return matchColumns(header, columns, config.contract, occasion)
  const isHeader = columns.some(({ name }) => header.names.includes(name))
  const told = isHeader ? header : { ...header, raw: header.raw.map(() => WITHHELD) }
  return matchColumns(told, columns, config.contract, occasion, {
    because: 'the dataset holds personal data, so columns that nobody declared are not taken',
    suggestion: `Declare it in the columns of ${occasion.dataset}, with pii: hash, mask or drop where it is personal, or leave it out of the file.`,
  })
}
