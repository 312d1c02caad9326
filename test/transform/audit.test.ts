import { copyFileSync, readdirSync } from 'node:fs'
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { auditFiles } from '../../src/transform/audit.js'
import { Database } from '../../src/transform/database.js'
import { PARQUET_TABLE } from '../../src/transform/parquet.js'
import { scannedStatistics } from '../../src/transform/statistics.js'
import type { TransformEvent } from '../../src/transform/types.js'
import type { WrittenFile } from '../../src/transform/write.js'
import { failure, transformText, Workplace } from './support/files.js'

const COLUMNS = [
  { name: 'i', type: 'integer' },
  { name: 'b', type: 'bigint' },
  { name: 'd', type: 'double' },
  { name: 's', type: 'string' },
  { name: 'day', type: 'date' },
  { name: 't', type: 'timestamp' },
  { name: 'z', type: 'timestamptz' },
  { name: 'yes', type: 'boolean' },
  { name: 'p', type: 'decimal(9,2)' },
  { name: 'q', type: 'decimal(38,10)' },
]

describe('the audit', () => {
  let place: Workplace
  let database: Database
  beforeEach(async () => {
    place = await Workplace.make()
    database = await Database.open({
      scratch: place.path,
      memoryLimitMb: 256,
      threads: 1,
      keepOrder: true,
      pushFilters: true,
    })
  })
  afterEach(async () => {
    database.close()
    await place.remove()
  })

  const columnsSql = (row: string) =>
    `SELECT CAST(${row} AS INTEGER) AS i, ${row} * 1000000007 AS b, CAST(${row} AS DOUBLE) / 7 AS d, 'å' || ${row} AS s,` +
    ` DATE '1969-12-25' + CAST(${row} AS INTEGER) AS day, TIMESTAMP '1969-12-31 23:59:58.000001' + to_microseconds(${row} * 999983) AS t,` +
    ` TIMESTAMPTZ '2023-03-26 00:59:59+00' + to_microseconds(${row}) AS z, ${row} % 2 = 0 AS yes,` +
    ` CAST(${row} - 500.25 AS DECIMAL(9,2)) AS p, CAST(CAST(${row} AS DECIMAL(38,10)) * 1234567890 AS DECIMAL(38,10)) AS q`

  const written = async (name: string, sql: string): Promise<WrittenFile> => {
    const { path, rows, statistics } = await database.copyToFile(sql, join(place.path, name), PARQUET_TABLE)
    const output = { table: 'data', path: `data/${name}`, rows, bytes: 1, partition: {} }
    return { path, statistics, output }
  }

  it('passes what DuckDB wrote, of every type, with nulls, in several row groups', async () => {
    const rows = `(SELECT CASE WHEN range % 10 <> 3 THEN range END AS r FROM range(300000))`
    const file = await written('all.parquet', `${columnsSql('r')} FROM ${rows}`)
    await auditFiles([file], COLUMNS)
    expect(file.statistics.get('i')).to.deep.equal({ nulls: 30_000, min: '0', max: '299999' })
  })

  it('passes what has no lowest value: no rows, nothing but nulls, NaN, long texts', async () => {
    const none = await written('none.parquet', `${columnsSql('range')} FROM range(0)`)
    const nulls = await written('nulls.parquet', `${columnsSql('n')} FROM (SELECT CAST(NULL AS BIGINT) AS n)`)
    await auditFiles([none, nulls], COLUMNS)
    const odd = await written(
      'odd.parquet',
      `SELECT CASE WHEN range = 7 THEN CAST('NaN' AS DOUBLE) WHEN range = 140000 THEN CAST('-inf' AS DOUBLE) ELSE range END AS d,` +
        ` CASE WHEN range % 130000 = 5 THEN repeat('ö', 400) ELSE '' END AS s FROM range(150000)`,
    )
    await auditFiles(
      [odd],
      [COLUMNS[2], COLUMNS[3]].flatMap((column) => column ?? []),
    )
  })

  it('passes 300 generated tables, whichever way the statistics were made', async () => {
    const value = fc.option(
      fc.record({
        n: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        d: fc.double({ noNaN: true }),
        s: fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll('\0', '')),
        micros: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
        cents: fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
      }),
      { freq: 4 },
    )
    const text = (one: bigint | number | string | undefined) =>
      one === undefined ? 'NULL' : `'${String(one).replaceAll("'", "''")}'`
    const columns = [
      { name: 'n', type: 'bigint' },
      { name: 'd', type: 'double' },
      { name: 's', type: 'string' },
      { name: 't', type: 'timestamp' },
      { name: 'c', type: 'decimal(38,1)' },
    ]
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), async (values) => {
        const rows = values.map((row) => {
          const { n, d, s, micros, cents } = row ?? {}
          return `(${[n, d, s, micros === undefined ? undefined : `${micros}000001`, cents].map(text).join(', ')})`
        })
        const file = await written(
          `${number++}.parquet`,
          `SELECT CAST(n AS BIGINT) AS n, CAST(d AS DOUBLE) AS d, CAST(s AS VARCHAR) AS s, make_timestamp(CAST(t AS BIGINT)) AS t,` +
            ` CAST(c AS DECIMAL(38,0)) * CAST(0.1 AS DECIMAL(2,1)) AS c FROM (VALUES ${rows.join(', ')}) v(n, d, s, t, c)`,
        )
        const statistics = await scannedStatistics(
          database,
          file.path,
          columns.map(({ name }) => name),
        )
        await auditFiles([file, { ...file, statistics }], columns)
      }),
      { numRuns: 300 },
    )
  }).timeout(60_000)

  const others: [what: string, sql: string, message: RegExp][] = [
    ['one row less', `${columnsSql('range')} FROM range(999)`, /999 rows .* instead of 1000/],
    [
      'another type',
      `SELECT * REPLACE (CAST(i AS BIGINT) AS i) FROM (${columnsSql('range')} FROM range(1000))`,
      /its columns are i INT64/,
    ],
    [
      'a null more',
      `SELECT * REPLACE (CASE WHEN i <> 500 THEN d END AS d) FROM (${columnsSql('range')} FROM range(1000))`,
      /its column d has 1 nulls instead of 0/,
    ],
    ...COLUMNS.filter(({ name }) => name !== 'yes').map(({ name }): [string, string, RegExp] => [
      `another highest value of ${name}`,
      `SELECT * REPLACE (CASE WHEN i = 999 THEN min(${name}) OVER () ELSE ${name} END AS ${name}) FROM (${columnsSql('range')} FROM range(1000))`,
      new RegExp(`its column ${name} has max .* instead of `),
    ]),
    [
      'a lowest time that differs by a microsecond',
      `SELECT * REPLACE (t - INTERVAL 1 MICROSECOND AS t) FROM (${columnsSql('range')} FROM range(1000))`,
      /its column t has min -2000000 instead of 1969-12-31 23:59:58.000001/,
    ],
    [
      'booleans of one kind',
      `SELECT * REPLACE (true AS yes) FROM (${columnsSql('range')} FROM range(1000))`,
      /its column yes has min true/,
    ],
  ]
  for (const [what, sql, message] of others) {
    it(`refuses a file that is another one: ${what}`, async () => {
      const file = await written('right.parquet', `${columnsSql('range')} FROM range(1000)`)
      const other = await written('other.parquet', sql)
      await auditFiles([file], COLUMNS)
      await copyFile(other.path, file.path)
      const error = await failure(auditFiles([file], COLUMNS))
      expect(error.code).to.equal('AUDIT_FAILED')
      expect(error.message).to.match(message)
    })
  }

  it('refuses a file that is cut off', async () => {
    const file = await written('cut.parquet', `${columnsSql('range')} FROM range(1000)`)
    const bytes = await readFile(file.path)
    await writeFile(file.path, bytes.subarray(0, bytes.length - 100))
    const error = await failure(auditFiles([file], COLUMNS))
    expect(error.message).to.match(/^The file data\/cut.parquet failed the audit: it cannot be read/)
  })

  const shapes: [what: string, config: object][] = [
    ['in one file', {}],
    ['in partitions', { partition: 'k' }],
    ['after a query', { sql: 'SELECT * REPLACE (n + 1 AS n) FROM input' }],
    ['of intervals', { timeseries: { start: 't', end: 'u', samples: 'n' } }],
  ]
  for (const [what, shape] of shapes) {
    it(`publishes nothing when a file is replaced by one with other values before it: ${what}`, async () => {
      const config = {
        columns: { k: 'string', n: 'bigint', t: 'timestamp', u: 'timestamp' },
        ...shape,
      }
      const text = (value: string) => `k,n,t,u\na,5,2023-01-01 00:00:00,${value}\n`
      const elsewhere = join(place.path, 'elsewhere')
      const other = await transformText(place, text('2023-01-03 00:00:00'), config)
      await rename(place.out, elsewhere)
      const swap = (event: TransformEvent) => {
        if (event.type !== 'stage' || event.stage !== 'audit' || event.state !== 'started') return
        const files = readdirSync(place.scratch, { recursive: true, encoding: 'utf8' })
        const [written = ''] = files
          .filter((path) => /\bfiles\b.*\.parquet$|\baccepted\b.*\.parquet$/.test(path))
          .reverse()
        copyFileSync(join(elsewhere, other.outputs[0]?.path ?? ''), join(place.scratch, written))
      }
      const error = await failure(
        transformText(place, text('2023-01-02 00:00:00'), config, { onEvent: swap }),
      )
      expect(error.code).to.equal('AUDIT_FAILED')
      expect(error.message).to.match(/its column [tu] has (min|max)/)
      expect(await place.published()).to.deep.equal([])
    })
  }
})
