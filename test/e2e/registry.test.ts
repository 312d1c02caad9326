import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { RollbackResult } from '../../src/operate/rollback/rollback.js'
import type { StatusResult } from '../../src/operate/provision/status.js'
import type { UpResult } from '../../src/operate/provision/up.js'
import type { RunResult } from '../../src/operate/run/run.js'
import { User } from '../support/cli.js'
import { number, row, text, workbook } from '../transform/inputs/workbook.js'

const EXAMPLE = fileURLToPath(new URL('../../examples/registry/', import.meta.url))
const KEY = 'inbox/registry/registry.xlsx'

type Cell = string | number | null
interface People {
  BORROWERS: Cell[][]
  ROLE_PROFILES: [number, string][]
  SHEETS: Record<string, Cell[][]>
}

/** Rows of each table, as the workbook of the example has them. */
const ORIGINAL = {
  user: 8,
  user_profile: 8,
  role_profile: 10,
  role_profile_type: 4,
  email: 7,
  email_type: 1,
  address: 7,
  phone_number: 10,
  phone_number_type: 2,
}
/** Without Fay, who had a cell phone and an e-mail address, and with an auditor. */
const CORRECTED = { ...ORIGINAL, user: 7, user_profile: 7, email: 6, phone_number: 9, role_profile_type: 5 }
const USERS = ['user_profile', 'role_profile', 'email', 'address', 'phone_number']

describe('examples/registry through the built CLI', function () {
  this.timeout(180_000)
  let user: User
  const local = <R>(...args: string[]) => user.json<R>(...args, '--env', 'local')
  const query = async (sql: string) => {
    const document = await local<{ rows: unknown[][] }>('query', sql)
    expect(document.code, JSON.stringify(document.error)).to.equal(0)
    return document.result.rows
  }
  const counts = async () =>
    Object.fromEntries(
      await query(
        Object.keys(ORIGINAL)
          .map((table) => `select '${table}' as name, count(*) as n from ${table}`)
          .join(' union all '),
      ),
    ) as Record<string, number>
  const addressOf = (id: number) =>
    query(
      `select full_name, street from address join user_profile using (user_id) where user_id = md5('user|${id}')`,
    )
  const load = async () => {
    const upload = await local('upload', 'registry.xlsx')
    expect(upload.code, JSON.stringify(upload.error)).to.equal(0)
    const run = await local<RunResult>('run', '--watch')
    expect(run.code, JSON.stringify(run)).to.equal(0)
    return run.result.executions[0]
  }

  before(async () => {
    user = await User.create()
    await cp(EXAMPLE, user.folder, { recursive: true })
    await user.startLocal()
  })
  after(() => user.leave())

  it('is not deployed with a query that fits no workbook', async () => {
    const path = join('sql', 'user.sql')
    const sql = await readFile(join(user.folder, path), 'utf8')
    await user.write(path, 'select borrower.ID_number as user_id from borrower')
    const wrong = await local('up')
    expect([wrong.code, wrong.error?.code], JSON.stringify(wrong)).to.deep.equal([2, 'SQL_FAILED'])
    expect(wrong.error?.message).to.contain('`datasets.registry.tables.user.sql`')
    await user.write(path, sql)
    const up = await local<UpResult>('up')
    expect(up.code, JSON.stringify(up.error)).to.equal(0)
    expect(up.result.changes, 'the refused one had made nothing').to.include({ created: 37, unchanged: 0 })
  })

  it('makes nine tables of the workbook, whose references lead somewhere', async () => {
    expect(await load()).to.include({ status: 'succeeded', rowsIn: 18, rowsOut: 57 })
    expect(await counts()).to.deep.equal(ORIGINAL)
    const strays = USERS.map((table) => `select user_id from ${table}`).join(' union all ')
    expect(
      await query(
        `select (select count(*) from (${strays}) where user_id not in (select user_id from user)), ` +
          `(select count(*) from role_profile where role_profile_type_id not in (select role_profile_type_id from role_profile_type))`,
      ),
    ).to.deep.equal([[0, 0]])
    expect(await addressOf(105)).to.deep.equal([['Eli Park', '88 Long Road']])
    expect(await query(`select zip_code from address where city = 'Newark'`)).to.deep.equal([['07102']])
  })

  it('lists nine tables in status, and none of the name of the dataset', async () => {
    const { result } = await local<StatusResult>('status')
    expect(Object.fromEntries(result.datasets.map(({ table, rows }) => [table, rows]))).to.deep.equal(
      ORIGINAL,
    )
  })

  it('has what a corrected workbook says in all of them, after it was loaded', async () => {
    await user.write('registry.xlsx', await corrected())
    expect(await load()).to.include({ status: 'succeeded', rowsIn: 17, rowsOut: 54 })
    expect(await counts()).to.deep.equal(CORRECTED)
    expect(await addressOf(105)).to.deep.equal([['Eli Parker', '90 Long Road']])
    expect(await query(`select count(*) from user where user_id = md5('user|106')`)).to.deep.equal([[0]])
  })

  it('is rolled back in all of them, and stays so', async () => {
    const back = await local<RollbackResult>('rollback', 'registry', '--yes')
    expect(back.code, JSON.stringify(back.error)).to.equal(0)
    expect(back.result.sources).to.have.length(1)
    expect(await counts()).to.deep.equal(ORIGINAL)
    expect(await addressOf(105)).to.deep.equal([['Eli Park', '88 Long Road']])
    expect((await local<RunResult>('run')).result.executions).to.deep.equal([])
    const history = await local<{ runs: { status: string; source: { key: string } }[] }>('history')
    expect(history.result.runs.map(({ status, source }) => [status, source.key])).to.deep.equal([
      ['rolled_back', KEY],
      ['succeeded', KEY],
    ])
  })

  it('is removed without a trace', async () => {
    const down = await local<{ verifiedEmpty: boolean }>('down', '--delete-data', '--yes')
    expect(down.code, JSON.stringify(down.error)).to.equal(0)
    expect(down.result.verifiedEmpty).to.equal(true)
  })
})

/** Eli is called Parker and has moved, Fay is gone, and Bo is an auditor. */
async function corrected(): Promise<Buffer> {
  const module = `${EXAMPLE}people.js`
  const { BORROWERS, ROLE_PROFILES, SHEETS } = (await import(module)) as People
  const borrowers = BORROWERS.filter(([id]) => id !== 106).map((cells) =>
    cells[0] === 105 ? [105, 'Eli Parker', '90 Long Road', ...cells.slice(3)] : cells,
  )
  const roles = ROLE_PROFILES.map(([id, role]) => [id, id === 102 ? 'auditor' : role])
  const sheets = { borrower: borrowers, role_profile: roles }
  return Buffer.from(
    workbook(
      Object.entries(sheets).map(([name, rows]) => ({
        name,
        rows: [SHEETS[name]![0]!, ...rows].map((cells, index) => sheetRow(index + 1, cells)).join(''),
      })),
    ),
  )
}

function sheetRow(at: number, cells: readonly Cell[]): string {
  const written = cells.flatMap((value, index) => {
    const reference = `${String.fromCharCode(65 + index)}${at}`
    if (value === null) return []
    return [typeof value === 'number' ? number(reference, value) : text(reference, value)]
  })
  return row(at, ...written)
}
