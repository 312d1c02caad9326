import { expect } from 'chai'
import { DatapipeError } from '../../../src/errors.js'
import { requireReadOnly } from '../../../src/operate/query/read-only.js'

describe('reading statements', () => {
  const reading = [
    'select 1',
    '  -- what\n SELECT 1',
    '/* a; b */ (select 1) union (select 2)',
    'with a as (select 1) select * from a',
    'FROM t',
    'values (1)',
    'describe t',
    'show tables',
    'summarize t',
    'explain select 1',
    'EXPLAIN ANALYZE select 1',
    'explain (type distributed, format json) select 1',
    'explain (select 1)',
  ]
  for (const sql of reading) {
    it(`let ${JSON.stringify(sql)} through`, () => {
      expect(() => requireReadOnly(sql)).not.to.throw()
    })
  }

  const writing: [sql: string, statement: string][] = [
    ['delete from t', 'DELETE'],
    ['insert into t values (1)', 'INSERT'],
    ["copy t to 'x'", 'COPY'],
    ['-- select\ndrop table t', 'DROP'],
    ['explain analyze insert into t values (1)', 'INSERT'],
    ['explain /* select */ analyze /* */ delete from t', 'DELETE'],
    ["unload (select 1) to 's3://b/'", 'UNLOAD'],
    ["attach 'x.db'", 'ATTACH'],
    ["set memory_limit = '1TB'", 'SET'],
    ['pragma version', 'PRAGMA'],
    ['call pragma_version()', 'CALL'],
  ]
  for (const [sql, statement] of writing) {
    it(`refuse ${JSON.stringify(sql)}`, () => {
      expect(() => requireReadOnly(sql))
        .to.throw(DatapipeError, `${statement} is not a reading statement; datapipe query only reads.`)
        .with.property('code', 'QUERY_NOT_READ_ONLY')
    })
  }

  for (const sql of ['', ' \n', '-- nothing', ';']) {
    it(`refuse ${JSON.stringify(sql)} as empty`, () => {
      expect(() => requireReadOnly(sql))
        .to.throw('There is no SQL to run.')
        .with.property('exitCode', 2)
    })
  }
})
