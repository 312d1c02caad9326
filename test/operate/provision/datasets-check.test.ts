import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { DatapipeError } from '../../../src/errors.js'
import { assertDatasets } from '../../../src/operate/provision/datasets-check.js'

const columns = { id: 'integer', note: 'string' }

async function codeOf(dataset: object): Promise<string> {
  const datasets = { plain: datasetSchema.parse({}), own: datasetSchema.parse(dataset) }
  try {
    await assertDatasets(datasets, new AbortController().signal)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof DatapipeError)) throw error
    expect(error.exitCode).to.equal(2)
    return error.code
  }
}

describe('datasets before they are deployed', () => {
  const cases: [string, object, string][] = [
    ['SQL that fits', { columns, sql: 'select id, upper(note) as note from input' }, 'accepted'],
    ['SQL with an unknown column', { columns, sql: 'select nope from input' }, 'SQL_FAILED'],
    ['SQL that does not parse', { sql: 'selec id from input' }, 'SQL_FAILED'],
    ['SQL over columns that nobody knows', { sql: 'select localtime, nope from input' }, 'accepted'],
    ['SQL with another table', { sql: 'select * from elsewhere' }, 'SQL_TABLE_UNKNOWN'],
    ['SQL that gives other rows each time', { sql: 'select now() as t from input' }, 'SQL_NOT_REPEATABLE'],
    [
      'a clock where the columns are known',
      { columns, sql: 'select localtime as t from input' },
      'SQL_NOT_REPEATABLE',
    ],
    [
      'a key that the result lacks',
      { columns, sql: 'select note from input', key: ['id'] },
      'UNKNOWN_COLUMN',
    ],
    [
      'one bad table of several',
      { columns, tables: { a: { sql: 'select id from input' }, b: { sql: 'select idd from input' } } },
      'SQL_FAILED',
    ],
    [
      'SQL over what personal data leaves',
      { columns: { ...columns, ssn: { type: 'bigint', pii: 'drop' } }, sql: 'select ssn from input' },
      'SQL_FAILED',
    ],
    [
      'sheets by their names',
      { sheets: { a: { columns }, b: { columns } }, sql: 'select a.id from a join b using (id)' },
      'accepted',
    ],
    ['a check that fits', { columns, checks: ['id > 0'] }, 'accepted'],
    ['a check of an unknown column', { columns, checks: ['idd > 0'] }, 'CHECK_INVALID'],
    ['a pattern that is none', { columns: { note: { type: 'string', pattern: '(a' } } }, 'PATTERN_INVALID'],
  ]
  for (const [what, dataset, code] of cases) {
    it(`${code}: ${what}`, async () => {
      expect(await codeOf(dataset)).to.equal(code)
    })
  }
})
