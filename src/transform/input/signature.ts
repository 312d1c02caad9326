import type { Dataset } from '../../config/dataset.js'
import { DataError } from '../errors.js'

type FormatType = Dataset['format']['type']

interface Signature {
  /** First bytes, in hexadecimal. */
  start: string
  what: string
  /** The `format.type` that reads it. */
  type?: FormatType
}

const SIGNATURES: readonly Signature[] = [
  { start: '504b0304', what: 'a ZIP archive or an Excel workbook (.xlsx)', type: 'xlsx' },
  { start: '504b0506', what: 'an empty ZIP archive' },
  {
    start: 'd0cf11e0',
    what: 'an old Excel or Word file (.xls, .doc), or a workbook protected with a password',
  },
  { start: '50415231', what: 'a Parquet file', type: 'parquet' },
  { start: '50415245', what: 'a Parquet file with an encrypted footer' },
  { start: '28b52ffd', what: 'a Zstandard archive' },
  { start: '425a68', what: 'a bzip2 archive' },
  { start: 'fd377a585a', what: 'an xz archive' },
  { start: '1f8b', what: 'gzip inside gzip' },
  { start: '25504446', what: 'a PDF' },
]

/** What each format is called in a sentence. */
export const FORMAT_NAMES: Record<FormatType, string> = {
  csv: 'CSV text',
  tsv: 'TSV text',
  jsonl: 'JSON lines',
  parquet: 'a Parquet file',
  xlsx: 'an Excel workbook (.xlsx)',
}

/**
 * Refuses a file whose first bytes say that it is something else than the dataset's format.
 * @throws DataError FILE_NOT_TEXT for text formats, NOT_PARQUET, NOT_XLSX
 */
export function assertSignature(name: string, head: Buffer, type: FormatType): void {
  const hex = head.subarray(0, 8).toString('hex')
  const found = SIGNATURES.find(({ start }) => hex.startsWith(start))
  if (type === 'parquet' || type === 'xlsx') {
    if (found?.type === type) return
    const is = found?.what ?? (head.includes(0) ? 'binary data' : 'text')
    throw new DataError(
      type === 'xlsx' ? 'NOT_XLSX' : 'NOT_PARQUET',
      `${name} is ${is}, not ${FORMAT_NAMES[type]}.`,
      {
        suggestions:
          is.includes('password') && type === 'xlsx'
            ? ['Save it as .xlsx without a password.']
            : ['Correct `format.type` of the dataset, or the file.'],
      },
    )
  }
  if (found === undefined) return
  throw new DataError('FILE_NOT_TEXT', `${name} is ${found.what}, not ${FORMAT_NAMES[type]}.`, {
    suggestions:
      found.type === undefined ? [] : [`If that is what it should be, set \`format.type: ${found.type}\`.`],
  })
}
