import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import { loadConfig } from '../../../src/config/load.js'
import { transformFiles } from '../../../src/operate/transform-files.js'
import { failure, readParquet, Workplace, type Row } from '../support/files.js'
import { row, number, text, workbook } from '../inputs/workbook.js'

const EXAMPLE = fileURLToPath(new URL('../../../examples/registry/', import.meta.url))
const BOOK = join(EXAMPLE, 'registry.xlsx')

type Cell = string | number | null
interface People {
  BORROWERS: Cell[][]
  ROLE_PROFILES: [number, string][]
}

/** What each table refers to: column to table. */
const REFERENCES: Record<string, Record<string, string>> = {
  user_profile: { user_id: 'user' },
  role_profile: { user_id: 'user', role_profile_type_id: 'role_profile_type' },
  email: { user_id: 'user', email_type_id: 'email_type' },
  address: { user_id: 'user' },
  phone_number: { user_id: 'user', phone_number_type_id: 'phone_number_type' },
}
const TABLES = [...Object.keys(REFERENCES), 'user', 'role_profile_type', 'email_type', 'phone_number_type']
const AUDIT = ['source_key', 'source_version_id', 'source_modified_at']

describe('the nine tables of examples/registry', () => {
  let place: Workplace
  let people: People
  before(async () => {
    const example = `${EXAMPLE}people.js`
    people = (await import(example)) as People
  })
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const transform = (out: string, file = BOOK) =>
    transformFiles({
      files: [file],
      out,
      datasets: loadConfig({ cwd: EXAMPLE }).file.datasets,
      signal: new AbortController().signal,
      onEvent: () => undefined,
    })

  const tablesIn = async (out: string, outputs: { table: string; path: string }[]) => {
    const tables: Record<string, Row[]> = {}
    for (const { path, table } of outputs) tables[table] = await readParquet(path)
    expect(Object.keys(tables).sort()).to.deep.equal([...TABLES].sort())
    expect(outputs.every(({ path }) => path.startsWith(out))).to.equal(true)
    return tables
  }

  it('is the workbook that its generator writes', async () => {
    await promisify(execFile)(process.execPath, [join(EXAMPLE, 'generate.js'), '--out', place.path])
    const sha256 = async (path: string) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    expect(await sha256(join(place.path, 'registry.xlsx'))).to.equal(await sha256(BOOK))
  })

  it('gives the same bytes on every run', async () => {
    const bytes = async (out: string) => {
      const { outputs } = await transform(out)
      return Promise.all(
        outputs.map(async ({ path }) => [path.slice(out.length), (await readFile(path)).toString('base64')]),
      )
    }
    expect(await bytes(join(place.path, 'one'))).to.deep.equal(await bytes(join(place.path, 'two')))
  })

  it('has a unique key in every table, and no reference that leads nowhere', async () => {
    const out = join(place.path, 'out')
    await transform(out)
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const count = async (sql: string) => Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0])
    const from = (table: string) => `read_parquet('${out}/${table}/*.parquet')`
    for (const table of TABLES) {
      expect(await count(`select count(*) from ${from(table)}`), table).to.be.greaterThan(0)
      const key = `${table}_id`
      const twice = `select count(*) - count(distinct ${key}) from ${from(table)}`
      expect(await count(twice), `${table}.${key}`).to.equal(0)
    }
    for (const [table, references] of Object.entries(REFERENCES)) {
      for (const [column, other] of Object.entries(references)) {
        const lost = `select count(*) from ${from(table)} a anti join ${from(other)} b on a.${column} = b.${other}_id`
        expect(await count(lost), `${table}.${column}`).to.equal(0)
      }
    }
    connection.closeSync()
    instance.closeSync()
  })

  it('holds exactly what the sheets hold', async () => {
    const out = join(place.path, 'out')
    const result = await transform(out)
    const tables = await tablesIn(out, result.outputs)
    expect(result.rowsIn).to.equal(people.BORROWERS.length + people.ROLE_PROFILES.length)
    expect(result.rowsRejected).to.equal(0)
    expect(result.rowsOut).to.equal(Object.values(tables).reduce((sum, rows) => sum + rows.length, 0))

    const borrowerOf = new Map(tables.user?.map(({ user_id: id, borrower_id: borrower }) => [id, borrower]))
    const nameOf = (table: string) =>
      new Map(tables[table]?.map((entry) => [entry[`${table}_id`], entry.name]))
    const found = (table: string, pick: (row: Row) => unknown[]) =>
      (tables[table] ?? []).map((entry) => JSON.stringify(pick(entry))).sort()
    const expected = (rows: unknown[][]) => rows.map((entry) => JSON.stringify(entry)).sort()

    expect(found('user', ({ borrower_id: id }) => [id])).to.deep.equal(
      expected(people.BORROWERS.map(([id]) => [id])),
    )
    expect(found('user_profile', (entry) => [borrowerOf.get(entry.user_id), entry.full_name])).to.deep.equal(
      expected(people.BORROWERS.map(([id, name]) => [id, name])),
    )
    const roles = nameOf('role_profile_type')
    expect(
      found('role_profile', (entry) => [
        borrowerOf.get(entry.user_id),
        roles.get(entry.role_profile_type_id),
      ]),
    ).to.deep.equal(expected(people.ROLE_PROFILES.map(([id, role]) => [id, role.toLowerCase()])))
    expect([...roles.values()].sort()).to.deep.equal(['borrower', 'broker', 'co-borrower', 'guarantor'])
    const emails = nameOf('email_type')
    expect(
      found('email', (entry) => [
        borrowerOf.get(entry.user_id),
        emails.get(entry.email_type_id),
        entry.email,
      ]),
    ).to.deep.equal(
      expected(
        people.BORROWERS.flatMap((borrower) =>
          typeof borrower[8] === 'string' ? [[borrower[0], 'primary', borrower[8].trim().toLowerCase()]] : [],
        ),
      ),
    )
    expect(
      found('address', (entry) => [
        borrowerOf.get(entry.user_id),
        entry.street,
        entry.city,
        entry.state,
        entry.zip_code,
        entry.zip_extension,
      ]),
    ).to.deep.equal(
      expected(
        people.BORROWERS.filter((borrower) => borrower[2] !== null).map(
          ([id, , street, city, state, zip]) => [
            id,
            street,
            city,
            state,
            String(zip)
              .slice(0, String(zip).includes('-') ? 5 : undefined)
              .padStart(5, '0'),
            String(zip).split('-')[1] ?? null,
          ],
        ),
      ),
    )
    const phones = nameOf('phone_number_type')
    const digits = (phone: Cell) => `+1${String(phone).replace(/\D/g, '').slice(-10)}`
    expect(
      found('phone_number', (entry) => [
        borrowerOf.get(entry.user_id),
        phones.get(entry.phone_number_type_id),
        entry.phone_number,
      ]),
    ).to.deep.equal(
      expected(
        people.BORROWERS.flatMap((borrower) =>
          (
            [
              ['home', borrower[6]],
              ['cell', borrower[7]],
            ] as const
          ).flatMap(([type, phone]) =>
            phone === null || phone === undefined ? [] : [[borrower[0], type, digits(phone)]],
          ),
        ),
      ),
    )
    for (const rows of Object.values(tables)) {
      for (const entry of rows) {
        expect(Object.keys(entry)).to.include.members(AUDIT)
        expect(entry).to.include({ source_key: 'registry.xlsx', source_version_id: null })
      }
    }
  })

  it('publishes none of the tables when a role belongs to nobody', async () => {
    const borrower = 'id,full_name,street,city,state,zip_code,phone_home,phone_cell,email'.split(',')
    const header = (names: string[]) =>
      row(1, ...names.map((name, i) => text(`${String.fromCharCode(65 + i)}1`, name)))
    const book = workbook([
      { name: 'borrower', rows: header(borrower) + row(2, number('A2', 1), text('B2', 'Ada Quill')) },
      {
        name: 'role_profile',
        rows: header(['borrower_id', 'role_profile']) + row(2, number('A2', 9), text('B2', 'x')),
      },
    ])
    const out = join(place.path, 'out')
    await mkdir(out)
    const error = await failure(transform(out, await place.file('registry_2.xlsx', book)))
    expect(error.code).to.equal('SQL_FAILED')
    expect(error.message).to.include('tables.role_profile.sql').and.include('borrower 9, who is not there')
    expect(await place.published()).to.deep.equal([])
  })
})
