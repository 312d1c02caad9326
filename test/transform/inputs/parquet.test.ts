import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { ParquetSchema, ParquetWriter } from '@dsnp/parquetjs'
import { expect } from 'chai'
import { parquetColumns } from '../../../src/transform/input/parquet-columns.js'
import { failure, transformPath, transformText, Workplace } from '../support/files.js'

describe('Parquet files as input', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  /** A file with the rows of a query, written by DuckDB. */
  async function parquet(query: string, name = 'data.parquet'): Promise<string> {
    const path = join(place.path, name)
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await connection.run(`SET TimeZone = 'UTC'`)
    await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
    connection.closeSync()
    instance.closeSync()
    return path
  }
  const transform = async (query: string, config: object = {}, overrides: object = {}) =>
    transformPath(place, await parquet(query), { format: { type: 'parquet' }, ...config }, overrides)

  it('has the types of the file, and their values to the last digit', async () => {
    const { columns, rows } = await transform(
      `SELECT 1::INTEGER AS i, 9223372036854775807 AS b, 0.1::DOUBLE AS d, 0.1::FLOAT AS f, true AS t, DATE '2023-06-26' AS day,
       TIMESTAMP '2023-06-26 21:05:00.474245' AS at, TIMESTAMPTZ '2023-06-26 21:05:00.474245+02' AS tz, '01234' AS zip,
       12345678901234567.89::DECIMAL(20,2) AS dec, 18446744073709551615::UBIGINT AS ub, 4294967295::UINTEGER AS ui, '' AS e, NULL::VARCHAR AS n`,
    )
    expect(columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      'i integer',
      'b bigint',
      'd double',
      'f double',
      't boolean',
      'day date',
      'at timestamp',
      'tz timestamptz',
      'zip string',
      'dec decimal(20,2)',
      'ub decimal(20,0)',
      'ui bigint',
      'e string',
      'n string',
    ])
    const micros = (time: string) => BigInt(Date.parse(time)) * 1000n + 245n
    expect(rows).to.have.length(1)
    expect(rows[0]).to.include({
      i: 1,
      b: 9223372036854775807n,
      d: 0.1,
      f: 0.1,
      t: true,
      day: Date.UTC(2023, 5, 26) / 86_400_000,
      at: micros('2023-06-26T21:05:00.474Z'),
      tz: micros('2023-06-26T19:05:00.474Z'),
      zip: '01234',
      ui: 4294967295n,
      e: '',
      n: null,
    })
  })

  it('nested values are JSON text, with every digit', async () => {
    const { columns, rows } = await transform(
      `SELECT {'id': 9007199254740993, 'l': [1, 2]} AS s, ['a"b'] AS l, MAP {'k': 1.50::DECIMAL(4,2)} AS m`,
    )
    expect(columns.map(({ type }) => type)).to.deep.equal(['string', 'string', 'string'])
    expect(rows).to.deep.equal([{ s: '{"id":9007199254740993,"l":[1,2]}', l: '["a\\"b"]', m: '{"k":1.5}' }])
  })

  it('declared columns are found by name and converted by the rules of text', async () => {
    const { rows, rejected, rowsIn } = await transform(
      `SELECT * FROM (VALUES ('x', 1.5), ('y', 2.0), ('z', 'nan'::DOUBLE)) t("The name", value)`,
      { columns: { value: 'double', 'the name': 'string' } },
    )
    expect(rowsIn).to.equal(3)
    expect(rows).to.deep.equal([
      { value: 1.5, the_name: 'x' },
      { value: 2, the_name: 'y' },
    ])
    expect(rejected.map(({ line, column, raw }) => ({ line, column, raw }))).to.deep.equal([
      { line: 3n, column: 'value', raw: '{"The name":"z","value":NaN}' },
    ])
    const missing = await failure(transform(`SELECT 1 AS a`, { columns: { b: 'integer' } }))
    expect(missing.code).to.equal('MISSING_COLUMN')
  })

  it('rejected rows among many row groups are the right ones', async () => {
    const { rows, rejected } = await transform(
      `SELECT i AS id, CASE WHEN i % 1000 = 7 THEN 'bad' ELSE i::VARCHAR END AS v FROM range(20000) t(i)`,
      {
        columns: { id: 'bigint', v: 'bigint' },
      },
    )
    expect(rows).to.have.length(19_980)
    expect(rows.every((row) => row.id === row.v)).to.equal(true)
    const expected = Array.from({ length: 20 }, (_, i) => i * 1000 + 7)
    expect(rejected.map(({ line }) => line)).to.deep.equal(expected.map((i) => BigInt(i + 1)))
    expect(rejected.map(({ raw }) => raw)).to.deep.equal(expected.map((i) => `{"id":${i},"v":"bad"}`))
  })

  it('nanoseconds that a column cannot keep are a rejected row', async () => {
    const { rows, rejected } = await transform(
      `SELECT TIMESTAMP_NS '2023-01-01 00:00:00.123456789' AS at UNION ALL SELECT TIMESTAMP_NS '2023-01-01 00:00:00.123456000'`,
    )
    expect(rows).to.have.length(1)
    expect(rejected.map(({ reason }) => reason)).to.deep.equal([
      'at: "2023-01-01 00:00:00.123456789" is not a time such as 2023-06-26 21:05:00.474245',
    ])
  })

  it('the older annotation of an instant is one, whatever the zone of the dataset', async () => {
    const path = join(place.path, 'old.parquet')
    const schema = new ParquetSchema({ at: { type: 'TIMESTAMP_MICROS' } })
    const writer = await ParquetWriter.openFile(schema, path)
    await writer.appendRow({ at: new Date('2023-06-26T21:05:00Z') })
    await writer.close()
    const { columns, rows } = await transformPath(place, path, {
      format: { type: 'parquet', timezone: 'Europe/Stockholm' },
    })
    expect(columns).to.deep.equal([{ name: 'at', type: 'timestamptz' }])
    expect(rows).to.deep.equal([{ at: BigInt(Date.UTC(2023, 5, 26, 21, 5)) * 1000n }])
  })

  it('folders with = in their name are no columns', async () => {
    await mkdir(place.scratch)
    const { rows } = await transform('SELECT 5 AS a', {}, { scratch: join(place.path, 'a=1') })
    expect(rows).to.deep.equal([{ a: 5 }])
  })

  it('what JSON text would round or cannot hold inside a nested value: PARQUET_COLUMN', async () => {
    const decimal = await failure(transform(`SELECT {'d': 12345678901234567.89::DECIMAL(20,2)} AS s`))
    expect(decimal.code).to.equal('PARQUET_COLUMN')
    expect(decimal.message).to.match(/"d" holds decimals of 20 digits inside a nested value/)
    const bytes = await failure(transform(`SELECT ['x'::BLOB] AS l`))
    expect(bytes.code).to.equal('PARQUET_COLUMN')
  })

  it('a column of bytes: PARQUET_COLUMN', async () => {
    const error = await failure(transform(`SELECT 'x'::BLOB AS blob`))
    expect(error.code).to.equal('PARQUET_COLUMN')
    expect(error.message).to.match(/the column "blob" holds bytes; no column type holds that\.$/)
  })

  it('two columns that differ in case only: COLUMN_NAME_COLLISION', async () => {
    const path = join(place.path, 'twice.parquet')
    const schema = new ParquetSchema({ a: { type: 'INT64' }, A: { type: 'INT64' } })
    const writer = await ParquetWriter.openFile(schema, path)
    await writer.appendRow({ a: 1, A: 2 })
    await writer.close()
    const error = await failure(transformPath(place, path, { format: { type: 'parquet' } }))
    expect(error.code).to.equal('COLUMN_NAME_COLLISION')
  })

  it('a file without rows: FILE_HAS_NO_ROWS', async () => {
    expect((await failure(transform('SELECT 1 AS a WHERE false'))).code).to.equal('FILE_HAS_NO_ROWS')
  })

  it('a file that is cut off, or damaged inside, is refused', async () => {
    const whole = await readFile(await parquet(`SELECT i, hash(i)::VARCHAR AS h FROM range(10000) t(i)`))
    const format = { type: 'parquet' }
    const cut = await failure(transformText(place, whole.subarray(0, whole.length - 100), { format }))
    expect(cut.code).to.equal('PARQUET_DAMAGED')
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, 4, 20_000)
    const inside = await failure(transformText(place, damaged, { format }))
    expect(inside.code).to.equal('PARQUET_DAMAGED')
    expect(await place.published()).to.deep.equal([])
  })

  it('a footer that is encrypted, text, and a workbook are refused', async () => {
    const format = { type: 'parquet' }
    const encrypted = await failure(transformText(place, 'PARExxxxPARE', { format }))
    expect(encrypted.code).to.equal('NOT_PARQUET')
    expect(encrypted.message).to.match(/is a Parquet file with an encrypted footer, not a Parquet file\.$/)
    const text = await failure(transformText(place, 'a,b\n1,2\n', { format }))
    expect(text.message).to.match(/is text, not a Parquet file\.$/)
  })

  it('columns of every annotation', () => {
    const leaf = (element: object) =>
      parquetColumns({
        schema: [
          { name: 'root', num_children: 1 },
          { name: 'x', type: 'INT64', ...element },
        ],
      } as never)
    const types: [element: object, type: string][] = [
      [{ logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } }, 'timestamptz'],
      [{ logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' } }, 'timestamp'],
      [{ type: 'INT96' }, 'timestamptz'],
      [{ type: 'INT32', logical_type: { type: 'INTEGER', bitWidth: 8, isSigned: false } }, 'integer'],
      [{ type: 'INT32', logical_type: { type: 'INTEGER', bitWidth: 32, isSigned: false } }, 'bigint'],
      [{ logical_type: { type: 'INTEGER', bitWidth: 64, isSigned: false } }, 'decimal(20,0)'],
      [{ type: 'FIXED_LEN_BYTE_ARRAY', logical_type: { type: 'UUID' } }, 'string'],
      [{ type: 'BYTE_ARRAY', converted_type: 'JSON' }, 'string'],
      [{ type: 'INT32', converted_type: 'TIME_MILLIS' }, 'string'],
      [{ type: 'FLOAT' }, 'double'],
      [{ repetition_type: 'REPEATED' }, 'string'],
    ]
    for (const [element, type] of types)
      expect(leaf(element)[0]?.type, JSON.stringify(element)).to.equal(type)
    for (const element of [{ type: 'BYTE_ARRAY' }, { type: 'BYTE_ARRAY', converted_type: 'BSON' }]) {
      expect(() => leaf(element)).to.throw(/"x" holds/)
    }
  })
})
