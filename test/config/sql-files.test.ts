import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { loadConfig, parseConfig } from '../../src/config/load.js'
import { UsageError } from '../../src/errors.js'

function refused(action: () => unknown): UsageError {
  try {
    action()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('sql in datapipe.yaml', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'datapipe-sql-'))
    mkdirSync(path.join(folder, 'etc', 'queries'), { recursive: true })
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(path.join(folder, name), content)
  }
  const load = (text: string) => {
    write('etc/datapipe.yaml', text)
    return loadConfig({ cwd: folder, configPath: 'etc/datapipe.yaml' }).file.datasets
  }

  it('is the content of the file that it names, relative to datapipe.yaml', () => {
    write('etc/queries/one.sql', '-- å\nselect 1 as a\n')
    write('two.SQL', 'select 2 as a')
    const datasets = load(
      'datasets:\n  a: { sql: queries/one.sql }\n  b:\n    tables:\n      c: { sql: ../two.SQL }\n      d: { sql: "select x.sql from input as x" }\n',
    )
    expect(datasets.a?.sql).to.equal('-- å\nselect 1 as a\n')
    expect(datasets.b?.tables?.c?.sql).to.equal('select 2 as a')
    expect(datasets.b?.tables?.d?.sql).to.equal('select x.sql from input as x')
  })

  it('stays as it is when it is a query, on one line or several', () => {
    const sql = 'from input\nselect id -- see one.sql'
    const datasets = load(`datasets:\n  a: { sql: "select sql.sql" }\n  b: { sql: ${JSON.stringify(sql)} }\n`)
    expect(datasets.a?.sql).to.equal('select sql.sql')
    expect(datasets.b?.sql).to.equal(sql)
  })

  it('must name a file that is there and readable, and all that are not are told with their places', () => {
    write('etc/empty.sql', ' \n')
    write('etc/latin.sql', Buffer.from([0x73, 0xe5]))
    mkdirSync(path.join(folder, 'etc', 'folder.sql'))
    const error = refused(() =>
      load(
        'datasets:\n  a: { sql: absent.sql }\n  b:\n    tables:\n      c: { sql: empty.sql }\n      d:\n        sql: latin.sql\n      e: { sql: folder.sql }\n',
      ),
    )
    expect(error.code).to.equal('SQL_FILE_NOT_FOUND')
    expect(error.message.split('\n').slice(1)).to.deep.equal([
      '  etc/datapipe.yaml:2:13: `datasets.a.sql` names the file absent.sql, which does not exist.',
      '  etc/datapipe.yaml:5:17: `datasets.b.tables.c.sql` names the file empty.sql, which is empty.',
      '  etc/datapipe.yaml:7:14: `datasets.b.tables.d.sql` names the file latin.sql, which is not UTF-8 text.',
      '  etc/datapipe.yaml:8:17: `datasets.b.tables.e.sql` names the file folder.sql, which is a folder.',
    ])
  })
})

describe('tables of datasets', () => {
  const problem = (text: string) => refused(() => parseConfig(text, 'datapipe.yaml')).message

  it('belong to one dataset each', () => {
    expect(problem('datasets:\n  a: {}\n  b:\n    tables:\n      a: { sql: select 1 as x }\n')).to.equal(
      'datapipe.yaml:5:10: `datasets.b.tables.a` writes to the table `a`, and so does `datasets.a`.',
    )
    expect(
      problem(
        'datasets:\n  a: { tables: { t: { sql: select 1 as x } } }\n  b: { tables: { t: { sql: select 1 as x } } }\n',
      ),
    ).to.include('writes to the table `t`, and so does `datasets.a`')
  })

  it('may have the name that their dataset has', () => {
    const { datasets } = parseConfig(
      'datasets:\n  a: { tables: { a: { sql: select 1 as x } } }\n',
      'datapipe.yaml',
    )
    expect(Object.keys(datasets.a?.tables ?? {})).to.deep.equal(['a'])
  })

  it('have their own sql, partition and key', () => {
    const text = (more: string) => `datasets:\n  a:\n    tables: { t: { sql: select 1 as x } }\n    ${more}\n`
    expect(problem(text('sql: select 2 as y'))).to.include('`datasets.a.sql` and `tables` exclude each other')
    expect(problem(text('partition: day(x)'))).to.include(
      '`datasets.a.partition` belongs to each of the `tables`',
    )
    expect(problem(text('key: [x]'))).to.include('`datasets.a.key` belongs to each of the `tables`')
    expect(problem('datasets:\n  a: { tables: {} }\n')).to.include('`datasets.a.tables` names no table')
  })

  it('take partition and key from the result of their query, not from the columns of the file', () => {
    const text = 'datasets:\n  a: { columns: { id: integer }, sql: select 1 as x, partition: x, key: [x] }\n'
    expect(parseConfig(text, 'datapipe.yaml').datasets.a?.partition).to.equal('x')
  })
})
