import type { SchemaElement } from 'hyparquet'
import { messageOf } from '../errors.js'
import { IntegrityError } from './errors.js'
import { rangeOf, readFooter, valueOfText, type Range } from './footer.js'
import type { ColumnStatistics } from './statistics.js'
import type { Column } from './types.js'
import type { WrittenFile } from './write.js'

/**
 * Opens every written file with a Parquet reader that shares no code with the writer: row count and schema must be the ones
 * promised, and nulls, lowest and highest value of every column those that DuckDB says it wrote.
 * @throws IntegrityError AUDIT_FAILED
 */
export async function auditFiles(files: readonly WrittenFile[], columns: readonly Column[]): Promise<void> {
  const expected = columns.map(({ name, type }) => `${name} ${parquetType(type)}`)
  for (const { path, output, statistics } of files) {
    const metadata = await readFooter(path).catch((error: unknown) => {
      throw failed(output.path, `it cannot be read: ${messageOf(error)}`)
    })
    const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
    if (Number(metadata.num_rows) !== output.rows || inGroups !== output.rows) {
      throw failed(
        output.path,
        `it has ${metadata.num_rows} rows (${inGroups} in its row groups) instead of ${output.rows}`,
      )
    }
    const elements = metadata.schema.slice(1)
    const found = elements.map((element) => `${element.name} ${typeOfElement(element)}`)
    if (found.join() !== expected.join()) {
      throw failed(output.path, `its columns are ${found.join(', ')} instead of ${expected.join(', ')}`)
    }
    for (const [position, element] of elements.entries()) {
      const why = difference(rangeOf(metadata, position), statistics.get(element.name), element)
      if (why !== undefined) throw failed(output.path, `its column ${element.name} has ${why}`)
    }
  }
}

/** How the statistics of a column in a file differ from those that DuckDB gave when it wrote it. */
function difference(
  range: Range,
  told: ColumnStatistics | undefined,
  element: SchemaElement,
): string | undefined {
  if (told === undefined) return 'no statistics'
  if (range.nulls !== told.nulls) return `${range.nulls} nulls instead of ${told.nulls}`
  if (!range.isExact)
    return isWithoutRange(element) ? undefined : 'row groups without lowest and highest value'
  for (const which of ['min', 'max'] as const) {
    const [found, text] = [range[which], told[which]]
    const wanted = text === undefined ? undefined : valueOfText(text, element)
    // A time that has no number, such as infinity, cannot be compared.
    if (text !== undefined && wanted === undefined) continue
    if (found !== wanted) return `${which} ${String(found)} instead of ${text ?? 'none'}`
  }
  return undefined
}

/** DuckDB keeps no lowest and highest value where there is a NaN or a long text. */
function isWithoutRange({ type }: SchemaElement): boolean {
  return type === 'DOUBLE' || type === 'BYTE_ARRAY'
}

function failed(path: string, why: string): IntegrityError {
  return new IntegrityError(
    'AUDIT_FAILED',
    `The file ${path} failed the audit: ${why}. Nothing was published.`,
    {
      suggestions: ['Run again; if it happens twice, it is a defect of datapipe: please report it.'],
    },
  )
}

function parquetType(type: string): string {
  switch (type) {
    case 'string':
      return 'BYTE_ARRAY UTF8'
    case 'boolean':
      return 'BOOLEAN'
    case 'integer':
      return 'INT32'
    case 'bigint':
      return 'INT64'
    case 'double':
      return 'DOUBLE'
    case 'date':
      return 'INT32 DATE'
    case 'timestamp':
      return 'INT64 TIMESTAMP MICROS local'
    case 'timestamptz':
      return 'INT64 TIMESTAMP MICROS UTC'
    default:
      return `DECIMAL ${type.replace(/[^\d,]/g, '')}`
  }
}

function typeOfElement({ type, converted_type, logical_type, precision, scale }: SchemaElement): string {
  if (logical_type?.type === 'TIMESTAMP') {
    return `${type} TIMESTAMP ${logical_type.unit} ${logical_type.isAdjustedToUTC ? 'UTC' : 'local'}`
  }
  if (converted_type === 'DECIMAL') return `DECIMAL ${precision},${scale}`
  const annotation = converted_type === 'INT_32' || converted_type === 'INT_64' ? undefined : converted_type
  return [type, annotation].filter((part) => part !== undefined).join(' ')
}
