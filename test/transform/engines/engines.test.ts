import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parquetMetadataAsync, asyncBufferFromFile } from 'hyparquet'
import { datasetSchema } from '../../../src/config/dataset.js'
import { transformMerged } from '../../../src/transform/merge/transform-merged.js'
import { readParquet, Workplace } from '../support/files.js'
import { readWithDuckDb } from './duckdb.js'
import { readWithParquetJs } from './parquetjs.js'
import { bits, EXPECTED, PARTITION, TYPES, writeTable, type Canonical } from './table.js'

const DUCKDB = {
  id: 'INTEGER',
  text: 'VARCHAR',
  flag: 'BOOLEAN',
  small: 'INTEGER',
  large: 'BIGINT',
  number: 'DOUBLE',
  measured: 'DOUBLE',
  price: 'DECIMAL(4,2)',
  amount: 'DECIMAL(18,6)',
  exact: 'DECIMAL(38,10)',
  huge: 'DECIMAL(38,0)',
  day: 'DATE',
  wall: 'TIMESTAMP',
  instant: 'TIMESTAMP WITH TIME ZONE',
  nothing: 'VARCHAR',
  never: 'TIMESTAMP',
  site: 'VARCHAR',
}

const layouts = [
  { title: 'zstd', config: {} },
  { title: 'snappy', config: { compression: 'snappy' } },
  { title: 'zstd, partitioned', config: { partition: PARTITION } },
  { title: 'snappy, partitioned', config: { compression: 'snappy', partition: PARTITION } },
]

describe('tables for engines', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  for (const { title, config } of layouts) {
    it(`duckdb reads every type and every value as it was written (${title})`, async () => {
      const { folder } = await writeTable(place, config)
      const reading = await readWithDuckDb(folder, 'partition' in config)
      expect(reading.types).to.deep.equal(DUCKDB)
      expect(reading.rows).to.deep.equal(EXPECTED)
    })
  }

  for (const { title, config } of layouts.slice(0, 2)) {
    it(`hyparquet reads every value as it was written (${title})`, async () => {
      const { files } = await writeTable(place, config)
      const rows = (await Promise.all(files.map(readParquet))).flat()
      expect(
        rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, told(name, value)])),
        ),
      ).to.deep.equal(
        EXPECTED.map((row) =>
          // It knows no decimals but as doubles.
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [name, isDecimal(name) ? rounded(value) : value]),
          ),
        ),
      )
    })
  }

  it('parquetjs reads what snappy wrote, in the columns that it can read', async () => {
    const { files } = await writeTable(place, { compression: 'snappy' })
    const { columns, unreadable } = await readWithParquetJs(files[0] ?? '')
    // It takes decimals for bytes, whatever they are stored as.
    expect(Object.keys(unreadable)).to.deep.equal(['price', 'amount'])
    expect(columns).to.deep.equal(
      Object.fromEntries(
        Object.keys(TYPES)
          .filter((name) => !(name in unreadable))
          .map((name) => [name, EXPECTED.map((row) => asParquetJs(name, row[name] ?? null))]),
      ),
    )
  })

  it('writes the compression that the dataset asks for, zstd without', async () => {
    for (const [config, codec] of [
      [{}, 'ZSTD'],
      [{ compression: 'snappy' }, 'SNAPPY'],
      [{ compression: 'snappy', partition: 'day' }, 'SNAPPY'],
      [{ compression: 'snappy', sql: 'select * from input' }, 'SNAPPY'],
      [{ compression: 'snappy', sql: 'select * from input', partition: 'day' }, 'SNAPPY'],
    ] as const) {
      const { files } = await writeTable(place, config)
      expect(files).to.not.be.empty
      for (const file of files) expect(await codecsOf(file)).to.deep.equal([codec])
    }
  })
})

describe('a merged table', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  it('keeps the compression of its dataset', async () => {
    for (const [compression, codec] of [
      ['snappy', 'SNAPPY'],
      ['zstd', 'ZSTD'],
    ]) {
      const config = datasetSchema.parse({ key: ['id'], compression })
      const files = [await place.file('a.csv', 'id,v\n1,a\n2,b\n'), await place.file('b.csv', 'id,v\n2,c\n')]
      for (const file of files)
        await transformMerged({ file, dataset: 'data', config, out: place.out, scratch: place.scratch })
      const merged = (await place.published()).filter((path) => path.startsWith('data/'))
      expect(merged).to.have.length(1)
      const path = join(place.out, merged[0] ?? '')
      expect(await readParquet(path)).to.have.length(2)
      expect(await codecsOf(path)).to.deep.equal([codec])
      await rm(place.out, { recursive: true })
    }
  })
})

async function codecsOf(file: string): Promise<unknown[]> {
  const { row_groups: groups } = await parquetMetadataAsync(await asyncBufferFromFile(file))
  return [...new Set(groups.flatMap(({ columns }) => columns.map(({ meta_data: data }) => data?.codec)))]
}

const isDecimal = (name: string) => (TYPES[name] ?? '').startsWith('decimal')
const rounded = (value: Canonical) => (value === null ? null : Number(value).toPrecision(14))

/** Times as Date, which has no microseconds; decimals without their point. */
function asParquetJs(name: string, value: Canonical): Canonical {
  if (value === null) return null
  if (['timestamp', 'timestamptz'].includes(TYPES[name] ?? '')) return String(BigInt(value) / 1000n)
  return isDecimal(name) ? String(BigInt(value.replace('.', ''))) : value
}

function told(name: string, value: unknown): Canonical {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'number') throw new Error(`A ${typeof value} in ${name} was not expected.`)
  if (isDecimal(name)) return value.toPrecision(14)
  return TYPES[name] === 'double' ? bits(value) : String(value)
}
