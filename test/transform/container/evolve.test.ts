import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GlueClient,
  UpdateTableCommand,
  type Table,
} from '@aws-sdk/client-glue'
import { expect } from 'chai'
import { widenPartitions } from '../../../src/transform/container/catalog/evolve.js'
import { ensurePartitions } from '../../../src/transform/container/catalog/partitions.js'
import {
  ensureTable,
  existingTable,
  findTable,
  sourceColumns,
} from '../../../src/transform/container/catalog/table.js'
import type { ContractColumn } from '../../../src/transform/contract/contract.js'
import type { Output } from '../../../src/transform/types.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { failure } from '../support/files.js'

const DATABASE = 'sensors_dev'
const TARGET = { database: DATABASE, table: 'readings', bucket: 'transformed-bucket' }
const A: ContractColumn = { name: 'a', type: 'integer' }
const B: ContractColumn = { name: 'b', type: 'decimal(9,2)' }
const C: ContractColumn = { name: 'c', type: 'string', added: true }
const KEY = { name: 'day', type: 'string' }

describe('columns of a table in Glue', function () {
  this.timeout(120_000)
  let moto: Moto
  let glue: GlueClient

  before(async () => {
    moto = await startMoto()
    glue = new GlueClient({
      endpoint: moto.endpoint,
      region: 'eu-north-1',
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    })
  })
  after(async () => {
    glue.destroy()
    await moto.stop()
  })
  beforeEach(async () => {
    await fetch(`${moto.endpoint}/moto-api/reset`, { method: 'POST' })
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } }))
  })

  const table = async (): Promise<Table> => {
    const { Table: found } = await glue.send(
      new GetTableCommand({ DatabaseName: DATABASE, Name: 'readings' }),
    )
    if (!found) throw new Error('There is no table.')
    return found
  }
  const columnsOf = ({ StorageDescriptor }: Pick<Table, 'StorageDescriptor'>) =>
    (StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => `${Name} ${Type}`)
  const partitions = async () =>
    (await glue.send(new GetPartitionsCommand({ DatabaseName: DATABASE, TableName: 'readings' })))
      .Partitions ?? []

  /** As a load would: what it read of the table first, then its result. */
  const ensure = async (
    columns: ContractColumn[],
    options: { policy?: 'evolve' | 'freeze'; partitionKey?: typeof KEY | null; seen?: Table[] } = {},
  ) => {
    const { policy = 'evolve', partitionKey = KEY, seen } = options
    const found = await findTable(glue, TARGET)
    const terms = { policy, dataset: 'readings', file: 'f.csv', seen: seen ?? (found ? [found] : []) }
    const result = { name: 'readings', columns, partitionKey }
    return ensureTable(glue, TARGET, result, [{ name: 'input', columns }], terms)
  }
  const addPartitions = async (days: string[], columns: ContractColumn[]) => {
    const outputs = days.map(
      (day) => ({ path: `readings/day=${day}/f.parquet`, partition: { day } }) as unknown as Output,
    )
    await ensurePartitions(glue, TARGET, { name: 'readings', columns, partitionKey: KEY }, outputs)
  }

  it('a new column is appended, in the table, in every partition and in the contract; nothing else changes', async () => {
    await ensure([A, B])
    const days = Array.from({ length: 120 }, (_, index) => `2023-${100 + index}`)
    await addPartitions(days, [A, B])
    const before = await table()
    const { isChanged, result } = await ensure([C, A, B])
    expect(isChanged).to.equal(true)
    expect(result.columns).to.deep.equal([A, B, C])
    const after = await table()
    expect(columnsOf(after)).to.deep.equal(['a int', 'b decimal(9,2)', 'c string'])
    expect(sourceColumns(after)).to.deep.equal([C, A, B])
    expect(after.Parameters).to.deep.equal({
      ...before.Parameters,
      'datapipe.columns': JSON.stringify([C, A, B]),
    })
    expect(after.PartitionKeys).to.deep.equal(before.PartitionKeys)
    expect({ ...after.StorageDescriptor, Columns: [] }).to.deep.equal({
      ...before.StorageDescriptor,
      Columns: [],
    })
    const found = await partitions()
    expect(found).to.have.length(120)
    for (const partition of found) {
      expect(columnsOf(partition)).to.deep.equal(columnsOf(after))
      expect(partition.StorageDescriptor?.Location).to.equal(
        `s3://transformed-bucket/readings/day=${partition.Values?.[0]}/`,
      )
    }
    expect((await ensure([A, B, C])).isChanged).to.equal(true) // The order of the contract.
    expect((await ensure([A, B, C])).isChanged).to.equal(false)
  })

  it('a wider type takes the place of the narrower one', async () => {
    await ensure([A, B])
    await addPartitions(['2023-06-26'], [A, B])
    const wider = { name: 'b', type: 'decimal(12, 3)' }
    await ensure([{ name: 'a', type: 'bigint' }, wider])
    expect(columnsOf(await table())).to.deep.equal(['a bigint', 'b decimal(12,3)'])
    // Athena casts what a partition has; files of the old type are in it.
    expect((await partitions()).map(columnsOf)).to.deep.equal([['a int', 'b decimal(9,2)']])
    expect((await ensure([{ name: 'a', type: 'bigint' }, wider])).isWidened).to.equal(true)
    await widenPartitions(glue, TARGET, [['2023-06-26'], ['2023-06-27']])
    expect((await partitions()).map(columnsOf)).to.deep.equal([['a bigint', 'b decimal(12,3)']])
    expect((await partitions())[0]?.StorageDescriptor?.Location).to.equal(
      's3://transformed-bucket/readings/day=2023-06-26/',
    )
  })

  it('columns keep the order of the table, whatever that of the file', async () => {
    await ensure([A, B])
    const { result, isChanged } = await ensure([B, A])
    expect(result.columns).to.deep.equal([A, B])
    expect(isChanged).to.equal(true)
    expect(columnsOf(await table())).to.deep.equal(['a int', 'b decimal(9,2)'])
  })

  it('a change that ended half-way is finished by the next load', async () => {
    await ensure([A, B])
    await addPartitions(['2023-06-26'], [A, B])
    const { Name, PartitionKeys, TableType, Parameters, StorageDescriptor } = await table()
    await glue.send(
      new UpdateTableCommand({
        DatabaseName: DATABASE,
        TableInput: {
          Name,
          PartitionKeys,
          TableType,
          Parameters: {
            ...Parameters,
            'datapipe.columns': JSON.stringify([A, B, C]),
            'datapipe.evolving': 'true',
          },
          StorageDescriptor: {
            ...StorageDescriptor,
            Columns: [...(StorageDescriptor?.Columns ?? []), { Name: 'c', Type: 'string' }],
          },
        },
      }),
    )
    await ensure([A, B, C])
    expect((await partitions()).map(columnsOf)).to.deep.equal([['a int', 'b decimal(9,2)', 'c string']])
    expect((await table()).Parameters).to.not.have.property('datapipe.evolving')
  })

  const refused: [name: string, act: () => Promise<unknown>, message: string][] = [
    [
      'a column less',
      () => ensure([A]),
      'f.csv cannot be loaded: the table readings has the column "b" (decimal(9,2)), which the dataset would not fill any more.',
    ],
    [
      'a narrower type',
      () => ensure([A, { name: 'b', type: 'decimal(8,2)' }]),
      'f.csv cannot be loaded: the table readings has decimal(9,2) in the column "b", and the dataset would give decimal(8,2).',
    ],
    [
      'a decimal that loses digits before the point',
      () => ensure([A, { name: 'b', type: 'decimal(9,3)' }]),
      'f.csv cannot be loaded: the table readings has decimal(9,2) in the column "b", and the dataset would give decimal(9,3).',
    ],
    [
      'another partition',
      () => ensure([A, B], { partitionKey: null }),
      'f.csv cannot be loaded: the table readings is partitioned by day (string), and the dataset says nothing now.',
    ],
    [
      'a new column where the contract is frozen',
      () => ensure([A, B, C], { policy: 'freeze' }),
      'f.csv cannot be loaded: the table readings is frozen, and the column "c" of the dataset is not as it is there.',
    ],
  ]
  for (const [name, act, message] of refused) {
    it(`${name} is refused, and the table stays as it is`, async () => {
      await ensure([A, B])
      const before = await table()
      const error = await failure(act())
      expect(error.code).to.equal('TABLE_DIFFERS')
      expect(error.message).to.equal(message)
      expect(await table()).to.deep.equal(before)
    })
  }

  it('what another load changed meanwhile is no fault of the file: it is to be read again', async () => {
    await ensure([A, B])
    const seen = [await table()]
    await ensure([A, B, C])
    const error = await failure(ensure([A, B, { name: 'c', type: 'bigint', added: true }], { seen }))
    expect(error.code).to.equal('TABLE_CHANGED')
    expect(error.name).to.equal('DatapipeError')
    // Two first files of a dataset.
    expect((await failure(ensure([A], { seen: [] }))).code).to.equal('TABLE_CHANGED')
    expect(columnsOf(await table())).to.deep.equal(['a int', 'b decimal(9,2)', 'c string'])
  })

  it('a table that datapipe did not make is filled, and never changed', async () => {
    const StorageDescriptor = { Columns: [{ Name: 'a', Type: 'int' }], Location: 's3://elsewhere/' }
    await glue.send(
      new CreateTableCommand({ DatabaseName: DATABASE, TableInput: { Name: 'readings', StorageDescriptor } }),
    )
    const before = await table()
    expect((await ensure([A], { partitionKey: null })).isChanged).to.equal(false)
    expect((await failure(ensure([A, C], { partitionKey: null }))).code).to.equal('TABLE_DIFFERS')
    expect(await table()).to.deep.equal(before)
    expect(existingTable(before)).to.deep.equal({
      name: 'readings',
      columns: [{ name: 'a', type: 'int' }],
      partitionKeys: [],
    })
  })
})
