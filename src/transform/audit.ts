import { asyncBufferFromFile, parquetMetadataAsync, type SchemaElement } from 'hyparquet'
import { messageOf } from '../errors.js'
import { IntegrityError } from './errors.js'
import type { Column } from './types.js'
import type { WrittenFile } from './write.js'

/**
 * Opens every written file with a Parquet reader that shares no code with the writer: row count and schema must be the ones
 * promised.
 * @throws IntegrityError AUDIT_FAILED
 */
export async function auditFiles(files: readonly WrittenFile[], columns: readonly Column[]): Promise<void> {
  const expected = columns.map(({ name, type }) => `${name} ${parquetType(type)}`)
  for (const { path, output } of files) {
    const metadata = await asyncBufferFromFile(path)
      .then((file) => parquetMetadataAsync(file))
      .catch((error: unknown) => {
        throw failed(output.path, `it cannot be read: ${messageOf(error)}`)
      })
    const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
    if (Number(metadata.num_rows) !== output.rows || inGroups !== output.rows) {
      throw failed(
        output.path,
        `it has ${metadata.num_rows} rows (${inGroups} in its row groups) instead of ${output.rows}`,
      )
    }
    const found = metadata.schema.slice(1).map((element) => `${element.name} ${typeOfElement(element)}`)
    if (found.join() !== expected.join()) {
      throw failed(output.path, `its columns are ${found.join(', ')} instead of ${expected.join(', ')}`)
    }
  }
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
