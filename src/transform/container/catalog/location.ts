import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchGetPartitionCommand,
  BatchUpdatePartitionCommand,
  type ErrorDetail,
  type GlueClient,
  type Partition,
  type Table,
} from '@aws-sdk/client-glue'
import { DatapipeError } from '../../../errors.js'
import { HIVE_NULL } from '../../partition.js'
import { findTable } from './table.js'
import { updateTable } from './update-table.js'

/** Where readers are to find a partition. */
export interface PartitionLocation {
  /** Partition key to value, null for the Hive default partition; empty for a table without partitions. */
  partition: Record<string, string | null>
  /** `s3://…/`; undefined: the partition has no rows and goes. */
  location: string | undefined
}

/** Of BatchCreatePartition and BatchUpdatePartition. */
const PER_CHANGE = 100
/** Of BatchDeletePartition. */
const PER_DELETION = 25
/** Of BatchGetPartition. */
const PER_READ = 1000
const ATTEMPTS = 5

/** As Glue and the folders name them. */
export function partitionValues(partition: Record<string, string | null>): string[] {
  return Object.values(partition).map((value) => value ?? HIVE_NULL)
}

/**
 * Makes Glue point to these places; what points there already is left alone. Each partition changes at once for its readers.
 * @throws DatapipeError TABLE_NOT_FOUND, PARTITION_NOT_SWITCHED
 */
export async function switchLocations(
  glue: GlueClient,
  { database, table }: { database: string; table: string },
  wanted: readonly PartitionLocation[],
): Promise<void> {
  const found = await findTable(glue, { database, table })
  if (!found) {
    throw new DatapipeError('TABLE_NOT_FOUND', `Glue has no table ${table} in the database ${database}.`)
  }
  const [whole] = wanted
  if ((found.PartitionKeys ?? []).length === 0) {
    if (whole?.location !== undefined) await switchTable(glue, { database, table }, found, whole.location)
    return
  }
  const place = { DatabaseName: database, TableName: table }
  const existing = await partitions(glue, place, wanted)
  const input = ({ partition, location }: PartitionLocation) => ({
    Values: partitionValues(partition),
    StorageDescriptor: { ...found.StorageDescriptor, Location: location },
    Parameters: existing.get(nameOf(partition))?.Parameters,
  })
  const present = wanted.filter(({ location }) => location !== undefined)
  const missing = present.filter(({ partition }) => !existing.has(nameOf(partition)))
  const elsewhere = present.filter(({ partition, location }) => {
    const there = existing.get(nameOf(partition))?.StorageDescriptor?.Location
    return there !== undefined && there !== location
  })
  const emptied = wanted.filter(
    ({ partition, location }) => location === undefined && existing.has(nameOf(partition)),
  )
  for (const some of chunks(missing, PER_CHANGE)) {
    const response = await glue.send(
      new BatchCreatePartitionCommand({ ...place, PartitionInputList: some.map(input) }),
    )
    // Another load was quicker; whoever looks at the manifest last decides, see `settle`.
    assertDone(table, response.Errors, 'AlreadyExistsException')
  }
  for (const some of chunks(elsewhere, PER_CHANGE)) {
    const Entries = some.map((each) => ({
      PartitionValueList: partitionValues(each.partition),
      PartitionInput: input(each),
    }))
    assertDone(
      table,
      (await glue.send(new BatchUpdatePartitionCommand({ ...place, Entries }))).Errors,
      'EntityNotFoundException',
    )
  }
  for (const some of chunks(emptied, PER_DELETION)) {
    const PartitionsToDelete = some.map(({ partition }) => ({ Values: partitionValues(partition) }))
    const response = await glue.send(new BatchDeletePartitionCommand({ ...place, PartitionsToDelete }))
    assertDone(table, response.Errors, 'EntityNotFoundException')
  }
}

/** Partitions of a table by `nameOf`. */
async function partitions(
  glue: GlueClient,
  place: { DatabaseName: string; TableName: string },
  wanted: readonly PartitionLocation[],
): Promise<Map<string, Partition>> {
  const found = new Map<string, Partition>()
  for (const some of chunks(wanted, PER_READ)) {
    let keys = some.map(({ partition }) => ({ Values: partitionValues(partition) }))
    while (keys.length > 0) {
      const response = await glue.send(new BatchGetPartitionCommand({ ...place, PartitionsToGet: keys }))
      for (const partition of response.Partitions ?? []) {
        found.set((partition.Values ?? []).join('\n'), partition)
      }
      keys = (response.UnprocessedKeys ?? []).map(({ Values }) => ({ Values: Values ?? [] }))
    }
  }
  return found
}

/** Nothing but the location changes. */
async function switchTable(
  glue: GlueClient,
  { database, table }: { database: string; table: string },
  first: Table,
  location: string,
): Promise<void> {
  let found: Table | undefined = first
  for (let attempt = 1; found && found.StorageDescriptor?.Location !== location; attempt++) {
    try {
      await updateTable(glue, database, found, {
        StorageDescriptor: { ...found.StorageDescriptor, Location: location },
      })
      return
    } catch (error) {
      if ((error as Error).name !== 'ConcurrentModificationException' || attempt === ATTEMPTS) throw error
      found = await findTable(glue, { database, table })
    }
  }
}

function nameOf(partition: Record<string, string | null>): string {
  return partitionValues(partition).join('\n')
}

function assertDone(
  table: string,
  errors: { PartitionValues?: string[]; PartitionValueList?: string[]; ErrorDetail?: ErrorDetail }[] = [],
  harmless: string,
): void {
  const failed = errors.find(({ ErrorDetail }) => ErrorDetail?.ErrorCode !== harmless)
  if (!failed) return
  const { ErrorCode, ErrorMessage } = failed.ErrorDetail ?? {}
  const values = failed.PartitionValues ?? failed.PartitionValueList ?? []
  throw new DatapipeError(
    'PARTITION_NOT_SWITCHED',
    `Glue did not change the partition ${values.join('/')} of ${table}: ${ErrorCode}: ${ErrorMessage}`,
  )
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
