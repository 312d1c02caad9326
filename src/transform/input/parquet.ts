import { asyncBufferFromFile, parquetMetadataAsync, type FileMetaData } from 'hyparquet'
import { messageOf } from '../../errors.js'
import { textColumn } from '../csv-input.js'
import { DataError } from '../errors.js'
import { assertWidth, declaredColumns } from '../header.js'
import { safeNames } from '../names.js'
import { literal } from '../sql.js'
import { ONLY_INPUT, type Input, type InputRequest } from './input.js'
import { parquetColumns, UnreadableColumn, type ParquetColumn } from './parquet-columns.js'
import { OWN_DIALECT } from './text-table.js'

/**
 * Reads a Parquet file: its rows are counted by a reader that is not DuckDB, its values are taken as text and converted by
 * the same rules as those of any other file. Nested values are their JSON text.
 * @throws DataError PARQUET_DAMAGED, PARQUET_ENCRYPTED, PARQUET_COLUMN, DUPLICATE_COLUMN, COLUMN_NAME_COLLISION
 */
export async function openParquet({ source, config, contract, onEvent }: InputRequest): Promise<Input> {
  const { name, text: path } = source
  const metadata = await asyncBufferFromFile(path)
    .then((file) => parquetMetadataAsync(file))
    .catch((error: unknown) => {
      throw damaged(name, messageOf(error), error)
    })
  assertPlain(name, metadata)
  const records = Number(metadata.num_rows)
  const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (records !== inGroups) throw damaged(name, `it says ${records} rows, and its row groups ${inGroups}`)
  const columns = readableColumns(name, metadata)
  const raw = columns.map((column) => column.name)
  assertWidth(name, raw.length)
  const header = { raw, names: safeNames(raw), bodyOffset: 0, bodyLine: 1, isFirstLine: true }
  const inFile = columns.map(({ type }, index) => ({ name: header.names[index] ?? '', type }))
  const nanos = metadata.schema.filter(
    ({ logical_type: logical }) =>
      logical?.type === 'TIMESTAMP' && logical.unit === 'NANOS' && logical.isAdjustedToUTC,
  )
  if (nanos.length > 0) {
    const names = nanos.map((element) => `"${element.name}"`).join(', ')
    const message = `Instants in nanoseconds (${names}) keep their microseconds.`
    onEvent?.({ type: 'warning', code: 'NANOSECONDS', message })
  }
  const declared = declaredColumns(config)
  const texts = columns.map(({ text }, index) => `${text} AS ${textColumn(index)}`)
  return {
    name: ONLY_INPUT,
    columns: contract ?? inFile,
    types: inFile.map(({ type }) => type),
    strict: declared === undefined && contract !== undefined,
    header,
    dialect: OWN_DIALECT,
    format: { ...config.format, nullValue: '', decimal: '.', thousands: undefined },
    text: path,
    table: `(SELECT ${texts.join(', ')} FROM read_parquet(${literal(path)}, hive_partitioning = false))`,
    prescan: { records, blankLines: 0, commentLines: 0, longest: 0, regular: true },
    origin: { type: 'parquet' },
  }
}

/** What DuckDB says of a Parquet file that it cannot read. */
export function damaged(name: string, why: string, cause?: unknown): DataError {
  return new DataError(
    'PARQUET_DAMAGED',
    `${name} is not a complete Parquet file: ${why.split('\n', 1)[0]}.`,
    {
      cause,
      suggestions: ['Write or copy the file again.'],
    },
  )
}

/** @throws DataError PARQUET_ENCRYPTED: the footer may be readable where the columns are not */
function assertPlain(name: string, { row_groups: groups }: FileMetaData): void {
  const isEncrypted = groups.some(({ columns }) =>
    columns.some((column) => column.crypto_metadata !== undefined || column.meta_data === undefined),
  )
  if (!isEncrypted) return
  throw new DataError('PARQUET_ENCRYPTED', `${name} has encrypted columns, which datapipe cannot read.`)
}

function readableColumns(name: string, metadata: FileMetaData): ParquetColumn[] {
  try {
    return parquetColumns(metadata)
  } catch (error) {
    if (!(error instanceof UnreadableColumn)) throw error
    throw new DataError(
      'PARQUET_COLUMN',
      `In ${name} the column ${error.message}; no column type holds that.`,
      {
        suggestions: ['Write the file without it, or with the column as text.'],
      },
    )
  }
}
