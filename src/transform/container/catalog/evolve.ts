import {
  BatchGetPartitionCommand,
  BatchUpdatePartitionCommand,
  GetPartitionsCommand,
  GetTableCommand,
  type Column as GlueColumn,
  type GlueClient,
  type Partition,
  type Table,
} from '@aws-sdk/client-glue'
import { DatapipeError } from '../../../errors.js'
import type { TableChange } from '../../contract/table.js'
import { widens } from '../../contract/widening.js'
import { updateTable } from './update-table.js'

/** Table parameter: its columns changed, and not all of its partitions have them yet. */
const UNFINISHED = 'datapipe.evolving'
/** Table parameter: a column got a wider type once; partitions may still have the narrower one. */
const WIDENED = 'datapipe.widened'
/** Of BatchUpdatePartition. */
const PER_CHANGE = 100
/** Of BatchGetPartition. */
const PER_READ = 1000

/** The columns of a table after a change: old ones keep their places, new ones come last, as Hive wants it. */
export function changedColumns(table: Table, { added, widened }: TableChange): GlueColumn[] {
  const columns = (table.StorageDescriptor?.Columns ?? []).map((column) => {
    const wider = widened.find(({ name }) => name === column.Name)
    return wider ? { ...column, Type: wider.to } : column
  })
  return [...columns, ...added.map(({ name, type }) => ({ Name: name, Type: type }))]
}

/** Whether an earlier change of the columns ended before all partitions had them. */
export function isUnfinished(table: Table): boolean {
  return table.Parameters?.[UNFINISHED] !== undefined
}

/** Whether partitions may have narrower types than their table. */
export function isWidened(table: Table): boolean {
  return table.Parameters?.[WIDENED] !== undefined
}

/**
 * Gives a table and then all of its partitions other columns. To do it twice changes nothing; where it ends half-way, the
 * table says so, and the next load goes on.
 * @throws the error ConcurrentModificationException of Glue when somebody changed the table since it was read
 */
export async function changeColumns(
  glue: GlueClient,
  database: string,
  table: Table,
  columns: readonly GlueColumn[],
  parameters: Record<string, string>,
): Promise<void> {
  const old = table.StorageDescriptor?.Columns ?? []
  const isWider = old.some(({ Type }, place) => widens(Type ?? '', columns[place]?.Type ?? ''))
  const kept = without(UNFINISHED, { ...table.Parameters, ...parameters })
  const rest = isWider ? { ...kept, [WIDENED]: 'true' } : kept
  const hasPartitions = (table.PartitionKeys ?? []).length > 0
  const isWork = hasPartitions && (isUnfinished(table) || !isSame(old, columns))
  await updateTable(glue, database, table, {
    Parameters: isWork ? { ...rest, [UNFINISHED]: 'true' } : rest,
    StorageDescriptor: { ...table.StorageDescriptor, Columns: [...columns] },
  })
  if (!isWork) return
  const place = { DatabaseName: database, TableName: table.Name ?? '' }
  await changePartitions(glue, place, columns)
  // Whoever changed it meanwhile sees to all partitions, and says so himself.
  const { Table: now } = await glue.send(new GetTableCommand({ DatabaseName: database, Name: table.Name }))
  if (!now || !isUnfinished(now) || !isSame(now.StorageDescriptor?.Columns ?? [], columns)) return
  await updateTable(glue, database, now, { Parameters: without(UNFINISHED, now.Parameters) })
}

function without(name: string, parameters: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name))
}

/**
 * Athena casts a column of a partition whose type is narrower than that of the table; so a partition keeps the types of the
 * files in it, until `widenPartitions`. It gets the new columns, or Athena would show them as null there.
 */
async function changePartitions(
  glue: GlueClient,
  place: { DatabaseName: string; TableName: string },
  columns: readonly GlueColumn[],
): Promise<void> {
  const stale: PartitionColumns[] = []
  let NextToken: string | undefined
  do {
    const page = await glue.send(new GetPartitionsCommand({ ...place, NextToken }))
    for (const partition of page.Partitions ?? []) {
      const old = partition.StorageDescriptor?.Columns ?? []
      const own = columns.map((column) => {
        const there = old.find(({ Name }) => Name === column.Name)
        return there && widens(there.Type ?? '', column.Type ?? '') ? there : column
      })
      if (!isSame(old, own)) stale.push({ partition, columns: own })
    }
    NextToken = page.NextToken
  } while (NextToken !== undefined && NextToken !== '')
  await putColumns(glue, place, stale)
}

/** Gives partitions the types of the table, before files with these types are put into them. */
export async function widenPartitions(
  glue: GlueClient,
  { database, table }: { database: string; table: string },
  values: readonly string[][],
): Promise<void> {
  const place = { DatabaseName: database, TableName: table }
  const found = await glue.send(new GetTableCommand({ DatabaseName: database, Name: table }))
  const columns = found.Table?.StorageDescriptor?.Columns ?? []
  const stale: PartitionColumns[] = []
  for (let from = 0; from < values.length; from += PER_READ) {
    let keys = values.slice(from, from + PER_READ).map((Values) => ({ Values }))
    while (keys.length > 0) {
      const response = await glue.send(new BatchGetPartitionCommand({ ...place, PartitionsToGet: keys }))
      for (const partition of response.Partitions ?? []) {
        if (!isSame(partition.StorageDescriptor?.Columns ?? [], columns)) stale.push({ partition, columns })
      }
      keys = (response.UnprocessedKeys ?? []).map(({ Values }) => ({ Values: Values ?? [] }))
    }
  }
  await putColumns(glue, place, stale)
}

interface PartitionColumns {
  partition: Partition
  columns: readonly GlueColumn[]
}

async function putColumns(
  glue: GlueClient,
  place: { DatabaseName: string; TableName: string },
  wanted: readonly PartitionColumns[],
): Promise<void> {
  for (let from = 0; from < wanted.length; from += PER_CHANGE) {
    const response = await glue.send(
      new BatchUpdatePartitionCommand({
        ...place,
        Entries: wanted.slice(from, from + PER_CHANGE).map(({ partition, columns }) => ({
          PartitionValueList: partition.Values ?? [],
          PartitionInput: {
            Values: partition.Values,
            Parameters: partition.Parameters,
            StorageDescriptor: { ...partition.StorageDescriptor, Columns: [...columns] },
          },
        })),
      }),
    )
    // A partition that is gone by now needs no columns.
    const failed = response.Errors?.find(
      ({ ErrorDetail }) => ErrorDetail?.ErrorCode !== 'EntityNotFoundException',
    )
    if (failed === undefined) continue
    const { ErrorCode, ErrorMessage } = failed.ErrorDetail ?? {}
    throw new DatapipeError(
      'PARTITION_NOT_CHANGED',
      `Glue did not change the columns of the partition ${failed.PartitionValueList?.join('/')} of ${place.TableName}: ${ErrorCode}: ${ErrorMessage}`,
    )
  }
}

function isSame(one: readonly GlueColumn[], other: readonly GlueColumn[]): boolean {
  const shape = (columns: readonly GlueColumn[]) => columns.map(({ Name, Type }) => `${Name} ${Type}`).join()
  return shape(one) === shape(other)
}
