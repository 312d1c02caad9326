import { utimes } from 'node:fs/promises'
import { expect } from 'chai'
import { failure, transformPath, transformText, Workplace, type Transformed } from '../support/files.js'

const COLUMNS = { a: 'integer', b: 'integer' }

describe('checks of a dataset', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const run = (text: string, checks: unknown[], config: object = {}) =>
    transformText(place, text, { columns: COLUMNS, checks, ...config })
  const reasons = ({ rejected }: Transformed) =>
    rejected.map(({ line, column, reason }) => [Number(line), column, reason])

  it('a predicate alone rejects the rows that break it; where it is NULL it holds', async () => {
    const result = await run('a,b\n1,2\n2,1\n,1\n3,\n', ['b > a'])
    expect(result.rows).to.deep.equal([
      { a: 1, b: 2 },
      { a: null, b: 1 },
      { a: 3, b: null },
    ])
    expect(reasons(result)).to.deep.equal([[3, 'b', 'check "b > a" does not hold']])
    expect(result.checks).to.deep.equal([
      { name: 'b > a', kind: 'sql', severity: 'reject', passed: false, failed: 1 },
    ])
  })

  it('a value that does not fit its type is no broken check', async () => {
    const result = await run('a,b\nx,1\n', ['a IS NOT NULL'])
    expect(reasons(result)).to.deep.equal([
      [2, 'a', 'a: "x" is not a whole number from -2147483648 to 2147483647'],
    ])
    expect(result.checks[0]).to.include({ passed: true, failed: 0 })
  })

  it('warn counts the rows, keeps them and says so', async () => {
    const warnings: string[] = []
    const { rows, checks } = await transformText(
      place,
      'a,b\n1,2\n2,1\n3,1\n',
      { columns: COLUMNS, checks: [{ sql: 'b > a', name: 'order', severity: 'warn' }] },
      { onEvent: (event) => event.type === 'warning' && warnings.push(event.message) },
    )
    expect(rows).to.have.length(3)
    expect(checks).to.deep.equal([{ name: 'order', kind: 'sql', severity: 'warn', passed: false, failed: 2 }])
    expect(warnings).to.deep.equal(['The check "order" does not hold for 2 rows.'])
  })

  it('fail publishes nothing, and says how many rows break which checks', async () => {
    const error = await failure(
      run('a,b\n1,2\n2,1\n', [{ sql: 'b > a', severity: 'fail' }, 'a > 0', { row_count: { min: 5 } }]),
    )
    expect(error).to.deep.include({ code: 'CHECK_FAILED', exitCode: 1 })
    expect(error.message.slice(error.message.indexOf(' fails'))).to.equal(
      ' fails 2 checks of the dataset data: "b > a" does not hold for 1 row; "row_count": 2 rows; at least 5 are expected. Nothing was published.',
    )
    const { checks } = error.result as Transformed
    expect(checks.map(({ name, passed, failed }) => [name, passed, failed])).to.deep.equal([
      ['b > a', false, 1],
      ['a > 0', true, 0],
      ['row_count', false, 1],
    ])
    expect(await place.published()).to.deep.equal([])
  })

  it('rows that a check rejects count for the limit', async () => {
    const error = await failure(run('a,b\n1,2\n2,1\n', ['b > a'], { rejects: { max: 0 } }))
    expect(error).to.deep.include({ code: 'REJECTS_OVER_LIMIT', exitCode: 5 })
  })

  it('not_null, of one column or of several', async () => {
    const checks = [{ not_null: 'a' }, { not_null: ['a', 'b'], name: 'both', severity: 'warn' }]
    const result = await run('a,b\n1,2\n,1\n2,\n', checks)
    expect(reasons(result)).to.deep.equal([[3, 'a', 'check "not_null(a)" does not hold: a is empty']])
    expect(result.checks.map(({ name, failed }) => [name, failed])).to.deep.equal([
      ['not_null(a)', 1],
      ['both', 1],
    ])
  })

  it('unique keeps the first of equal rows that breaks no other rule; no value repeats none', async () => {
    const result = await run('a,b\n1,-1\n1,2\n2,3\n1,4\n,5\n,6\n2,7\n1,x\n', [{ unique: 'a' }, 'b > 0'])
    expect(result.rows).to.deep.equal([
      { a: 1, b: 2 },
      { a: 2, b: 3 },
      { a: null, b: 5 },
      { a: null, b: 6 },
    ])
    const repeated = 'check "unique(a)" does not hold: an earlier row has the same a'
    expect(reasons(result)).to.deep.equal([
      [2, 'b', 'check "b > 0" does not hold'],
      [5, 'a', repeated],
      [8, 'a', repeated],
      [9, 'b', 'b: "x" is not a whole number from -2147483648 to 2147483647'],
    ])
    expect(result.checks.map(({ failed }) => failed)).to.deep.equal([2, 1])
  })

  it('several unique checks: a row that one rejects is no earlier row for the next', async () => {
    const result = await run('a,b\n1,1\n1,2\n3,2\n3,2\n', [{ unique: 'a' }, { unique: ['b'] }])
    expect(result.rows).to.deep.equal([
      { a: 1, b: 1 },
      { a: 3, b: 2 },
    ])
    expect(reasons(result).map(([line, column]) => [line, column])).to.deep.equal([
      [3, 'a'],
      [5, 'a'],
    ])
  })

  it('unique works over many rows, and where the file has to be read from a clean copy', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i % 50_000},${i}`)
    lines[100] = '"broken'
    const { rows, rejected, checks } = await run(`a,b\n${lines.join('\n')}\n`, [{ unique: ['a'] }])
    const expected = Array.from({ length: 50_000 }, (_, i) => (i === 100 ? 50_100 : i)).sort((a, b) => a - b)
    expect(rows.map(({ b }) => b)).to.deep.equal(expected)
    expect(rejected).to.have.length(10_000)
    expect(checks[0]?.failed).to.equal(9_999)
  }).timeout(30_000)

  it('unique that only warns or fails leaves the rows', async () => {
    const warned = await run('a,b\n1,1\n1,1\n1,1\n', [{ unique: ['a', 'b'], severity: 'warn' }])
    expect(warned.rows).to.have.length(3)
    expect(warned.checks[0]).to.include({ passed: false, failed: 2 })
    const error = await failure(run('a,b\n1,1\n1,1\n', [{ unique: 'a', severity: 'fail' }]))
    expect(error.message).to.include('"unique(a)" does not hold for 1 row that repeats an earlier one')
  })

  it('row_count is about the rows that are accepted', async () => {
    const { checks } = await run('a,b\n1,2\nx,1\n', [
      { row_count: { min: 2 }, severity: 'warn', name: 'two' },
      { row_count: { max: 1 }, name: 'one' },
      { row_count: { min: 1, max: 3 }, name: 'some' },
    ])
    expect(checks.map(({ name, passed, detail }) => [name, passed, detail])).to.deep.equal([
      ['two', false, '1 rows; at least 2 are expected'],
      ['one', true, '1 rows; at most 1 are expected'],
      ['some', true, '1 rows; 1 to 3 are expected'],
    ])
  })

  it('freshness compares the newest value with the time of the file, in the zone of the format', async () => {
    const file = await place.file('f.csv', 't,n\n2023-06-01 12:00:00,1\n2023-06-02 12:00:00,2\n,3\n')
    const at = new Date('2023-06-02T12:00:00Z')
    await utimes(file, at, at)
    const check = (within: string, type: string, timezone = 'UTC') =>
      transformPath(place, file, {
        format: { timezone },
        columns: { t: { type }, n: 'integer' },
        checks: [{ freshness: { column: 't', within } }],
      }).then(({ checks }) => checks[0])
    expect(await check('1m', 'timestamp')).to.deep.equal({
      name: 'freshness(t)',
      kind: 'freshness',
      severity: 'warn',
      passed: true,
      failed: 0,
      detail:
        'the newest t is 2023-06-02 12:00:00; the file is of 2023-06-02T12:00:00.000Z, and 1m are allowed',
    })
    // Noon in Stockholm was ten o'clock UTC.
    expect(await check('119m', 'timestamp', 'Europe/Stockholm')).to.include({ passed: false, failed: 1 })
    expect(await check('120m', 'timestamp', 'Europe/Stockholm')).to.include({ passed: true })
    expect(await check('119m', 'timestamptz', 'Europe/Stockholm')).to.include({ passed: false })
  })

  it('freshness of a column without values does not hold', async () => {
    const { checks } = await transformText(place, 't,n\n,1\n', {
      columns: { t: 'date', n: 'integer' },
      checks: [{ freshness: { column: 't', within: '1d' } }],
    })
    expect(checks[0]).to.include({ passed: false, detail: 't has no value' })
  })

  it('with interval data, row checks are about the rows of the file', async () => {
    const { checks, rowsOut, rejected } = await transformText(
      place,
      's,e,n,v\n2023-01-01 00:00:00,2023-01-01 00:00:10,10,1\n2023-01-01 00:00:10,2023-01-01 00:00:20,5,-1\n',
      {
        columns: { s: 'timestamp', e: 'timestamp', n: 'integer', v: 'double' },
        timeseries: { start: 's', end: 'e', samples: 'n' },
        checks: ['v > 0', { row_count: { max: 1 } }],
      },
    )
    expect([rowsOut, rejected.length]).to.deep.equal([10, 1])
    expect(checks.map(({ passed }) => passed)).to.deep.equal([false, true])
  })

  it('works on columns that nobody declared, by their types in the whole file', async () => {
    const body = Array.from({ length: 6000 }, (_, i) => `${i === 5999 ? 'q' : i}\n`).join('')
    const { rejected } = await transformText(place, `a\n${body}`, { checks: [`a LIKE '%7'`] })
    expect(rejected).to.have.length(5400)
  })

  const invalid: [sql: string, why: string][] = [
    ['b > ', 'is no predicate over its columns: syntax error at end of input'],
    [
      'b > c',
      'is no predicate over its columns: Binder Error: Referenced column "c" not found in FROM clause!',
    ],
    ['b > 1) or (1 = 1', 'is no predicate over its columns: syntax error at or near ")"'],
    [
      '"#0" = 1',
      'is no predicate over its columns: Binder Error: Referenced column "#0" not found in FROM clause!',
    ],
    ['sum(b) > 1', 'is no predicate over its columns: Binder Error: WHERE clause cannot contain aggregates!'],
    ['b + 1', 'is of type INTEGER; a check must be true or false.'],
    ['b > (select 1)', 'has a subquery; a check is about the values of one row.'],
    ["exists(from read_csv('/etc/passwd'))", 'has a subquery; a check is about the values of one row.'],
    ['random() < 0.5', 'uses random, which is not the same whenever the file is read again.'],
    [
      "current_date > DATE '2023-01-01'",
      'uses current_date, which is not the same whenever the file is read again.',
    ],
    [
      "age(TIMESTAMP '2023-01-01') > INTERVAL 1 DAY",
      'uses current_date, which is not the same whenever the file is read again.',
    ],
    [
      "current_setting('threads') = '1'",
      'uses current_setting, which is not the same whenever the file is read again.',
    ],
  ]
  for (const [sql, why] of invalid) {
    it(`refuses the predicate ${sql} before the file is read`, async () => {
      const error = await failure(run('', [{ sql, severity: 'warn' }]))
      expect(error).to.deep.include({ code: 'CHECK_INVALID', exitCode: 2 })
      expect(error.message).to.equal(`The check "${sql}" of the dataset data ${why}`)
    })
  }

  it('refuses a check of a column that the dataset does not have', async () => {
    for (const check of [
      { not_null: 'c' },
      { unique: ['a', 'c'] },
      { freshness: { column: 'c', within: '1d' } },
    ])
      expect((await failure(run('', [check]))).code).to.equal('UNKNOWN_COLUMN')
  })

  it('names the check that cannot be computed for a row, whatever its severity', async () => {
    for (const severity of ['reject', 'warn', 'fail']) {
      const error = await failure(
        transformText(place, 'a,s\n1,2\n1,x\n', {
          columns: { a: 'integer', s: 'string' },
          checks: ['a > 0', { sql: 'CAST(s AS INTEGER) > 0', name: 'cast', severity }],
        }),
      )
      expect(error.code).to.equal('CHECK_NOT_COMPUTED')
      expect(error.message).to.match(/^The check "cast" of the dataset data cannot be computed for a row of /)
      expect(await place.published()).to.deep.equal([])
    }
  })
})
