import { join } from 'node:path'
import { utimes } from 'node:fs/promises'
import { expect } from 'chai'
import {
  failure,
  micros,
  readParquet,
  SENSOR,
  SENSOR_HEADER,
  FIRST_ROW,
  transformPath,
  transformText,
  Workplace,
} from '../support/files.js'

const PEOPLE =
  'id,name,city,born,weight\n1,Ada,Lund,1990-01-02,61.5\n2,Bo,Umeå,1985-12-31,\n3,Cy,Lund,2001-05-06,70\n'
const COLUMNS = { id: 'integer', name: 'string', city: 'string', born: 'date', weight: 'double' }

describe('sql of a dataset', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const run = (sql: string, config: object = {}, text = PEOPLE) =>
    transformText(place, text, { columns: COLUMNS, sql, ...config })

  it('makes the rows of the table, in the order of the query, with its types', async () => {
    const { rows, columns, rowsIn, rowsAccepted, rowsOut } = await run(
      `select city, count(*) as people, cast(avg(weight) as decimal(6,2)) as weight, min(born) as oldest, cast(count(*) as smallint) as few
       from input group by city order by city desc; -- the end`,
    )
    expect(columns).to.deep.equal([
      { name: 'city', type: 'string' },
      { name: 'people', type: 'bigint' },
      { name: 'weight', type: 'decimal(6,2)' },
      { name: 'oldest', type: 'date' },
      { name: 'few', type: 'integer' },
    ])
    const day = (date: string) => Date.parse(date) / 86_400_000
    expect(rows).to.deep.equal([
      { city: 'Umeå', people: 1n, weight: null, oldest: day('1985-12-31'), few: 1 },
      { city: 'Lund', people: 2n, weight: 65.75, oldest: day('1990-01-02'), few: 2 },
    ])
    expect({ rowsIn, rowsAccepted, rowsOut }).to.deep.equal({ rowsIn: 3, rowsAccepted: 3, rowsOut: 2 })
  })

  it('sees only accepted rows', async () => {
    const { rows, rowsRejected } = await run('select id from input', {}, `${PEOPLE}x,Di,Lund,2000-01-01,1\n`)
    expect(rows).to.deep.equal([{ id: 1 }, { id: 2 }, { id: 3 }])
    expect(rowsRejected).to.equal(1)
  })

  it('works on columns that nobody declared', async () => {
    const { rows } = await run('select id * 2 as twice from input order by id', { columns: undefined })
    expect(rows).to.deep.equal([{ twice: 2n }, { twice: 4n }, { twice: 6n }])
  })

  it('tells which file it is, the same on every run', async () => {
    const file = await place.file('people.csv', PEOPLE)
    await utimes(file, 1_700_000_000, 1_700_000_000)
    const config = { columns: COLUMNS, sql: 'select id, source.* from input, source order by id limit 1' }
    const modified = micros('2023-11-14 22:13:20')
    const local = await transformPath(place, file, config)
    expect(local.rows).to.deep.equal([
      { id: 1, key: 'people.csv', version_id: null, modified_at: modified, dataset: 'data' },
    ])
    const facts = { key: "inbox/data/it's.csv", versionId: 'v1', modifiedAt: new Date(5) }
    const object = await transformPath(place, file, config, { facts })
    expect(object.rows).to.deep.equal([
      { id: 1, key: "inbox/data/it's.csv", version_id: 'v1', modified_at: 5000n, dataset: 'data' },
    ])
    expect(object.columns.at(-2)).to.deep.equal({ name: 'modified_at', type: 'timestamptz' })
  })

  it('divides the result into the partitions of its own columns', async () => {
    const { outputs, partitionKey } = await run('select id, year(born) as y, city as town from input', {
      partition: 'town',
      key: ['id', 'town'],
    })
    expect(outputs.map(({ partition, rows }) => [partition.town, rows])).to.deep.equal([
      ['Lund', 2],
      ['Umeå', 1],
    ])
    expect(partitionKey).to.deep.equal({ name: 'town', type: 'string' })
  })

  it('may give no rows at all', async () => {
    const { outputs, rowsOut } = await run('select id from input where id > 10')
    expect({ outputs, rowsOut }).to.deep.equal({ outputs: [], rowsOut: 0 })
  })

  it('sees the sub-intervals of interval data', async () => {
    const { rows } = await transformText(place, SENSOR_HEADER + FIRST_ROW, {
      ...SENSOR,
      sql: 'select count(*) as n, min(start_time) as first, max(end_time) as last, any_value(measurement) as m from input',
    })
    expect(rows).to.deep.equal([
      {
        n: 10n,
        first: micros('2023-06-26 21:05:00.474245'),
        last: micros('2023-06-26 21:05:39.474245'),
        m: 10.855276688682668,
      },
    ])
  })

  it('makes several tables, each with its own partition and key, in one run', async () => {
    const result = await transformText(place, PEOPLE, {
      columns: COLUMNS,
      tables: {
        person: { sql: 'select id, name, md5(city) as city_id from input', key: ['id'] },
        city: {
          sql: 'select distinct md5(city) as city_id, city as name from input order by name',
          key: ['city_id'],
        },
        birth: { sql: 'select id, born from input', partition: 'year(born)' },
      },
    })
    expect(result.rowsOut).to.equal(3 + 2 + 3)
    expect(result.tables.map(({ name, key, partitionKey }) => [name, key, partitionKey?.name])).to.deep.equal(
      [
        ['person', ['id'], undefined],
        ['city', ['city_id'], undefined],
        ['birth', undefined, 'year'],
      ],
    )
    const rowsOf = async (table: string) =>
      (
        await Promise.all(
          result.outputs
            .filter((output) => output.table === table)
            .map(({ path }) => readParquet(join(place.out, path))),
        )
      ).flat()
    const cities = await rowsOf('city')
    expect(cities.map(({ name }) => name)).to.deep.equal(['Lund', 'Umeå'])
    const ids = new Set(cities.map(({ city_id: id }) => id))
    expect((await rowsOf('person')).every(({ city_id: id }) => ids.has(id))).to.equal(true)
    expect(await place.published()).to.deep.equal(result.outputs.map(({ path }) => path).sort())
    expect(result.outputs.filter(({ table }) => table === 'birth')).to.have.length(3)
  })

  it('publishes nothing when the last of several tables fails', async () => {
    const error = await failure(
      transformText(place, PEOPLE, {
        columns: COLUMNS,
        tables: {
          good: { sql: 'select id from input' },
          bad: { sql: 'select cast(name as integer) as n from input' },
        },
      }),
    )
    expect(error).to.include({ code: 'SQL_FAILED', exitCode: 2 })
    expect(error.message).to.include('datasets.data.tables.bad.sql').and.include("'Ada'")
    expect(await place.published()).to.deep.equal([])
  })

  it('refuses a row without a value in its key', async () => {
    const error = await failure(run("select id, nullif(city, 'Lund') as town from input", { key: ['town'] }))
    expect(error.code).to.equal('KEY_WITHOUT_VALUE')
    expect(error.message).to.include('2 rows').and.include('town')
    expect(await place.published()).to.deep.equal([])
  })

  it('gives the same bytes again', async () => {
    const sql = 'select city, sum(weight / 3) as w, list(name)[1] as someone from input group by city'
    const text = `${PEOPLE}${Array.from({ length: 5000 }, (_, i) => `${i},n${i},c${i % 97},2000-01-01,${i / 7}\n`).join('')}`
    const first = await run(sql, {}, text)
    const second = await run(sql, {}, text)
    expect(second.rows).to.deep.equal(first.rows)
    expect(first.rows).to.have.length(99)
  })

  describe('what it refuses before it reads the file', () => {
    const cases: [what: string, sql: string, code: string, says: RegExp][] = [
      ['no query', '-- nothing', 'SQL_NOT_A_SELECT', /holds no statement/],
      ['two statements', 'select 1 as a; select 2 as a', 'SQL_NOT_A_SELECT', /2 statements/],
      ['a statement that writes', 'create table x as select 1', 'SQL_NOT_A_SELECT', /one SELECT/],
      ['COPY', "copy input to '/tmp/x.csv'", 'SQL_NOT_A_SELECT', /one SELECT/],
      ['a setting', 'set threads = 1', 'SQL_NOT_A_SELECT', /one SELECT/],
      ['DESCRIBE', 'describe input', 'SQL_NOT_A_SELECT', /one SELECT/],
      ['no SQL', 'selec id from input', 'SQL_FAILED', /syntax error/],
      ['an unknown column', 'select id,\n  nam from input', 'SQL_FAILED', /line 2.*"nam" not found.*"name"/],
      ['an unknown table', 'select * from borrower', 'SQL_TABLE_UNKNOWN', /"borrower"/],
      ['a file', "select * from 'secret.csv'", 'SQL_TABLE_UNKNOWN', /"secret.csv"/],
      ['a reader of files', "select * from read_text('/etc/passwd')", 'SQL_TABLE_UNKNOWN', /read_text\(\)/],
      [
        'one inside',
        "select (select max(content) from read_text('x')) as a",
        'SQL_TABLE_UNKNOWN',
        /read_text/,
      ],
      ['the catalogue', 'select * from information_schema.tables', 'SQL_TABLE_UNKNOWN', /"tables"/],
      ['settings', 'select name from duckdb_settings()', 'SQL_TABLE_UNKNOWN', /duckdb_settings/],
      ['the clock', 'select id, now() as t from input', 'SQL_NOT_REPEATABLE', /now\(\)/],
      [
        'the clock by another name',
        'select id, Current_Date as t from input',
        'SQL_NOT_REPEATABLE',
        /current_date/,
      ],
      [
        'the clock in a macro',
        'select id, ago(interval 1 day) as t from input',
        'SQL_NOT_REPEATABLE',
        /ago\(\)/,
      ],
      [
        'chance',
        'with a as (select random() as r from input) select r from a',
        'SQL_NOT_REPEATABLE',
        /random\(\)/,
      ],
      ['a random id', 'select uuid()::varchar as id from input', 'SQL_NOT_REPEATABLE', /uuid\(\)/],
      ['a sample', 'select id from input tablesample 10%', 'SQL_NOT_REPEATABLE', /a sample/],
      [
        'the session',
        "select getvariable('a') as a, current_setting('threads') as b",
        'SQL_NOT_REPEATABLE',
        /\(\)/,
      ],
      ['a name of no column', 'select count(*) from input', 'SQL_COLUMN_NAME', /"count_star\(\)"/],
      ['a name that must be quoted', 'select id as "Id" from input', 'SQL_COLUMN_NAME', /"Id"/],
      [
        'a name given twice',
        'select id, name as id from input',
        'SQL_COLUMN_NAME',
        /two columns called "id"/,
      ],
      [
        'a sum of whole numbers',
        'select sum(id) as total from input',
        'SQL_COLUMN_TYPE',
        /"total" is of type HUGEINT/,
      ],
      ['a list', 'select list(id) as ids from input', 'SQL_COLUMN_TYPE', /"ids" is of type INTEGER\[\]/],
      ['an interval', 'select interval 1 day as d from input', 'SQL_COLUMN_TYPE', /INTERVAL/],
    ]
    for (const [what, sql, code, says] of cases) {
      it(what, async () => {
        // A file that is not there shows that it was not opened.
        const error = await failure(
          transformPath(place, join(place.path, 'absent.csv'), { columns: COLUMNS, sql }),
        )
        expect(`${error.code}: ${error.message}`).to.match(new RegExp(`^${code}: .*datasets\\.data\\.sql`))
        expect(error.message).to.match(says)
        expect(error.exitCode).to.equal(2)
      })
    }

    it('a partition or key that the result does not have', async () => {
      const absent = join(place.path, 'absent.csv')
      const of = (config: object) =>
        failure(transformPath(place, absent, { columns: COLUMNS, sql: 'select id from input', ...config }))
      expect((await of({ partition: 'city' })).code).to.equal('UNKNOWN_COLUMN')
      expect((await of({ key: ['name'] })).code).to.equal('UNKNOWN_COLUMN')
    })
  })

  it('suggests the cast that makes a column fit', async () => {
    const error = await failure(run('select sum(id) as total from input'))
    expect(error.suggestions).to.deep.equal(['Convert it: CAST(… AS BIGINT) AS "total"'])
  })

  it('lets a column have the name of a clock', async () => {
    const { rows } = await transformText(place, 'current_date\nx\n', {
      sql: 'select current_date as d from input',
    })
    expect(rows).to.deep.equal([{ d: 'x' }])
  })
})
