import { CreateTableCommand, type Column, type GlueClient, type TableInput } from '@aws-sdk/client-glue'
import { RUNS_PREFIX } from '../layout.js'
import type { Settings } from './settings.js'
import { findTable } from './catalog/table.js'
import { updateTable } from './catalog/update-table.js'

/** The run records as a table: one row per load. */
export const RUNS_TABLE = RUNS_PREFIX

/** Column, its type, and the field of the record that it shows. */
const COLUMNS: [name: string, type: string, field: string][] = [
  ['run_id', 'string', 'runId'],
  ['dataset', 'string', 'dataset'],
  ['status', 'string', 'status'],
  ['source', 'struct<bucket:string,key:string,versionid:string,bytes:bigint,sha256:string>', 'source'],
  ['rows_in', 'bigint', 'rowsIn'],
  ['rows_accepted', 'bigint', 'rowsAccepted'],
  ['rows_out', 'bigint', 'rowsOut'],
  ['rows_rejected', 'bigint', 'rowsRejected'],
  ['outputs', 'array<struct<table:string,key:string,rows:bigint,bytes:bigint>>', 'outputs'],
  ['rejects', 'struct<rows:bigint,parquet:string,csv:string>', 'rejects'],
  ['drift', 'array<struct<file:string,column:string,change:string,from:string,to:string>>', 'drift'],
  [
    'checks',
    'array<struct<name:string,kind:string,severity:string,passed:boolean,failed:bigint,detail:string>>',
    'checks',
  ],
  ['error', 'struct<code:string,message:string>', 'error'],
  ['started_at', 'string', 'startedAt'],
  ['finished_at', 'string', 'finishedAt'],
  ['rolled_back_at', 'string', 'rolledBackAt'],
  ['duration_ms', 'bigint', 'durationMs'],
  ['engine', 'string', 'engine'],
  ['datapipe', 'string', 'datapipe'],
]
/** Fields within structs whose names are not lower-case, as all names of columns are. */
const NESTED: [name: string, field: string][] = [['versionid', 'versionId']]

/**
 * Creates the table of the run records, or gives it the columns that an earlier release did not know. It has no partitions: a
 * new record is visible at once.
 */
export async function keepRunsTable(
  glue: GlueClient,
  { database, transformedBucket }: Pick<Settings, 'database' | 'transformedBucket'>,
): Promise<void> {
  const table = await findTable(glue, { database, table: RUNS_TABLE })
  const { StorageDescriptor, ...input } = tableInput(transformedBucket)
  if (table) {
    const present = new Set(table.StorageDescriptor?.Columns?.map(({ Name }) => Name))
    if (COLUMNS.every(([name]) => present.has(name))) return
    const changes = { StorageDescriptor: { ...table.StorageDescriptor, ...StorageDescriptor } }
    await unlessQuicker('ConcurrentModificationException', updateTable(glue, database, table, changes))
    return
  }
  const create = new CreateTableCommand({
    DatabaseName: database,
    TableInput: { ...input, StorageDescriptor },
  })
  await unlessQuicker('AlreadyExistsException', glue.send(create))
}

/** Another load may do the same. */
async function unlessQuicker(name: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if ((error as Error).name !== name) throw error
  }
}

function tableInput(transformedBucket: string): TableInput {
  const mappings = [...COLUMNS.map(([name, , field]) => [name, field] as const), ...NESTED].filter(
    ([name, field]) => name !== field,
  )
  return {
    Name: RUNS_TABLE,
    Description: 'What datapipe loaded: one row per version of a file.',
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [],
    Parameters: { EXTERNAL: 'TRUE', classification: 'json' },
    StorageDescriptor: {
      Columns: COLUMNS.map(([Name, Type]): Column => ({ Name, Type })),
      Location: `s3://${transformedBucket}/${RUNS_PREFIX}/`,
      InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: {
        SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
        Parameters: {
          'serialization.format': '1',
          // Names with capitals are only found when case matters and each is mapped.
          'case.insensitive': 'false',
          // A record of an earlier release, over several lines, is a row of nulls and not an error.
          'ignore.malformed.json': 'true',
          ...Object.fromEntries(mappings.map(([name, field]) => [`mapping.${name}`, field])),
        },
      },
    },
  }
}
